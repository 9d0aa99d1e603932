"""Repairing a plan that broke: the GPT writes the span that cannot stay, and the rest of the plan stays.

The span is found by replay (planner/holes.py). What is written into it is constrained as plans are, to subtasks that
can be done, and ends as soon as the steps after it can be done and reach the goal. Nothing is written where the plan
can go on as it is, or without some of its steps. A span that cannot be filled gives way to a larger one, and where none
can be, the plan is to be written anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING

from planner import text
from planner.holes import hole_prompt, holes
from planner.writing import MIN_ROOM, STEPS_PER_THING, Draft, write

if TYPE_CHECKING:
    from envs.goals import Goal
    from envs.state import Action, State
    from planner.answer import Options
    from planner.feedback import Broken, Note
    from planner.holes import Hole
    from planner.prompts import Prompts

TRIES = 3  # spans of one plan


def repair(
    prompts: Prompts,
    broken: Broken,
    goal: Goal,
    state: State,
    start: State,
    options: Options,
    *,
    told: Sequence[Note] = (),
    barred: frozenset[str] = frozenset(),
) -> Draft:
    """Return the plan from what is seen, or one without actions if it could not be repaired.

    Args:
        prompts: Of a GPT that was trained to fill spans in.
        broken: The plan.
        goal: What it is to reach.
        state: What is seen.
        start: The episode's first state.
        options: How to decode.
        told: What the GPT reads of what went wrong.
        barred: Names of what no subtask is to use.
    """
    draft = Draft()
    for hole in islice(holes(broken.rest, broken.expected, state, goal, start, barred), TRIES):
        written: Sequence[Action] = ()
        if hole.todo:
            written = _filling(prompts, hole, goal, start, options, draft, told, barred)
            if not written:
                continue
        draft.actions = [*hole.before, *written, *hole.after]
        draft.kept = len(hole.before) + len(hole.after)
        break
    return draft


def _filling(
    prompts: Prompts,
    hole: Hole,
    goal: Goal,
    start: State,
    options: Options,
    draft: Draft,
    told: Sequence[Note],
    barred: frozenset[str],
) -> Sequence[Action]:
    """What the GPT writes into a hole; empty if that does not close it. The tokens are counted in `draft`."""
    sep, eos = prompts.marks["[SEP]"], prompts.marks["[EOS]"]
    document, facts = hole_prompt(hole, told, goal, start)
    prompt = [*text.encode(document, prompts.tokenizer)[0][1:], eos]  # [CLS] is the home's
    if len(prompt) + MIN_ROOM > prompts.room(""):
        return ()
    cursor = prompts.cursor(*prompts.read("", prompt), options, 0)
    filling = Draft()

    def ends(after: State) -> Sequence[int]:
        return (eos,) if hole.is_closed_by(after, goal, start) else (sep,)

    after = write(
        prompts, cursor, hole.state, facts.names, filling, ends=ends, most=len(hole.hidden) + STEPS_PER_THING,
        barred=barred,
    )  # fmt: skip
    draft.count(cursor)
    return filling.actions if hole.is_closed_by(after, goal, start) else ()
