"""What people say behind a wish that was not understood: "no, the blue one", "not in the sink, in the dishwasher".

A correction stands behind its wish, as in a dialogue ("put the mug on the desk. no, the bowl"), and the goal is that
of both. What is corrected was either said wrong, and is taken back, or it was said right and is repeated ("i said
three"). Corrections also add things and take them out. What the robot had done is known, too: a GPT that hears replies
reads wish, what was done, and correction apart (planner/prompts/reply_format.py).
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from envs.symbolic.domain import load_domain
from planner.corpus.free_text.exchange import Exchange, renamed
from planner.corpus.free_text.putting import tagged_words
from planner.corpus.free_text.sentences import COLORS, Sentence, Tag, canonical
from planner.language.mentions import Mention, bare, mentions
from planner.language.named_kinds import kinds_in, with_kinds
from planner.language.realization import NUMBER_WORDS

JOINTS = (". ", ". ", ". ", ". ", ". ", "... ", " - ", ", ", "! ", "? ", "; ", " ")
# {new} is what is meant, {old} what was said or understood instead.
INSTEAD = (
    "no, {new}", "no, {new}", "no, not {old}, {new}", "not {old}, {new}", "not {old} but {new}", "no no, {new}",
    "i meant {new}", "i mean {new}", "no, i meant {new}", "sorry, {new}", "sorry, i meant {new}", "{new}, not {old}",
    "no, {new}, not {old}", "wrong, {new}", "that's wrong, {new}", "that is {old}, i want {new}", "{new}, please",
    "wait, {new}", "actually, {new}", "actually {new} instead", "{new} instead", "make that {new}", "make it {new}",
    "oh no, {new}", "nope, {new}", "nah, {new}", "hm, rather {new}", "better {new}", "no, {new} please", "{new}!",
    "no wait, {new}", "i said {old} but i meant {new}", "correction: {new}", "{old} was wrong, {new}", "no. {new}",
    "should be {new}", "it should have been {new}", "excuse me, {new}", "my mistake, {new}", "oops, {new}",
)  # fmt: skip
AGAIN = (
    "i said {new}", "i said {new}", "no, {new}", "no, {new}", "{new}, i said", "no no, {new}", "i did say {new}",
    "{new}", "i told you {new}", "no, i said {new}", "listen: {new}", "did you not hear? {new}", "{new}!",
    "not what i said: {new}", "wrong, {new}", "{new}, as i said", "read again: {new}", "i asked for {new}",
    "i wanted {new}", "that's not it, {new}",
)  # fmt: skip
TOO = (
    "{new} too", "and {new} too", "also {new}", "and {new}", "{new} as well", "oh, and {new}", "and {new} as well",
    "{new} also", "plus {new}", "do {new} too", "the same with {new}", "same for {new}", "and the same for {new}",
    "you forgot {new}", "don't forget {new}", "what about {new}?", "and what about {new}?", "i also meant {new}",
)  # fmt: skip
NOT_THAT = (
    "not {old}", "no, not {old}", "leave {old}", "leave {old} alone", "leave {old} where it is", "forget {old}",
    "forget about {old}", "{old} stays", "no, {old} stays", "without {old}", "never mind {old}", "skip {old}",
    "but not {old}", "i said nothing about {old}", "nobody spoke of {old}", "{old} can stay where it is",
)  # fmt: skip
ARTICLES = ("the", "the", "the", "the", "my", "that", "a", "")


@dataclass(frozen=True, kw_only=True)
class Correction:
    """A wish, what was done, and what the person says then.

    Attributes:
        said: The wish; its goal is what is meant in the end.
        done: The goal that was done.
        reply: What is said then.
    """

    said: Sentence
    done: str
    reply: str

    def as_sentence(self, rng: random.Random) -> Sentence:
        """Return wish and correction as one sentence; the words of the correction are read."""
        joint = rng.choice(JOINTS)
        mark, last = joint.strip(), self.said.words[-1]
        first: list[str] = [*self.said.words[:-1], last if last[-1] in ".?!" or mark == "-" else last + mark]
        dash, dash_tags = tagged_words("-" if mark == "-" else "", "context")
        tags: list[Tag] = [*self.said.tags, *dash_tags]
        words, more = tagged_words(self.reply, "read")
        return self.said.with_words((*first, *dash, *words), (*tags, *more))


def corrected(sentence: Sentence, exchange: Exchange, rng: random.Random) -> Sentence | None:
    """Say a wish, and behind it what corrects it; None if the wish has nothing that can be corrected in this way."""
    correction = correction_of(sentence, exchange, rng)
    return None if correction is None else correction.as_sentence(rng)


def correction_of(sentence: Sentence, exchange: Exchange, rng: random.Random) -> Correction | None:
    """Return a correction of a wish; None if the wish has nothing that can be corrected in this way."""
    if sentence.kind != "plan" or "unread" in sentence.tags:
        return None
    changes: list[tuple[float, Callable[[], Correction | None]]] = [
        (0.42, lambda: _another_kind(sentence, exchange, rng)),
        (0.14, lambda: _another_number(sentence, rng)),
        (0.16, lambda: _another_word(sentence, rng)),
        (0.14, lambda: _one_more(sentence, exchange, rng)),
        (0.14, lambda: _one_less(sentence, exchange, rng)),
    ]
    for _ in range(3):
        (change,) = rng.choices([change for _, change in changes], [weight for weight, _ in changes])
        if (made := change()) is not None:
            return made
    return None


def _another_kind(sentence: Sentence, exchange: Exchange, rng: random.Random) -> Correction | None:
    """Correct a thing or a piece of furniture."""
    mention = _named_once(sentence, rng)
    if mention is None:
        return None
    domain, kind = load_domain(), mention.kind
    at = ""
    if kind in domain.fixtures and (found := re.search(rf"\b(on|in) (?:[\w']+ )?{re.escape(kind)}\b", sentence.goal)):
        at = found[1] if rng.random() < 0.6 else ""
    new = _with_article(exchange.noun(kind), mention.is_plural, exchange, rng)
    group = domain.objects if kind in domain.objects else domain.fixtures
    alike = sorted(k for k in exchange.present if k in group and k != kind and k not in sentence.goal)
    if not alike:
        return None
    other = rng.choice(alike)
    done = with_kinds(sentence.goal, {kind: other})
    if rng.random() < 0.3:
        return Correction(said=sentence, done=done, reply=rng.choice(AGAIN).format(new=f"{at} {new}".strip()))
    noun = exchange.noun(other)
    noun = exchange.realizer.plural(noun) if mention.is_plural else noun
    words, tags = renamed(sentence.words, sentence.tags, mention.start, mention.stop, noun)
    for i in range(mention.start, mention.start + len(noun.split(" "))):
        tags[i] = "context"
    old = f"the {noun}"
    say = rng.choice(INSTEAD).format(new=f"{at} {new}".strip(), old=f"{at} {old}".strip())
    return Correction(said=sentence.with_words(words, tags), done=done, reply=say)


def _another_number(sentence: Sentence, rng: random.Random) -> Correction | None:
    """Correct how many."""
    in_goal = re.findall(r"(?<![:\d])\b\d+\b(?!:)", sentence.goal)
    if len(in_goal) != 1 or not 1 < int(in_goal[0]) < len(NUMBER_WORDS):
        return None
    number = int(in_goal[0])
    said = [i for i, word in enumerate(sentence.words) if bare(word) in (str(number), NUMBER_WORDS[number])]
    if len(said) != 1:
        return None
    new = NUMBER_WORDS[number] if rng.random() < 0.7 else str(number)
    wrong = rng.choice([n for n in range(2, 10) if n != number])
    done = re.sub(r"(?<![:\d])\b\d+\b(?!:)", str(wrong), sentence.goal)
    if rng.random() < 0.5:
        return Correction(said=sentence, done=done, reply=rng.choice(AGAIN).format(new=new))
    old = NUMBER_WORDS[wrong] if rng.random() < 0.7 else str(wrong)
    words, tags = renamed(sentence.words, sentence.tags, said[0], said[0] + 1, old)
    tags[said[0]] = "context"
    say = rng.choice(INSTEAD).format(new=new, old=old)
    return Correction(said=sentence.with_words(words, tags), done=done, reply=say)


def _another_word(sentence: Sentence, rng: random.Random) -> Correction | None:
    """Correct a color, a size, an owner, or whether something shall be on or off, open or closed."""
    plain = [bare(word) for word in sentence.words]
    words = [w for w in plain if sentence.goal.split(" ").count(w) == 1 and plain.count(w) == 1]
    colors = [w for w in words if w in COLORS and w != "orange"]
    owners = [w for w in words if w.endswith("'s") and f"{w} room" not in sentence.goal]
    switches = [w for w in words if w in ("on", "off") and sentence.goal.endswith(f" {w}")]
    group = rng.choice([g for g in (colors, owners, switches) if g] or [[]])
    if not group:
        return None
    word = rng.choice(group)
    at = plain.index(word)
    if group is switches:
        wrong, new = ("off" if word == "on" else "on"), word
    else:
        others = colors if group is colors else owners
        wrong = rng.choice([c for c in COLORS if c not in (word, "orange")]) if others is colors else ""
        new = f"the {word} one" if group is colors else word
    done = " ".join((wrong if w == word else w) for w in sentence.goal.split(" ") if wrong or w != word)
    if not wrong or rng.random() < 0.3:
        return Correction(said=sentence, done=done, reply=rng.choice(AGAIN).format(new=new))
    changed, tags = renamed(sentence.words, sentence.tags, at, at + 1, wrong)
    tags[at] = "context"
    old = f"the {wrong} one" if group is colors else wrong
    say = rng.choice(INSTEAD).format(new=new, old=old)
    return Correction(said=sentence.with_words(changed, tags), done=done, reply=say)


def _one_more(sentence: Sentence, exchange: Exchange, rng: random.Random) -> Correction | None:
    """Ask for the same with another thing, too."""
    if len(sentence.conditions) != 1:
        return None
    mention = _named_once(sentence, rng)
    domain = load_domain()
    if mention is None or mention.kind not in domain.objects or re.search(r"\d| except | of ", sentence.goal):
        return None
    kind = domain.objects[mention.kind]
    alike = sorted(
        k for k in exchange.present
        if k in domain.objects and k not in sentence.goal and domain.objects[k].classes == kind.classes
    )  # fmt: skip
    if not alike or sentence.goal.startswith("holding "):
        return None
    other = rng.choice(alike)
    goal = canonical(f"{sentence.goal} ; {_without_properties(with_kinds(sentence.goal, {mention.kind: other}))}")
    if goal is None:
        return None
    new = f"{rng.choice(('the', 'the', 'the', 'my', 'a'))} {exchange.noun(other)}"
    if sentence.goal.startswith(("every ", "no ")):
        new = f"the {exchange.realizer.plural(exchange.noun(other))}"
    meant = replace(sentence, goal=goal)
    return Correction(said=meant, done=sentence.goal, reply=rng.choice(TOO).format(new=new))


def _one_less(sentence: Sentence, exchange: Exchange, rng: random.Random) -> Correction | None:
    """Take out one of several wishes."""
    if len(sentence.conditions) < 2:
        return None
    conditions = list(sentence.conditions)
    out = rng.randrange(len(conditions))
    rest = " ; ".join(c for i, c in enumerate(conditions) if i != out)
    kinds = [k for k in kinds_in(conditions[out])[:1] if k not in rest]
    found = [m for m in mentions(sentence.words, frozenset(kinds)) if sentence.tags[m.start] == "read"]
    if len(found) != 1:
        return None
    kind = found[0].kind
    tags = list(sentence.tags)
    for i in range(found[0].start, found[0].stop):
        tags[i] = "context"
    noun = exchange.noun(kind)
    old = f"the {exchange.realizer.plural(noun) if found[0].is_plural else noun}"
    meant = replace(sentence, tags=tuple(tags), goal=rest)
    return Correction(said=meant, done=sentence.goal, reply=rng.choice(NOT_THAT).format(old=old))


def _named_once(sentence: Sentence, rng: random.Random) -> Mention | None:
    """Return where the sentence names a kind that it and its goal name once; None if it names none so."""
    in_goal = kinds_in(sentence.goal)
    kinds = frozenset(k for k in in_goal if in_goal.count(k) == 1)
    found = [m for m in mentions(sentence.words, kinds) if sentence.tags[m.start] == "read"]
    once = [m for m in found if sum(other.kind == m.kind for other in found) == 1]
    return rng.choice(once) if once else None


def _with_article(noun: str, is_plural: bool, exchange: Exchange, rng: random.Random) -> str:
    article = "the" if is_plural else rng.choice(ARTICLES)
    if article == "a" and noun[0] in "aeiou":
        article = "an"
    return f"{article} {exchange.realizer.plural(noun) if is_plural else noun}".strip()


def _without_properties(goal: str) -> str:
    """Return a condition without the color, size or owner of its thing, which the other one need not have."""
    words: Sequence[str] = goal.split(" ")
    return " ".join(w for w in words if w not in COLORS and w not in ("big", "small") and not w.endswith("'s"))
