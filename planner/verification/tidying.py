"""What the planner changes in a proven plan of the GPT.

What serves nothing is left out, what is still in the hand at the end is put down, and what was opened is closed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from envs.symbolic.actions import Action, unmet_precondition
from planner.goals import grounding
from planner.goals.choice import way_s
from planner.verification.door_closing import ClosedPlan, close_doors
from planner.verification.plan_verification import outcome, replay
from planner.verification.shortening import shortened

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from envs.symbolic.actions import State
    from envs.symbolic.goals import Goal


def tidied(
    actions: Sequence[Action], meant: Goal, goal: Goal, state: State, *, shorten: bool, close: bool,
    initial_state: State, phase: int = 0, begun: bool = False, opened: Collection[int] | None = None,
    avoid: Collection[int] = (), added: Collection[int] = (),
) -> ClosedPlan:  # fmt: skip
    """Return a plan without the steps that serve nothing (if `shorten`), that closes what it opened (if `close`).

    Args:
        actions: The plan.
        meant: The goal for which it was written: the rest of `goal` from `phase` on, as people mean it.
        goal: The whole goal; it and the arguments that follow are those of `close_doors`.
        state: The state where the plan begins.
        shorten: Whether to leave steps out.
        close: Whether to put down and to close.
        initial_state: The episode's initial state.
        phase: The phase of the goal that the episode has reached.
        begun: Whether this phase has begun.
        opened: Fixtures that the robot opened earlier in the episode.
        avoid: Doors that stay open, because they cannot be reached.
        added: Positions of the steps that the planner has added before.
    """
    shorter = shortened(actions, meant, state, initial_state=initial_state) if shorten else tuple(actions)
    closed = ClosedPlan(actions=shorter)
    if close:
        emptied = _with_empty_hand(shorter, meant, state, initial_state)
        closed = close_doors(
            emptied, goal, state, initial_state=initial_state, phase=phase, begun=begun, opened=opened,
            avoid=avoid,
        )  # fmt: skip
        if len(emptied) > len(shorter):
            last = next(n for n in range(len(closed.actions), 0, -1) if closed.actions[n - 1] == emptied[-1])
            closed = replace(closed, added=tuple(sorted((*closed.added, last))))
    numbers = {*closed.added, *_still_added(actions, added, closed)}
    return replace(closed, added=tuple(sorted(numbers)), left_out=closed.left_out + len(actions) - len(shorter))


def _still_added(actions: Sequence[Action], added: Collection[int], closed: ClosedPlan) -> Iterator[int]:
    """Yield the numbers, in the tidy plan, of steps that were added to `actions` before."""
    if not added:
        return
    at = 0
    for number, action in enumerate(closed.actions, start=1):
        if number in closed.added:
            continue
        found = next((n for n in range(at, len(actions)) if actions[n] == action), None)
        if found is None:
            continue
        at = found + 1
        if found in added:
            yield number


def _with_empty_hand(actions: Sequence[Action], goal: Goal, state: State, initial_state: State) -> tuple[Action, ...]:
    """Return a plan that puts down what it has picked up last, on the nearest surface where the goal still holds."""
    end = replay(state, actions).states[-1]
    world, reached = state.world, outcome(actions, goal, state, initial_state)
    if end.held in (-1, state.held):
        return tuple(actions)
    surfaces = [f for f in range(world.n_fixtures) if world.relation[f] == "on" and world.process[f] is None]
    usual = grounding.open_surface(end, end.held)
    for place in sorted(surfaces, key=lambda f: (world.underfoot[f], f != usual, way_s(world, f, end.at), f)):
        putting = Action("put", (world.names[end.held], world.names[place]))
        if unmet_precondition(end, putting) is None:
            longer = (*actions, putting)
            if outcome(longer, goal, state, initial_state) == reached:
                return longer
    return tuple(actions)
