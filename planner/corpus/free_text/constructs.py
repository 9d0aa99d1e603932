"""Words that matter: each is said in a sentence, and its goal says it, too, or it is tagged as unread.

Colors, sizes and owners; where a thing is taken from; exceptions, numbers of several, halves; times, tests and rules;
words that goals cannot say. And what looks like it and matters not: a slip that is taken back, the way to the goal.
"""

from __future__ import annotations

import random
import re

from envs.symbolic.domain import load_domain
from planner.corpus.free_text.exchange import Exchange
from planner.corpus.free_text.pieces import Pieces
from planner.corpus.free_text.putting import behind, mentioned_things, put_in, tagged_words
from planner.corpus.free_text.sentences import COLORS, Sentence, canonical
from planner.language.mentions import bare
from planner.language.named_kinds import kinds_in, with_kinds
from planner.language.realization import NUMBER_WORDS, VERBS
from planner.tasks.random_names import FIRST_NAMES

ARTICLES = ("the", "a", "an", "my", "that", "this", "our", "some", "your", "his", "her")
FROM_WORDS = (
    "from the {p}", "from the {p}", "from the {p}", "off the {p}", "that is {at} the {p}", "that's {at} the {p}",
    "which is {at} the {p}", "lying {at} the {p}", "{at} the {p}", "out of the {p}", "sitting {at} the {p}",
    "you find {at} the {p}", "that i left {at} the {p}", "i put {at} the {p}", "the one {at} the {p},",
)  # fmt: skip
EXCEPT_WORDS = (
    "except", "except", "except for", "but", "but not", "apart from", "other than", "besides", "save", "not", "without",
)  # fmt: skip
SLIPS = (
    "no,", "no wait,", "sorry,", "i mean", "wait, no,", "oops,", "er no,", "no no,", "scratch that,", "rather", "- no,",
    "not that,", "hmm no,", "ah no", "correction:", "or no,", "actually no,", "no i mean", "wait i meant",
    "forget that,",
)  # fmt: skip
WAYS = (
    "go to the {r} and", "go into the {r},", "head over to the {r} and", "walk to the {p} and", "drive to the {p},",
    "open the {o} and", "open the {o},", "look around the {r},", "turn around, go to the {r},", "go and",
    "move over to the {p} and", "run to the {r} and", "get yourself to the {r} and", "first go to the {r}, then",
    "go to the {p}, look closely, and", "find your way to the {r} and", "come out of the {r} and",
)  # fmt: skip


def with_unread(sentence: Sentence, pieces: Pieces, rng: random.Random) -> Sentence:
    """Say a word that matters and that the goal cannot say."""
    found = mentioned_things(sentence)
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
        return behind(sentence, stop, pieces.text("unread behind nouns", rng), "unread")
    return behind(sentence, len(sentence.words), pieces.text("unread adverbials", rng), "unread")


