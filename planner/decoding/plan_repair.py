"""Repairs a plan that failed: the GPT rewrites the span that no longer works, and keeps the rest of the plan.

Replay finds the span (planner/verification/broken_spans.py). The GPT writes applicable subtasks into it until the steps
after the span are applicable and reach the goal. It writes nothing if the plan still works, or works without some of
its steps. If a span cannot be filled, a larger one is tried; if none can be, the plan must be written from the
beginning.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING

from envs.symbolic.actions import format_action
from planner.decoding.plan_writer import MAX_STEPS_PER_CHANGE, MIN_ROOM, Draft, write
from planner.facts.failure_notes import facts_for, relevant_notes
from planner.facts.retrieval import Facts
from planner.goals.choice import keeps_running
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
    """Return the repaired plan from the observed state; its draft has no actions if the plan could not be repaired.

    Args:
        prompts: The prompts of a GPT that was trained to fill in spans.
        failed_plan: The plan to repair.
        goal: The goal that it must reach.
        state: The observed state.
        initial_state: The episode's initial state.
        options: Decoding options.
        notes_shown: The failure notes that the GPT reads.
        forbidden: Names that no subtask may use.
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
    """Return the actions that the GPT writes into a span; empty if they do not repair it. `draft` counts the tokens."""
    sep, eos = prompts.special_ids["[SEP]"], prompts.special_ids["[EOS]"]
    document, facts = span_prompt(span, notes_shown, goal, initial_state, common_sense=options.common_sense)
    document = text_format.spoken(document, prompts.speech(span.state.world).say)
    prompt = [*text_format.encode(document, prompts.tokenizer)[0][1:], eos]  # [CLS] is the home's
    if len(prompt) + MIN_ROOM > prompts.room(""):
        return ()
    cursor = prompts.cursor(*prompts.read("", prompt), options, 0)
    span_draft = Draft()

    def allowed_ends(final_state: State) -> Sequence[int]:
        return (eos,) if span.is_repaired_by(final_state, goal, initial_state) else (sep,)

    final_state = write(
        prompts, cursor, span.state, facts.names, span_draft, allowed_ends=allowed_ends,
        max_steps=len(span.hidden) + MAX_STEPS_PER_CHANGE, forbidden=forbidden | facts.withheld,
        common_sense=options.common_sense,
        keeps_running=keeps_running(initial_state, goal.conditions) if options.common_sense else frozenset(),
    )  # fmt: skip
    draft.count(cursor)
    return span_draft.actions if span.is_repaired_by(final_state, goal, initial_state) else ()


def span_prompt(
    span: BrokenSpan,
    notes: Sequence[Note],
    goal: Goal,
    initial_state: State,
    avoid: frozenset[int] = frozenset(),
    *,
    common_sense: bool = False,
) -> tuple[text_format.Document, Facts]:
    """Return the prompt for filling in a span, up to the [EOS] of the plan around it, and its facts."""
    world = span.state.world
    next_objects = [world.index[name] for action in span.after[:1] for name in action.args]
    facts = facts_for(
        span.state,
        span.todo,
        initial_state,
        notes,
        avoid=avoid,
        phase=goal.phases[0],
        extra_entities=next_objects,
        common_sense=common_sense,
    )
    feedback = text_format.feedback_part([note.said for note in relevant_notes(notes, facts.names)])
    following = [format_action(world, action) for action in span.after[:MAX_FOLLOWING_STEPS]]
    heading = (*text_format.plan_heading(span.todo, world.domain), *text_format.facts_part(facts.texts))
    return (*heading, *feedback, *text_format.span_context_part(following)), facts
