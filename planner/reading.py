"""Reading an instruction when most of the home is not known: what it names may be there, unseen.

The inventory that the GPT reads has the fixtures of the map, the things that are known, and the categories that the
instruction itself names: nothing tells it of what is hidden. A goal about a thing that nobody has seen is taken as it
is written; that there is none is only said when it has been looked for. What the map does not have is not there.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from envs.domain import load_domain
from envs.errors import GoalError
from envs.goals import format_goal, parse_goal
from planner.belief import GROUND, Belief, Known
from planner.feasible import missing
from planner.language import Realiser, normalise
from planner.memory import free_name
from planner.phrases import load_words

if TYPE_CHECKING:
    from envs.state import State
    from planner.answer import Options, Understanding
    from planner.decode import Planner


def understand(planner: Planner, instruction: str, belief: Belief, options: Options) -> Understanding:
    """Let the GPT write the goal of an instruction, by what is known of the home."""
    found = planner.understand(instruction, with_unseen(belief, named(instruction)), options)
    if found.goal is not None or not found.goal_text or found.question:
        return found
    try:
        goal = parse_goal(found.goal_text)
    except GoalError:
        return found
    if missing(goal, with_unseen(belief, load_domain().objects)) is not None:
        return found
    return replace(found, goal=goal, goal_text=format_goal(goal), refusal="", broken=False)


def with_unseen(belief: Belief, categories: Iterable[str]) -> State:
    """Return what is known, with one thing of each category of which none is."""
    known = {k.category for k in belief.things.values()}
    unseen = {free_name(belief, c): Known(category=c, place=GROUND) for c in categories if c not in known}
    return belief.states(unseen)[0]


def named(instruction: str) -> tuple[str, ...]:
    """Return the categories of things that an instruction names, by their own name or, failing that, by another."""
    nouns, longest = _nouns()
    words = re.findall(r"[a-z']+", normalise(instruction).lower())
    found: dict[str, None] = {}
    at = 0
    while at < len(words):
        for length in range(min(longest, len(words) - at), 0, -1):
            meant = nouns.get(" ".join(words[at : at + length]))
            if meant is not None:
                found |= dict.fromkeys(meant)
                at += length
                break
        else:
            at += 1
    return tuple(found)


@lru_cache(maxsize=1)
def _nouns() -> tuple[dict[str, tuple[str, ...]], int]:
    """What each noun, in singular and plural, may name; and how many words the longest has."""
    plural = Realiser(random.Random(0), None).plural
    domain, others = load_domain(), dict[str, tuple[str, ...]]()
    for category, synonyms in load_words().objects.items():
        for noun in synonyms:
            for form in (noun.lower(), plural(noun).lower()):
                others[form] = (*others.get(form, ()), category)
    own = {form.lower(): (c,) for c in domain.objects for form in (c, plural(c))}
    fixtures: dict[str, tuple[str, ...]] = {form.lower(): () for c in domain.fixtures for form in (c, plural(c))}
    nouns = {**others, **fixtures, **own}
    return nouns, max(len(noun.split()) for noun in nouns)