def with_property(sentence: Sentence, rng: random.Random) -> Sentence | None:
    """Say a color, a size or an owner of a thing; None if no thing is named once in sentence and goal."""
    once = [
        (start, kind) for start, _, kind in mentioned_things(sentence)
        if kinds_in(sentence.goal).count(kind) == 1
        and sum(k == kind for _, _, k in mentioned_things(sentence)) == 1
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
    return behind(sentence, len(sentence.words), say, "read", written)


def with_test(sentence: Sentence, pieces: Pieces, rng: random.Random) -> Sentence | None:
    """Say under which condition; None if the goal has a time, a test or phases already."""
    if not sentence.conditions:
        return None
    say, goal = pieces.pair("tests", rng)
    written = f"{goal} : {sentence.goal}"
    if rng.random() < 0.7:
        return put_in(sentence, 0, say, "read", written)
    return behind(sentence, len(sentence.words), say.rstrip(","), "read", written)


def with_rule(sentence: Sentence, pieces: Pieces, rng: random.Random) -> Sentence | None:
    """Say what must not happen meanwhile; None if the goal has such a rule already."""
    if sentence.kind != "plan" or " while " in sentence.goal:
        return None
    say, goal = pieces.pair("rules", rng)
    named = goal.removeprefix("never ").split(" ")[-1]
    if re.search(rf"\b{re.escape(named)}\b", sentence.goal):
        return None
    return behind(sentence, len(sentence.words), say, "read", f"{sentence.goal} while {goal}")


def with_origin(sentence: Sentence, exchange: Exchange, rng: random.Random) -> Sentence | None:
    """Say where a thing is taken from; None unless the goal moves one thing that is named once."""
    if len(sentence.conditions) != 1 or " from " in sentence.goal:
        return None
    found = mentioned_things(sentence)
    if len(found) != 1 or re.search(r" (?:on|in|with|beside) ", sentence.goal) is None:
        return None
    _, stop, kind = found[0]
    domain = load_domain()
    named = kinds_in(sentence.goal)
    places = sorted(
        k for k in exchange.present
        if k in domain.fixtures and k not in named
        and domain.fixtures[k].relation in ("on", "in") and domain.fits(kind, k)
    )  # fmt: skip
    if not places or kind not in sentence.goal:
        return None
    place = rng.choice(places)
    goal = canonical(re.sub(rf"\b{re.escape(kind)}\b", f"{kind} from {place}", sentence.goal, count=1))
    if goal is None or " from " not in goal:
        return None
    text = rng.choice(FROM_WORDS).replace("{p}", exchange.noun(place))
    text = text.replace("{at}", domain.fixtures[place].relation or "on")
    return behind(sentence, stop, text, "read", goal)


def with_exception(sentence: Sentence, exchange: Exchange, rng: random.Random) -> Sentence | None:
    """Say what is left out of all of a kind; None unless the goal is about every thing that is named once."""
    match = re.fullmatch(r"every (?P<kind>[a-zA-Z ]+?)(?P<rest> (?:on|in|with|is) .+)", sentence.goal)
    found = mentioned_things(sentence)
    if match is None or " except " in sentence.goal or len(sentence.conditions) != 1 or len(found) != 1:
        return None
    _, stop, kind = found[0]
    if match["kind"] != kind:
        return None
    domain = load_domain()
    roll = rng.random()
    if roll < 0.4:
        color = rng.choice(COLORS)
        excluded, said = f"{color} {kind}", rng.choice((f"the {color} one", f"the {color} ones", f"{color} ones"))
    elif roll < 0.6:
        name = rng.choice(FIRST_NAMES)
        excluded, said = f"{name}'s {kind}", rng.choice((f"{name.lower()}'s", f"{name.lower()}'s ones"))
    else:
        places = sorted(k for k in exchange.present if k in domain.fixtures and domain.fits(kind, k))
        places = [k for k in places if k not in sentence.goal]
        if not places:
            return None
        place = rng.choice(places)
        at, noun = domain.fixtures[place].relation or "on", exchange.noun(place)
        excluded, said = f"{kind} from {place}", rng.choice((f"the one {at} the {noun}", f"the ones {at} the {noun}"))
    goal = canonical(f"every {kind} except {excluded}{match['rest']}")
    if goal is None:
        return None
    return behind(sentence, stop, f"{rng.choice(EXCEPT_WORDS)} {said}", "read", goal)


def with_selection(sentence: Sentence, rng: random.Random) -> Sentence | None:
    """Say how many of all: half of them, two of them, all but two; None unless the sentence says all of a kind."""
    match = re.fullmatch(r"every (?P<rest>[a-zA-Z ]+? (?:on|in|with|is) .+)", sentence.goal)
    found = mentioned_things(sentence)
    if match is None or " except " in sentence.goal or len(sentence.conditions) != 1 or len(found) != 1:
        return None
    start, _, _ = found[0]
    first = start
    while first and bare(sentence.words[first - 1]) in ("the", "of", "my", "our", "these", "those"):
        first -= 1
    if not first or bare(sentence.words[first - 1]) not in ("all", "both"):
        return None
    number = rng.randrange(2, 5)
    word = NUMBER_WORDS[number] if rng.random() < 0.7 else str(number)
    written, said = rng.choice((
        ("half of", "half of the"), ("half of", "half the"), (f"{number} of", f"{word} of the"),
        (f"all but {number} of", f"all but {word} of the"), ("1 of", "one of the"),
        (f"{number} of", f"any {word} of the"),
        (f"all but {number} of", f"all except {word} of the"), ("all but 1 of", "all but one of the"),
    ))  # fmt: skip
    goal = canonical(f"{written} {match['rest']}")
    if goal is None:
        return None
    words, tags = tagged_words(said, "read")
    return Sentence(
        words=(*sentence.words[: first - 1], *words, *sentence.words[start:]),
        tags=(*sentence.tags[: first - 1], *tags, *sentence.tags[start:]), kind="plan", goal=goal,
    )  # fmt: skip


def with_slip(sentence: Sentence, exchange: Exchange, rng: random.Random) -> Sentence | None:
    """Say another thing first and take it back; the goal stays. None if no thing with an article is named."""
    found = [f for f in mentioned_things(sentence) if f[0] and bare(sentence.words[f[0] - 1]) in ARTICLES]
    domain = load_domain()
    others = sorted(k for k in exchange.present if k in domain.objects and k not in sentence.goal)
    if not found or not others or sentence.kind == "rule":
        return None
    start, _, _ = rng.choice(found)
    article = sentence.words[start - 1]
    slip = f"{article} {exchange.noun(rng.choice(others))}"
    if rng.random() < 0.5:
        slip += rng.choice((",", "...", " -", "."))
    return put_in(sentence, start - 1, f"{slip} {rng.choice(SLIPS)}", "context")


def with_way(sentence: Sentence, exchange: Exchange, rng: random.Random) -> Sentence | None:
    """Tell the robot the way first; only where it leads counts. None unless the sentence begins with a verb."""
    if sentence.kind != "plan" or sentence.words[0] not in VERBS:
        return None
    domain = load_domain()
    furniture = [k for k in sorted(exchange.present) if k in domain.fixtures and not domain.fixtures[k].underfoot]
    doors = [k for k in furniture if domain.fixtures[k].joint is not None and k not in sentence.goal]
    places = [k for k in furniture if domain.fixtures[k].relation in ("on", "in")]
    if not doors or not places:
        return None
    way = rng.choice(WAYS).replace("{r}", rng.choice(domain.rooms))
    way = way.replace("{p}", exchange.noun(rng.choice(places))).replace("{o}", exchange.noun(rng.choice(doors)))
    return put_in(sentence, 0, way, "context")
