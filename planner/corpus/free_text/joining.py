"""Several sentences in one breath, stories around them, lists of things, and words that matter.

Everything here makes a longer sentence out of shorter ones, and its goal out of theirs. What is inserted keeps its tag:
words that a goal cannot say are `unread`, stories and reasons are `context`.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from envs.symbolic.domain import load_domain
from planner.corpus.free_text.exchange import Exchange
from planner.corpus.free_text.named_kinds import kinds_in, with_kinds
from planner.corpus.free_text.pieces import Pieces
from planner.corpus.free_text.sentences import COLORS, Sentence, Tag, canonical
from planner.language.mentions import bare, mentions
from planner.language.realization import NUMBER_WORDS
from planner.tasks.random_names import FIRST_NAMES

IN_ANY_ORDER = (
    " and ", ", ", ". ", ", and ", "; ", ". also, ", " and also ", ", also ", ". and ", " plus ", ", oh and ", " - ",
    ". oh, and ", " as well as to ", ", after all that: ", ". another thing: ", " & ",
)  # fmt: skip
IN_ORDER = (
    ", then ", ". then ", " and then ", ". after that ", ", after that ", ". when that is done, ",
    ", and when you're done ", ". next, ", " and afterwards ", ". once that's done ", ", and only then ",
    ". finally ", " before you ",
)  # fmt: skip
DETERMINERS = frozenset(
    ["the", "a", "an", "my", "our", "his", "her", "their", "this", "that", "these", "those", "some", "your"]
)
_PLAIN_CONDITION = re.compile(r"(\d+ )?(?P<thing>[a-z' ]+?)(?P<place>( (on|in|with) [a-z ]+)?)")


def _tagged(text: str, tag: Tag) -> tuple[list[str], list[Tag]]:
    words = text.split()
    return words, [tag] * len(words)


def put_in(sentence: Sentence, position: int, text: str, tag: Tag, goal: str | None = None) -> Sentence:
    """Insert words in front of a position; with another goal, if it is given."""
    words, tags = _tagged(text, tag)
    at = max(0, min(position, len(sentence.words)))
    return Sentence(
        words=(*sentence.words[:at], *words, *sentence.words[at:]),
        tags=(*sentence.tags[:at], *tags, *sentence.tags[at:]),
        kind=sentence.kind, goal=sentence.goal if goal is None else goal, say=sentence.say,
    )  # fmt: skip


def together(sentences: Sequence[Sentence], rng: random.Random) -> Sentence | None:
    """Join wishes: in any order, or one after the other; None if their goals cannot be joined."""
    if not all(s.conditions for s in sentences):
        return None
    words, tags = list(sentences[0].words), list(sentences[0].tags)
    goal = sentences[0].goal
    in_order = rng.random() < 0.3
    for sentence in sentences[1:]:
        joint = rng.choice(IN_ORDER if in_order else IN_ANY_ORDER)
        turned = joint == " before you "
        if turned and (len(sentences) > 2 or words[-1][-1] in ".?!"):
            joint, turned = ". then ", False
        if words[-1][-1] in ".?!,;" and joint[0] in ".,;":
            joint = joint[1:] if joint[1:].strip() else " "
        mark, rest = re.match(r"^([^\w\s&-]*)(.*)$", joint).groups()  # type: ignore[union-attr]
        words[-1] += mark
        new_words, new_tags = _tagged(rest, "read")
        words += [*new_words, *sentence.words]
        tags += [*new_tags, *sentence.tags]
        glue = " then " if in_order else " ; "
        goal = f"{sentence.goal}{glue}{goal}" if turned else f"{goal}{glue}{sentence.goal}"
    phases = [phase.split(" ; ") for phase in goal.split(" then ")]
    if any(len(set(phase)) < len(phase) for phase in phases) or goal.count("holding ") > 1:
        return None
    return Sentence(words=tuple(words), tags=tuple(tags), kind="plan", goal=goal)


def in_story(sentence: Sentence, stories: Sequence[Sentence], pieces: Pieces, rng: random.Random) -> Sentence:
    """Wrap a sentence: greetings, reasons, remarks before or behind it."""
    roll = rng.random()
    if roll < 0.35 and stories:
        story = rng.choice(stories)
        text = story.text if story.text[-1] in ".?!," else story.text + rng.choice(".,.")
        sentence = put_in(sentence, 0, text, "context")
    elif roll < 0.7:
        sentence = put_in(sentence, 0, pieces.text("context before", rng), "context")
    if roll > 0.6 and sentence.kind != "query":
        behind = pieces.text("context behind", rng)
        if rng.random() < 0.4 and sentence.words[-1][-1] not in ".?!,":
            sentence = sentence.with_words((*sentence.words[:-1], sentence.words[-1] + ","), sentence.tags)
        sentence = put_in(sentence, len(sentence.words), behind, "context")
    return sentence


def with_unread(sentence: Sentence, pieces: Pieces, rng: random.Random) -> Sentence:
    """Say a word that matters and that the goal cannot say."""
    found = _mentioned_things(sentence)
    roll = rng.random()
    if found and roll < 0.45:
        start, _, _ = rng.choice(found)
        adjective = pieces.text("unread adjectives", rng)
        if start and sentence.words[start - 1] in ("a", "an"):
            article = "an" if adjective[0] in "aeiou" else "a"
            words = (*sentence.words[: start - 1], article, *sentence.words[start:])
            sentence = sentence.with_words(words, sentence.tags)
        return put_in(sentence, start, adjective, "unread")
    if found and roll < 0.7:
        _, stop, _ = rng.choice(found)
        return _behind(sentence, stop, pieces.text("unread behind nouns", rng), "unread")
    return _behind(sentence, len(sentence.words), pieces.text("unread adverbials", rng), "unread")


def _behind(sentence: Sentence, stop: int, text: str, tag: Tag, goal: str | None = None) -> Sentence:
    """Insert words behind word `stop - 1`, whose punctuation goes behind them."""
    last = sentence.words[stop - 1]
    mark = re.search(r"[^\w)\"']*$", last)[0]  # type: ignore[index]
    words = (*sentence.words[: stop - 1], last[: len(last) - len(mark)], *sentence.words[stop:])
    if not words[stop - 1]:
        return sentence
    return put_in(sentence.with_words(words, sentence.tags), stop, text + mark, tag, goal)


def _mentioned_things(sentence: Sentence) -> list[tuple[int, int, str]]:
    """Return where the objects of a goal are named: first word, the word after the last, and the kind."""
    kinds = frozenset(kinds_in(sentence.goal)).intersection(load_domain().objects)
    return [(m.start, m.stop, m.kind) for m in mentions(sentence.words, kinds) if sentence.tags[m.start] == "read"]


def with_property(sentence: Sentence, rng: random.Random) -> Sentence | None:
    """Say a color, a size or an owner of a thing; None if no thing is named once in sentence and goal."""
    once = [
        (start, kind) for start, _, kind in _mentioned_things(sentence)
        if kinds_in(sentence.goal).count(kind) == 1
        and sum(k == kind for _, _, k in _mentioned_things(sentence)) == 1
    ]  # fmt: skip
    if not once or sentence.kind == "rule":
        return None
    start, kind = rng.choice(once)
    before = re.search(rf"([\w']+ )?{re.escape(kind)}\b", sentence.goal)
    if before and before[1] and (before[1].strip() in (*COLORS, "big", "small") or before[1].strip().endswith("'s")):
        return None
    roll, determiner = rng.random(), sentence.words[start - 1] if start else ""
    if roll < 0.55:
        said = written = rng.choice(COLORS)
    elif roll < 0.75:
        written = rng.choice(("big", "small"))
        said = rng.choice(
            {"big": ("big", "large", "bigger", "huge"), "small": ("small", "little", "tiny", "smaller")}[written]
        )
    else:
        name = rng.choice(FIRST_NAMES).lower()
        said = written = f"{name}'s"
        if determiner not in ("the", "my", "a", "an", "that"):
            return None
        sentence = sentence.with_words(
            (*sentence.words[: start - 1], *sentence.words[start:]),
            (*sentence.tags[: start - 1], *sentence.tags[start:]),
        )
        start -= 1
    # Behind states: `clean red mug` is written `red clean mug`, in the order of the goal language.
    goal: str | None = with_kinds(sentence.goal, {kind: f"{written} {kind}"})
    goal = canonical(goal) if goal and sentence.kind == "plan" else goal
    if goal is None:
        return None
    if start and sentence.words[start - 1] in ("a", "an"):
        article = "an" if said[0] in "aeiou" else "a"
        sentence = sentence.with_words((*sentence.words[: start - 1], article, *sentence.words[start:]), sentence.tags)
    return put_in(sentence, start, said, "read", goal)


def with_time(sentence: Sentence, pieces: Pieces, rng: random.Random) -> Sentence | None:
    """Say when; None if the goal has a time, a test or phases already."""
    if not sentence.conditions:
        return None
    say, goal = pieces.pair("times", rng)
    written = f"{goal} : {sentence.goal}"
    if say.startswith("wait ") or rng.random() < 0.5:
        comma = "," if not say.startswith("wait ") and rng.random() < 0.5 else ""
        return put_in(sentence, 0, say + comma, "read", written)
    return _behind(sentence, len(sentence.words), say, "read", written)


def with_test(sentence: Sentence, pieces: Pieces, rng: random.Random) -> Sentence | None:
    """Say under which condition; None if the goal has a time, a test or phases already."""
    if not sentence.conditions:
        return None
    say, goal = pieces.pair("tests", rng)
    written = f"{goal} : {sentence.goal}"
    if rng.random() < 0.7:
        return put_in(sentence, 0, say, "read", written)
    return _behind(sentence, len(sentence.words), say.rstrip(","), "read", written)


def with_rule(sentence: Sentence, pieces: Pieces, rng: random.Random) -> Sentence | None:
    """Say what must not happen meanwhile; None if the goal has such a rule already."""
    if sentence.kind != "plan" or " while " in sentence.goal:
        return None
    say, goal = pieces.pair("rules", rng)
    named = goal.removeprefix("never ").split(" ")[-1]
    if re.search(rf"\b{re.escape(named)}\b", sentence.goal):
        return None
    return _behind(sentence, len(sentence.words), say, "read", f"{sentence.goal} while {goal}")


def with_list(sentence: Sentence, exchange: Exchange, rng: random.Random) -> Sentence | None:
    """Ask for two to eight things where one was asked for; None unless the goal is one plain condition about it."""
    if len(sentence.conditions) != 1:
        return None
    match = _PLAIN_CONDITION.fullmatch(sentence.goal)
    found = _mentioned_things(sentence)
    if match is None or match["thing"] not in load_domain().objects or len(found) != 1:
        return None
    start, stop, kind = found[0]
    has_determiner = start > 0 and sentence.words[start - 1] in DETERMINERS
    # "it" and "one" would speak of one thing.
    if kind != match["thing"] or any(bare(word) in ("it", "one", "it's", "its") for word in sentence.words):
        return None
    first = start - 1 if has_determiner else start
    if first and bare(sentence.words[first - 1]) in (
        *NUMBER_WORDS,
        *map(str, range(30)),
        "both",
        "all",
        "every",
        "of",
        "no",
    ):
        return None
    domain = load_domain()
    alike = sorted(
        other for other in exchange.present
        if other in domain.objects and (not match["place"] or _fits(other, match["place"].split(" ", 2)[2]))
    )  # fmt: skip
    count = rng.choice((2, 2, 2, 3, 3, 3, 4, 4, 5, 6, 7, 8))
    if len(alike) < count:
        return None
    chosen = rng.sample(alike, count)
    items: list[str] = []
    conditions: list[str] = []
    bare_items = rng.random() < 0.2
    for other in chosen:
        noun, number = exchange.noun(other), rng.choice((1, 1, 1, 1, 2, 3, 4, rng.randrange(2, 9)))
        if number > 1:
            item = f"{NUMBER_WORDS[number] if rng.random() < 0.7 else number} {exchange.realizer.plural(noun)}"
        else:
            item = noun if bare_items else exchange.realizer.definite(noun, 1)
        items.append(item)
        conditions.append(f"{f'{number} ' if number > 1 else ''}{other}{match['place']}")
    glue = rng.choice((", ", ", ", ", ", " and ", ", and ", " "))
    last = (
        rng.choice((" and ", " and ", ", and ", ", ", " & ", " plus ", " as well as ")) if glue != " and " else " and "
    )
    text = glue.join(items[:-1]) + last + items[-1]
    mark = re.search(r"[^\w)\"']*$", sentence.words[stop - 1])[0]  # type: ignore[index]
    words, tags = _tagged(text + mark, "read")
    return Sentence(
        words=(*sentence.words[:first], *words, *sentence.words[stop:]),
        tags=(*sentence.tags[:first], *tags, *sentence.tags[stop:]), kind="plan", goal=" ; ".join(conditions),
    )  # fmt: skip


def _fits(thing: str, place: str) -> bool:
    domain = load_domain()
    return place not in (*domain.objects, *domain.fixtures) or domain.fits(thing, place)


def each_with_its_place(exchange: Exchange, rng: random.Random) -> Sentence | None:
    """Say where each of several things goes, with one verb: `the cup in the sink, two forks on the table`."""
    domain = load_domain()
    places = sorted(k for k in exchange.present if k in domain.fixtures and domain.fixtures[k].relation in ("on", "in"))
    things = sorted(k for k in exchange.present if k in domain.objects)
    count = rng.choice((2, 3, 3, 4, 4, 5, 6))
    if len(things) < count or not places:
        return None
    texts, conditions = [], []
    realizer = exchange.realizer
    for thing in rng.sample(things, count):
        fitting = [place for place in places if domain.fits(thing, place)]
        if not fitting:
            continue
        place = rng.choice(fitting)
        relation = domain.fixtures[place].relation
        number = rng.choice((1, 1, 1, 2, 3))
        noun = exchange.noun(thing)
        what = f"{NUMBER_WORDS[number]} {realizer.plural(noun)}" if number > 1 else realizer.definite(noun, 1)
        how = rng.choice((relation, relation, "to", "into" if relation == "in" else "onto", f"{relation}"))
        texts.append(f"{what} {how} the {exchange.noun(place)}")
        conditions.append(f"{f'{number} ' if number > 1 else ''}{thing} {relation} {place}")
    if len(texts) < 2:
        return None
    verb = rng.choice(
        ("put ", "take ", "bring ", "", "i want ", "move ", "please put ", "set ", "get ", "can you put ")
    )
    glue = rng.choice((", ", ", ", " and ", "; ", ", then "))
    text = verb + glue.join(texts[:-1]) + rng.choice((" and ", ", and ", ", ")) + texts[-1]
    words, tags = _tagged(text, "read")
    return Sentence(words=tuple(words), tags=tuple(tags), kind="plan", goal=" ; ".join(conditions))
