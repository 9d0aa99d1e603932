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
from planner.decoding.plan_writer import MAX_STEPS_PER_CHANGE, MIN_ROOM, Draft, write
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

MAX_SPANS = 3  # spans of one plan
MAX_FOLLOWING_STEPS = 6  # steps after a span that the prompt shows


def repair(
    prompts: Prompts,
    failed_plan: FailedPlan,
    goal: Goal,
    state: State,
    initial_state: State,
    options: Options,
    *,
    notes_shown: Sequence[Note] = (),
    forbidden: frozenset[str] = frozenset(),
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
    for span in islice(
        broken_spans(failed_plan.rest, failed_plan.expected, state, goal, initial_state, forbidden), MAX_SPANS
    ):
        written: Sequence[Action] = ()
        if span.todo:
            written = _fill_span(prompts, span, goal, initial_state, options, draft, notes_shown, forbidden)
            if not written:
                continue
        draft.actions = [*span.before, *written, *span.after]
        draft.kept = len(span.before) + len(span.after)
        break
    return draft


def _fill_span(
    prompts: Prompts,
    span: BrokenSpan,
    goal: Goal,
    initial_state: State,
    options: Options,
    draft: Draft,
    notes_shown: Sequence[Note],
    forbidden: frozenset[str],
) -> Sequence[Action]:
    """What the GPT writes into a hole; empty if that does not close it. The tokens are counted in `draft`."""
    sep, eos = prompts.special_ids["[SEP]"], prompts.special_ids["[EOS]"]
    document, facts = span_prompt(span, notes_shown, goal, initial_state)
    prompt = [*text_format.encode(document, prompts.tokenizer)[0][1:], eos]  # [CLS] is the home's
    if len(prompt) + MIN_ROOM > prompts.room(""):
        return ()
    cursor = prompts.cursor(*prompts.read("", prompt), options, 0)
    span_draft = Draft()

    def allowed_ends(final_state: State) -> Sequence[int]:
        return (eos,) if span.is_repaired_by(final_state, goal, initial_state) else (sep,)

    final_state = write(
        prompts, cursor, span.state, facts.names, span_draft, allowed_ends=allowed_ends,
        max_steps=len(span.hidden) + MAX_STEPS_PER_CHANGE, forbidden=forbidden,
    )  # fmt: skip
    draft.count(cursor)
    return span_draft.actions if span.is_repaired_by(final_state, goal, initial_state) else ()


def span_prompt(
    span: BrokenSpan, notes: Sequence[Note], goal: Goal, initial_state: State, avoid: frozenset[int] = frozenset()
) -> tuple[text_format.Document, Facts]:
    """Return what the GPT reads before it fills a hole, up to the mark that ends the plan around it, and its facts."""
    world = span.state.world
    next_objects = [world.index[name] for action in span.after[:1] for name in action.args]
    facts = facts_for(
        span.state, span.todo, initial_state, notes, avoid=avoid, phase=goal.phases[0], extra_entities=next_objects
    )
    feedback = text_format.feedback_part([note.said for note in relevant_notes(notes, facts.names)])
    following = [format_action(world, action) for action in span.after[:MAX_FOLLOWING_STEPS]]
    heading = (*text_format.plan_heading(span.todo), *text_format.facts_part(facts.texts))
    return (*heading, *feedback, *text_format.span_context_part(following)), facts
