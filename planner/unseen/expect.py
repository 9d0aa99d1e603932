"""A plan for a home that is known in part, as far as it can be known: what is not known is imagined where it may be.

The GPT plans on what is believed, with each thing that it needs and nobody has seen imagined at its likeliest place. A
subtask `look for mug` stands before the first one that rests on such a place. The plan is not verified then: whether
the thing is there shows when it is carried out (`planner/seek.py`), which looks in the same order.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from envs.goals import Goal, format_goal
from envs.state import format_action
from planner.answer import Plan, Status
from planner.looks import chances, imagine, likeliest, options
from planner.reading import understand
from planner.wanted import Want, wants, without_doubles

if TYPE_CHECKING:
    from planner.answer import Options
    from planner.belief import Belief, Known
    from planner.decode import Planner

SHOWN_PLACES = 3


@dataclass(frozen=True, kw_only=True)
class Guess:
    """Where something that is wanted may be.

    Attributes:
        wanted: What it is.
        places: The likeliest first, each with its chance in [0, 1].
        every: Whether all of them have to be looked at.
    """

    wanted: str
    places: tuple[tuple[str, float], ...]
    every: bool = False

    def __str__(self) -> str:
        """In words, for a person."""
        rest = len(self.places) - SHOWN_PLACES
        if self.every:
            named = ", ".join(place for place, _ in self.places[:SHOWN_PLACES])
            return f"{self.wanted}: at {named}" + (f" and {rest} other places" if rest > 0 else "")
        named = ", ".join(f"{place} ({chance:.0%})" for place, chance in self.places[:SHOWN_PLACES])
        return f"{self.wanted}: probably in {named}" + (f" or {rest} other places" if rest > 0 else "")


@dataclass(frozen=True, kw_only=True)
class Expected:
    """A plan on what is believed, and what has to be looked for to carry it out."""

    plan: Plan
    guesses: tuple[Guess, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """Plain data for programs."""
        places = [
            {"wanted": g.wanted, "places": [{"place": p, "chance": round(c, 4)} for p, c in g.places]}
            for g in self.guesses
        ]
        return self.plan.as_dict() | {"look_for": places}


def expect(planner: Planner, instruction: str, belief: Belief, decoding: Options) -> Expected:
    """Answer an instruction by what is known of a home."""
    began = time.perf_counter()
    found = understand(planner, instruction, belief, decoding)
    if found.goal is None:
        status: Status = "ask" if found.question else "refused"
        plan = Plan(
            instruction=found.instruction, status=status, reason=found.question or found.refusal, goal=None,
            goal_text=found.goal_text, actions=(), subtasks=(), report=None, tried=0, tokens=found.tokens,
            seconds=time.perf_counter() - began, logprob=found.logprob,
        )  # fmt: skip
        return Expected(plan=plan)
    expected = expect_to_reach(planner, found.goal, belief, decoding, instruction=found.instruction)
    seconds, tokens = time.perf_counter() - began, expected.plan.tokens + found.tokens
    return replace(expected, plan=replace(expected.plan, seconds=seconds, tokens=tokens, logprob=found.logprob))


def expect_to_reach(
    planner: Planner, goal: Goal, belief: Belief, decoding: Options, *, instruction: str = ""
) -> Expected:
    """Plan for a goal on what is believed."""
    everything = [want for condition in goal.conditions for want in wants(condition, belief)]
    guesses = {w.label: g for w in everything if (g := _guess(w, belief)).places}
    wanted = without_doubles([w for w in everything if w.label in guesses])
    nowhere = [w for w in everything if not w.every and w.label not in guesses]
    look = likeliest(options(wanted, belief)) if wanted else None
    imagined = imagine(wanted, belief, look)
    state, first = belief.states(imagined)
    plan = planner.reach(goal, state, decoding, start=first, instruction=instruction)
    if nowhere:
        reason = "; ".join(f"looked everywhere; there is no {w.label}" for w in nowhere)
        return Expected(plan=replace(plan, status="unverified", reason=reason, goal_text=format_goal(goal)))
    if not wanted:
        return Expected(plan=plan)
    shown = tuple(guesses[w.label] for w in wanted)
    reason = "needs to look for " + "; ".join(map(str, shown))
    if plan.status != "verified":
        reason += f"; with that found where it may be, {plan.reason}"
    subtasks = _with_looks(plan, wanted, imagined, belief)
    return Expected(plan=replace(plan, status="unverified", reason=reason, subtasks=subtasks), guesses=shown)


def _guess(want: Want, belief: Belief) -> Guess:
    if want.fixtures:
        places = {name: 1.0 for name in sorted(want.fixtures)}
    else:
        places = chances(want, belief)
    ordered = sorted(places.items(), key=lambda item: -item[1])
    return Guess(wanted=want.label, places=tuple(ordered), every=want.every)


def _with_looks(plan: Plan, wanted: list[Want], imagined: dict[str, Known], belief: Belief) -> tuple[str, ...]:
    """The subtasks with `look for` before what rests on an imagined thing; what all depends on is looked for first."""
    looked: set[str] = set()
    shown = [f"look for {want.label}" for want in wanted if want.every]
    world = belief.states(imagined)[0].world
    for action in plan.actions:
        for name, known in imagined.items():
            label = next((w.label for w in wanted if not w.every and known.category in w.words), known.category)
            if label not in looked and (name in action.args or known.place in action.args):
                looked.add(label)
                shown.append(f"look for {label}")
                if action.skill != "open" and not belief.sees(known.place):
                    shown.append(f"go to {known.place}")
        shown.append(format_action(world, action))
    return tuple(shown)
