"""Repairing a plan that broke: the GPT writes the span that cannot stay, and the rest of the plan stays.

The span is found by replay (planner/verification/broken_spans.py). What is written into it is constrained as plans are,
to subtasks that can be done, and ends as soon as the steps after it can be done and reach the goal. Nothing is written
where the plan can go on as it is, or without some of its steps. A span that cannot be filled gives way to a larger one,
and where none can be, the plan is to be written anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING

from envs.symbolic.actions import format_action
from planner.decoding.plan_writer import MIN_ROOM, STEPS_PER_THING, Draft, write
from planner.facts.failure_notes import facts_for, relevant_notes
from planner.facts.retrieval import Facts
from planner.prompts import text_format
from planner.verification.broken_spans import broken_spans

if TYPE_CHECKING:
    from envs.symbolic.actions import Action, State
    from envs.symbolic.goals import Goal
    from planner.facts.failure_notes import FailedPlan, Note
    from planner.plans.options import Options
    from planner.prompts.sessions import Prompts
    from planner.verification.broken_spans import BrokenSpan

TRIES = 3  # spans of one plan
FOLLOWING = 6  # steps after a hole that the prompt shows


def repair(
    prompts: Prompts,
    broken: FailedPlan,
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
    for hole in islice(broken_spans(broken.rest, broken.expected, state, goal, start, barred), TRIES):
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
    hole: BrokenSpan,
    goal: Goal,
    start: State,
    options: Options,
    draft: Draft,
    told: Sequence[Note],
    barred: frozenset[str],
) -> Sequence[Action]:
    """What the GPT writes into a hole; empty if that does not close it. The tokens are counted in `draft`."""
    sep, eos = prompts.marks["[SEP]"], prompts.marks["[EOS]"]
    document, facts = span_prompt(hole, told, goal, start)
    prompt = [*text_format.encode(document, prompts.tokenizer)[0][1:], eos]  # [CLS] is the home's
    if len(prompt) + MIN_ROOM > prompts.room(""):
        return ()
    cursor = prompts.cursor(*prompts.read("", prompt), options, 0)
    filling = Draft()

    def ends(after: State) -> Sequence[int]:
        return (eos,) if hole.is_repaired_by(after, goal, start) else (sep,)

    after = write(
        prompts, cursor, hole.state, facts.names, filling, ends=ends, most=len(hole.hidden) + STEPS_PER_THING,
        barred=barred,
    )  # fmt: skip
    draft.count(cursor)
    return filling.actions if hole.is_repaired_by(after, goal, start) else ()


def span_prompt(
    hole: BrokenSpan, notes: Sequence[Note], goal: Goal, start: State, avoid: frozenset[int] = frozenset()
) -> tuple[text_format.Document, Facts]:
    """Return what the GPT reads before it fills a hole, up to the mark that ends the plan around it, and its facts."""
    world = hole.state.world
    also = [world.index[name] for action in hole.after[:1] for name in action.args]
    facts = facts_for(hole.state, hole.todo, start, notes, avoid=avoid, phase=goal.phases[0], also=also)
    said = text_format.feedback_part([note.said for note in relevant_notes(notes, facts.names)])
    following = [format_action(world, action) for action in hole.after[:FOLLOWING]]
    head = (*text_format.plan_heading(hole.todo), *text_format.facts_part(facts.texts))
    return (*head, *said, *text_format.hole_part(following)), facts
