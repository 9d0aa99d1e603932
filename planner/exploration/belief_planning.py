"""An instruction in a home that is known in part: the goal that it means, and a plan as far as one can be known.

The inventory that the GPT reads has the fixtures of the map, the things that are known, and the categories that the
instruction itself names: nothing tells it of what is hidden. A goal about a thing that nobody has seen is taken as it
is written; that there is none is only said when it has been looked for. What the map does not have is not there.

The GPT plans on what is believed, with each thing that it needs and nobody has seen imagined at its likeliest place. A
subtask `look for mug` stands before the first one that rests on such a place. The plan is not verified then: whether
the thing is there shows when it is carried out (`planner/exploration/search_executor.py`), which looks in the same order.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from envs.errors import GoalError
from envs.symbolic.actions import format_action
from envs.symbolic.domain import load_domain
from envs.symbolic.goals import Goal, format_goal, parse_goal
from planner.errors import CalibrationError
from planner.exploration.information_needs import InformationNeed, information_needs, without_doubles
from planner.exploration.search_order import chances, hypothesize, most_likely, options
from planner.goals.feasibility import missing
from planner.language.normalization import normalize
from planner.language.phrase_patterns import load_words
from planner.language.realization import Realizer
from planner.plans.planning_result import Guess, Plan
from planner.world_model.belief import GROUND, Belief, Known, free_name

if TYPE_CHECKING:
    from envs.symbolic.actions import State
    from planner.pipeline import PlanningPipeline
    from planner.plans.options import Options
    from planner.plans.planning_result import ParsedInstruction

LOOK = "look for "  # what a subtask that is no action of the robot's own begins with


def plan_under_uncertainty(planner: PlanningPipeline, instruction: str, belief: Belief, decoding: Options) -> Plan:
    """Answer an instruction by what is known of a home.

    Raises:
        CalibrationError: An error rate is asked for: what the GPT has not seen of a home, its calibration does not say.
    """
    if decoding.error_rate is not None:
        raise CalibrationError("an error rate can be kept only where all of the home is known; leave one of them out")
    began = time.perf_counter()
    found = understand(planner, instruction, belief, decoding)
    if found.goal is None:
        return Plan.declined(found, belief.states()[0], time.perf_counter() - began)
    plan = plan_for_goal_under_uncertainty(planner, found.goal, belief, decoding, instruction=found.instruction)
    seconds, tokens = time.perf_counter() - began, plan.tokens + found.tokens
    return replace(plan, seconds=seconds, tokens=tokens, logprob=found.logprob)


def plan_for_goal_under_uncertainty(
    planner: PlanningPipeline, goal: Goal, belief: Belief, decoding: Options, *, instruction: str = ""
) -> Plan:
    """Plan for a goal on what is believed."""
    everything = [want for condition in goal.conditions for want in information_needs(condition, belief)]
    guesses = {w.label: g for w in everything if (g := _guess(w, belief)).places}
    wanted = without_doubles([w for w in everything if w.label in guesses])
    nowhere = [w for w in everything if not w.every and w.label not in guesses]
    look = most_likely(options(wanted, belief)) if wanted else None
    imagined = hypothesize(wanted, belief, look)
    state, first = belief.states(imagined)
    plan = planner.plan_for_goal(goal, state, decoding, start=first, instruction=instruction)
    if nowhere:
        reason = "; ".join(f"looked everywhere; there is no {w.label}" for w in nowhere)
        return replace(plan, status="unverified", reason=reason)
    if not wanted:
        return plan
    shown = tuple(guesses[w.label] for w in wanted)
    reason = "needs to look for " + "; ".join(map(str, shown))
    if plan.status != "verified":
        reason += f"; with that found where it may be, {plan.reason}"
    subtasks = _with_looks(plan, wanted, imagined, belief)
    return replace(plan, status="unverified", reason=reason, actions=(), subtasks=subtasks, guesses=shown)


def understand(planner: PlanningPipeline, instruction: str, belief: Belief, options: Options) -> ParsedInstruction:
    """Let the GPT write the goal of an instruction, by what is known of the home."""
    found = planner.understand(instruction, with_unseen(belief, named(instruction)), options)
    if found.goal is not None or not found.goal_text or found.question:
        return found
    try:
        goal = parse_goal(found.goal_text)
    except GoalError:
        return found
    absent = missing(goal, with_unseen(belief, load_domain().objects))
    if absent is not None:  # from the map
        return replace(found, refusal=f"there is no {absent} here")
    return replace(found, goal=goal, goal_text=format_goal(goal), refusal="", broken=False)


def with_unseen(belief: Belief, categories: Iterable[str]) -> State:
    """Return what is known, with one thing of each category of which none is."""
    known = {k.category for k in belief.things.values()}
    unseen = {free_name(belief, c): Known(category=c, place=GROUND) for c in categories if c not in known}
    return belief.states(unseen)[0]


def named(instruction: str) -> tuple[str, ...]:
    """Return the categories of things that an instruction names, by their own name or, failing that, by another."""
    nouns, longest = _nouns()
    words = re.findall(r"[a-z']+", normalize(instruction).lower())
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


def with_named(belief: Belief, subtasks: Iterable[str]) -> State:
    """Return what is known, with the things that a plan names, wherever they may be."""
    domain = load_domain()
    name = re.compile(rf"\b({'|'.join(sorted(map(re.escape, domain.objects), key=len, reverse=True))}) \d+\b")
    found = {match[0]: match[1] for subtask in subtasks for match in name.finditer(subtask)}
    unknown = {n: Known(category=c, place=GROUND) for n, c in found.items() if n not in belief.things}
    return belief.states(unknown)[0]


def _guess(want: InformationNeed, belief: Belief) -> Guess:
    places = dict.fromkeys(sorted(want.fixtures), 1.0) or chances(want, belief)
    ordered = sorted(places.items(), key=lambda item: -item[1])
    return Guess(wanted=want.label, places=tuple(ordered), every=want.every)


def _with_looks(
    plan: Plan, wanted: list[InformationNeed], imagined: dict[str, Known], belief: Belief
) -> tuple[str, ...]:
    """The subtasks with `look for` before what rests on an imagined thing; what all depends on is looked for first."""
    world = belief.states(imagined)[0].world
    labels = {
        name: next(w.label for w in wanted if not w.every and known.category in w.words)
        for name, known in imagined.items()
    }
    rests_on = [{n for n, k in imagined.items() if n in a.args or k.place in a.args} for a in plan.actions]
    needed = {labels[name] for names in rests_on for name in names}
    shown = [LOOK + want.label for want in wanted if want.label not in needed]
    for action, names in zip(plan.actions, rests_on, strict=True):
        for name, known in imagined.items():
            if name in names and LOOK + labels[name] not in shown:
                shown.append(LOOK + labels[name])
                if action.skill != "open" and not belief.sees(known.place):
                    shown.append(f"go to {known.place}")
        shown.append(format_action(world, action))
    return tuple(shown)


@lru_cache(maxsize=1)
def _nouns() -> tuple[dict[str, tuple[str, ...]], int]:
    """What each noun, in singular and plural, may name; and how many words the longest has."""
    plural = Realizer(random.Random(0), None).plural
    domain, others = load_domain(), dict[str, tuple[str, ...]]()
    for category, synonyms in load_words().objects.items():
        for noun in synonyms:
            for form in (noun.lower(), plural(noun).lower()):
                others[form] = (*others.get(form, ()), category)
    own = {form.lower(): (c,) for c in domain.objects for form in (c, plural(c))}
    fixtures: dict[str, tuple[str, ...]] = {form.lower(): () for c in domain.fixtures for form in (c, plural(c))}
    nouns = {**others, **fixtures, **own}
    return nouns, max(len(noun.split()) for noun in nouns)
