"""Goals that are nearly what was said: a condition missing, another thing, another number, a word left out.

The GPT learns to tell them from right ones when it looks at instruction and goal a second time.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from envs.symbolic.domain import load_domain
from planner.corpus.free_text.sentences import COLORS, Sentence, canonical
from planner.language.mentions import bare, mentions
from planner.language.named_kinds import kinds_in, with_kinds

_OPPOSITES = {
    "open": "closed",
    "closed": "open",
    "on": "off",
    "off": "on",
    "hot": "cold",
    "cold": "hot",
    "clean": "dirty",
}
_LEFT_OUT = (  # where something comes from, an exception, a means, a room
    r" from [a-z' ]+?(?= (?:on|in|with|is|by|;|then|while|except)\b|$| ;)",
    r" except [a-z' ]+?(?= (?:on|in|is|off|open|closed)\b)",
    r" by [a-z ]+?(?= ;| then| while|$)",
    r"(?<=[a-z]) in (?:kitchen|bedroom|living room|bathroom|office|hall)(?= (?:on|off|open|closed)\b)",
)
_NUMBER = re.compile(r"(?<![:\d])\b\d+\b(?!:)")


@dataclass(frozen=True, kw_only=True)
class WrongGoal:
    """A goal that is not what a sentence says, and the words that it leaves out, if they are known."""

    goal: str
    left_out: tuple[str, ...] = ()


def wrong_goal(sentence: Sentence, present: Sequence[str], rng: random.Random) -> WrongGoal | None:
    """Return a goal that is not what the sentence says; None if no change is possible.

    Args:
        sentence: The sentence with its goal.
        present: The kinds of the home.
        rng: Source of randomness.
    """
    changes: list[Callable[[str, Sequence[str], random.Random], WrongGoal | None]] = [
        _without_condition, _other_thing, _other_thing, _other_number, _without_word, _without_word, _opposite, _more,
    ]  # fmt: skip
    is_plain = sentence.kind == "plan" and canonical(sentence.goal) is not None
    for change in rng.sample(changes, len(changes)):
        wrong = change(sentence.goal, present, rng)
        if wrong is None or not wrong.goal or phases(wrong.goal) == phases(sentence.goal):
            continue
        if not is_plain or canonical(wrong.goal) is not None:  # no reading ends in what is no goal
            said = {bare(word) for word in sentence.words}
            left_out = [word for word in wrong.left_out if word in said]
            return WrongGoal(goal=wrong.goal, left_out=(*left_out, *kinds_left_out(sentence, wrong.goal)))
    return None


def kinds_left_out(sentence: Sentence, wrong: str) -> Iterator[str]:
    """Yield the words of a sentence for kinds that its goal names and a wrong goal does not."""
    kinds = frozenset(kinds_in(sentence.goal)).difference(kinds_in(wrong))
    if kinds:
        for mention in mentions(sentence.words, kinds):
            yield from map(bare, sentence.words[mention.start : mention.stop])


def phases(goal: str) -> list[frozenset[str]]:
    """Return the phases of a goal, each with its conditions in no order."""
    return [frozenset(phase.split(" ; ")) for phase in goal.split(" then ")]


def _without_condition(goal: str, present: Sequence[str], rng: random.Random) -> WrongGoal | None:
    head, separator, rules = goal.partition(" while ")
    parts = re.split(r"( ; | then )", head)
    if len(parts) < 3 or " : " in head:
        return WrongGoal(goal=head) if separator else None
    drop = rng.randrange(0, len(parts), 2)
    kept = parts[:drop] + parts[drop + 2 :] if drop < len(parts) - 1 else parts[: drop - 1]
    return WrongGoal(goal="".join(kept) + separator + rules)


def _other_thing(goal: str, present: Sequence[str], rng: random.Random) -> WrongGoal | None:
    domain = load_domain()
    named = [kind for kind in kinds_in(goal) if kind in present]
    if not named:
        return None
    old = rng.choice(named)
    table = domain.objects if old in domain.objects else domain.fixtures
    others = [k for k in present if k in table and k != old and old not in k and k not in old]
    if table is domain.fixtures:
        relation = domain.fixtures[old].relation
        others = [k for k in others if domain.fixtures[k].relation == relation]
    return WrongGoal(goal=with_kinds(goal, {old: rng.choice(others)})) if others else None


def _other_number(goal: str, present: Sequence[str], rng: random.Random) -> WrongGoal | None:
    numbers = list(_NUMBER.finditer(goal))
    if not numbers:
        return None
    match = rng.choice(numbers)
    new = max(1, int(match[0]) + rng.choice((-2, -1, 1, 2)))
    return WrongGoal(goal=f"{goal[: match.start()]}{new}{goal[match.end() :]}")


def _without_word(goal: str, present: Sequence[str], rng: random.Random) -> WrongGoal | None:
    """Leave out a color, an owner, where something comes from, an exception, a time, a test, a rule or a means."""
    options: list[tuple[str, tuple[str, ...]]] = []
    for match in re.finditer(rf"\b({'|'.join(COLORS)}|big|small|[a-z]+'s) ", goal):
        options.append((goal[: match.start()] + goal[match.end() :], (match[1],)))
    for pattern in _LEFT_OUT:
        for match in re.finditer(pattern, goal):
            options.append((goal[: match.start()] + goal[match.end() :], ()))
    for match in re.finditer(r"(?:^|(?<=then ))[^;]*? : ", goal):
        options.append((goal[: match.start()] + goal[match.end() :], ()))
    if " while " in goal:
        options.append((goal.partition(" while ")[0], ()))
    if goal.startswith("every "):
        options.append((goal.removeprefix("every "), ("every", "all")))
    if " then " in goal:
        options.append((goal.replace(" then ", " ; "), ()))
    if not options:
        return None
    wrong, words = rng.choice(options)
    return WrongGoal(goal=wrong, left_out=words)


def _opposite(goal: str, present: Sequence[str], rng: random.Random) -> WrongGoal | None:
    ends = [m for m in re.finditer(r"\b(open|closed|off|hot|cold|clean)\b|\bon(?= ;| then| while|$)", goal)]
    if not ends:
        return None
    match = rng.choice(ends)
    return WrongGoal(goal=goal[: match.start()] + _OPPOSITES[match[0]] + goal[match.end() :])


def _more(goal: str, present: Sequence[str], rng: random.Random) -> WrongGoal | None:
    """Ask for something that nobody spoke of."""
    domain = load_domain()
    named = kinds_in(goal)
    things = [k for k in present if k in domain.objects and k not in named]
    if not things or goal.startswith(("?", "never")) or " while " in goal or " : " in goal:
        return None
    place = re.search(r" (?:on|in|with) [a-z ]+$", goal.rsplit(" ; ", maxsplit=1)[-1].rsplit(" then ", maxsplit=1)[-1])
    return WrongGoal(goal=f"{goal} ; {rng.choice(things)}{place[0]}") if place else None
