"""Several sentences in one breath, stories around them, and lists of things.

Everything here makes a longer sentence out of shorter ones, and its goal out of theirs. Stories and reasons are
context.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from envs.symbolic.domain import load_domain
from planner.corpus.free_text.exchange import Exchange
from planner.corpus.free_text.pieces import Pieces
from planner.corpus.free_text.putting import mentioned_things, put_in, tagged_words
from planner.corpus.free_text.sentences import Sentence
from planner.language.mentions import bare
from planner.language.realization import NUMBER_WORDS

IN_ANY_ORDER = (
    " and ", ", ", ". ", ", and ", "; ", ". also, ", " and also ", ", also ", ". and ", " plus ", ", oh and ", " - ",
    ". oh, and ", " as well as to ", ", after all that: ", ". another thing: ", " & ",
)  # fmt: skip
IN_ORDER = (
    ", then ", ". then ", " and then ", ". after that ", ", after that ", ". when that is done, ",
    ", and when you're done ", ". next, ", " and afterwards ", ". once that's done ", ", and only then ",
    ". finally ", " before you ",
)  # fmt: skip
LIST_LENGTHS = (2, 2, 2, 3, 3, 3, 4, 4, 5, 6, 7, 8)
DETERMINERS = frozenset(
    ["the", "a", "an", "my", "our", "his", "her", "their", "this", "that", "these", "those", "some", "your"]
)
_PLAIN_CONDITION = re.compile(r"(\d+ )?(?P<thing>[a-z' ]+?)(?P<place>( (on|in|with) [a-z ]+)?)")


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
        new_words, new_tags = tagged_words(rest, "read")
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


def with_list(
    sentence: Sentence, exchange: Exchange, rng: random.Random, lengths: Sequence[int] = LIST_LENGTHS
) -> Sentence | None:
    """Ask for several things where one was asked for; None unless the goal is one plain condition about it."""
    if len(sentence.conditions) != 1:
        return None
    match = _PLAIN_CONDITION.fullmatch(sentence.goal)
    found = mentioned_things(sentence)
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
    count = rng.choice(lengths)
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
    words, tags = tagged_words(text + mark, "read")
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
    words, tags = tagged_words(text, "read")
    return Sentence(words=tuple(words), tags=tuple(tags), kind="plan", goal=" ; ".join(conditions))
