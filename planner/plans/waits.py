"""Where a plan waits: before its first step of a phase that has a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from envs.symbolic.actions import successor, unmet_precondition
from envs.symbolic.goals import DAY_S, due_s, duration_words, parse_time, when_as_dict, words_of_when
from envs.symbolic.progress import Progress, advance, begin, without_waiting
from envs.symbolic.scoring import holds
from planner.verification.plan_progress import nearness
from planner.verification.plan_verification import replay

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from envs.symbolic.actions import Action, State
    from envs.symbolic.goals import Goal, When

AFTER_MIDNIGHT_S = 1.0  # a start at which no time of day is due yet


@dataclass(frozen=True, kw_only=True)
class Wait:
    """A wait of a plan.

    Attributes:
        before_step: The number of the step before which the robot waits, from 1; one more than there are if it waits
            at the end, for a phase that is expected to need no step.
        when: What it waits for.
    """

    before_step: int
    when: When

    def as_dict(self) -> dict[str, object]:
        """Plain data for programs."""
        return {"before_step": self.before_step, "when": when_as_dict(self.when)}


def waits_of(
    goal: Goal, state: State, actions: Sequence[Action], *, initial_state: State | None = None
) -> tuple[Wait, ...]:
    """Return where a plan waits, in order; what is due at once is not waited for.

    Args:
        goal: The goal.
        state: The state where the plan begins.
        actions: The plan.
        initial_state: The first state of the episode, if it is another one.
    """
    if not goal.is_timed:
        return ()
    progress = begin(goal, state, initial_state=initial_state, time_s=AFTER_MIDNIGHT_S, waits=True)
    states = replay(state, actions).states
    waits, opened = list[Wait](), set[str]()
    number = 0
    while True:
        has_step = number < len(states) - 1
        if progress.due_s is not None and not (has_step and tidies_up(actions[number], opened, progress)):
            when = goal.guard(progress.phase).when
            assert when is not None
            waits.append(Wait(before_step=number + 1, when=when))
            progress = advance(progress, progress.state, time_s=progress.due_s)
        elif has_step:
            action = actions[number]
            if action.skill == "open":
                opened.add(action.args[0])
            number += 1
            progress = advance(progress, states[number], action, time_s=progress.time_s)
        else:
            return tuple(waits)


def tidies_up(action: Action, opened: Collection[str], progress: Progress) -> bool:
    """Whether a step is done before the wait although its phase is reached: it puts something down or closes a door.

    It must undo nothing of the phase before, and bring the coming phase no nearer.

    Args:
        action: The next step.
        opened: Names of what the plan has opened.
        progress: The progress, which waits.
    """
    state, goal, before = progress.state, progress.goal, progress.phase - 1
    is_closing = action.skill == "close" and action.args[0] in opened
    is_putting = action.skill == "put" and state.held == state.world.index[action.args[0]]
    if before < 0 or not (is_closing or is_putting) or unmet_precondition(state, action):
        return False
    later = advance(progress, successor(state, action), action, time_s=progress.time_s)
    is_kept = before in progress.left_out or all(
        holds(later.state, c, progress.initial_state, later.uses) for c in goal.phases[before]
    )
    return is_kept and nearness(without_waiting(later)) <= nearness(without_waiting(progress))


def words_of_waits(waits: Sequence[Wait], n_steps: int) -> str:
    """Say when the steps of a plan are done; "" if all are done now.

    For example "in 10 minutes", "2 steps now, the rest at 07:00", or, if it waits more than once, "at 07:00 (2 steps),
    then 1 hour later (no step), then at 06:00 the next day (1 step)".

    Args:
        waits: Where it waits.
        n_steps: Number of its steps.
    """
    if not waits:
        return ""
    n_now = waits[0].before_step - 1
    if len(waits) == 1:
        first = waits[0].when
        return f"{_steps(n_now)} now, the rest {_later(first)}" if n_now else words_of_when(first)
    parts = [f"{_steps(n_now)} now"] if n_now else []
    ends = [*(wait.before_step for wait in waits[1:]), n_steps + 1]
    known_s: float | None = None  # the time, once the goal has told one
    for wait, end in zip(waits, ends, strict=True):
        time = _later(wait.when) if parts else words_of_when(wait.when)
        if known_s is not None:
            due = due_s(wait.when, known_s, known_s)
            days = int(due // DAY_S) - int(known_s // DAY_S)
            if wait.when.after_s is None and days and not wait.when.daily:
                time += " the next day"
            known_s = due
        elif wait.when.at is not None:
            known_s = parse_time(wait.when.at)
        parts.append(f"{time} ({_steps(end - wait.before_step)})")
    return ", then ".join(parts)


def _steps(number: int) -> str:
    return f"{number or 'no'} step{'s' if number > 1 else ''}"


def _later(when: When) -> str:
    return words_of_when(when) if when.after_s is None else f"{duration_words(when.after_s)} later"
