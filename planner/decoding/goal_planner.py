"""Goal → facts → plan: the GPT plans for the next few unmet conditions (a chunk), then from the resulting state.

Only applicable subtasks can be written. A chunk does not end before its conditions hold. After a plan failed, the GPT
first tries to repair it. `planner/decoding/draft_choice.py` replays the drafts and says which is best.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from envs.symbolic.goals import Goal, format_goal
from envs.symbolic.scoring import holds
from planner.decoding.plan_repair import repair
from planner.decoding.plan_writer import MAX_STEPS_PER_CHANGE, MIN_ROOM, Draft, write, write_unconstrained
from planner.facts.failure_notes import abandoned, facts_for, permanent_failures, relevant_notes
from planner.facts.retrieval import retrieve_facts
from planner.goals.chunking import estimated_changes, exceeds_limit, next_conditions
from planner.prompts import text_format

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from envs.symbolic.goals import Condition
    from envs.symbolic.state import State
    from planner.facts.failure_notes import FailedPlan, Note
    from planner.facts.retrieval import Facts
    from planner.plans.options import Options
    from planner.prompts.cursor import Cursor
    from planner.prompts.document_kinds import DocumentKind
    from planner.prompts.sessions import Prompts

MAX_CHUNKS = 24


class GoalPlanner:
    """Writes drafts of plans for a goal."""

    def __init__(self, prompts: Prompts, kinds: Collection[DocumentKind]) -> None:
        """Write with the GPT of `prompts`; `kinds` are the optional kinds of documents that it was trained on."""
        self.prompts = prompts
        self.kinds = frozenset(kinds)

    def drafts(
        self,
        goal: Goal,
        state: State,
        initial_state: State,
        options: Options,
        avoid: frozenset[int],
        failed_plan: FailedPlan | None,
    ) -> Iterator[Draft]:
        """Yield drafts on demand: first repairs of a failed plan and plans with feedback, then independent plans."""
        if failed_plan is not None and options.constrained:
            notes_shown = failed_plan.notes if options.feedback and "feedback" in self.kinds else ()
            # An object that slipped twice may be the only one there is: if nothing else reaches the goal, try it again.
            for forbidden in dict.fromkeys((abandoned(failed_plan.notes), permanent_failures(failed_plan.notes))):
                if options.repair == "infill" and "infill" in self.kinds:
                    yield repair(
                        self.prompts,
                        failed_plan,
                        goal,
                        state,
                        initial_state,
                        options,
                        notes_shown=notes_shown,
                        forbidden=forbidden,
                    )
                if notes_shown:
                    yield self.draft(goal, state, initial_state, options, 0, frozenset(), notes_shown, forbidden)
            avoid = frozenset() if notes_shown else avoid
        for attempt in range(1 + options.samples):
            is_last = attempt == options.samples > 0  # all others failed: it may use whatever the facts show
            yield self.draft(goal, state, initial_state, options, attempt, avoid, choosy=not is_last)

    def draft(
        self,
        goal: Goal,
        state: State,
        initial_state: State,
        options: Options,
        attempt: int,
        avoid: frozenset[int],
        notes: Sequence[Note] = (),
        forbidden: frozenset[str] = frozenset(),
        *,
        choosy: bool = True,
    ) -> Draft:
        """Write one plan without verifying it; for each chunk: unmet conditions, their facts, their subtasks.

        If `choosy`, it cannot use objects that the facts withhold.
        """
        draft = Draft()
        for conditions in goal.phases:
            for _ in range(MAX_CHUNKS):
                unmet = tuple(c for c in conditions if not holds(state, c, initial_state))
                todo = (
                    next_conditions(state, conditions, initial_state, options.conditions) if options.chunks else unmet
                )
                if not todo:
                    break
                facts = self._facts(state, todo, initial_state, conditions, notes, avoid, options)
                feedback = text_format.feedback_part([note.said for note in relevant_notes(notes, facts.names)])
                facts_ids = text_format.encode(
                    (*text_format.facts_part(facts.texts), *feedback), self.prompts.tokenizer
                )[0][1:]
                goal_ids, sep = (
                    self.prompts.encode(format_goal(Goal(phases=(todo,)))),
                    self.prompts.special_ids["[SEP]"],
                )
                prompt = [*self.prompts.heading(""), *goal_ids, sep, *facts_ids, sep]
                cursor = self.prompts.cursor(*self.prompts.read("", prompt), options, attempt)
                n_before = len(draft.actions)
                if cursor.room < MIN_ROOM:
                    return draft
                if options.constrained:
                    unused = forbidden | facts.withheld if choosy else forbidden
                    state = self._write_chunk(cursor, state, todo, facts.names, initial_state, draft, unused, options)
                else:
                    state = write_unconstrained(self.prompts, cursor, state, draft)
                draft.count(cursor)
                stuck = not exceeds_limit(state, todo, initial_state) and not all(
                    holds(state, c, initial_state) for c in todo
                )
                if len(draft.actions) == n_before or stuck:
                    return draft
                if not options.chunks:
                    break  # the phase was written as one chunk
        return draft

    def _facts(
        self,
        state: State,
        todo: Sequence[Condition],
        initial_state: State,
        phase: Sequence[Condition],
        notes: Sequence[Note],
        avoid: frozenset[int],
        options: Options,
    ) -> Facts:
        if notes:
            return facts_for(state, todo, initial_state, notes, phase=phase, common_sense=options.common_sense)
        return retrieve_facts(state, todo, initial_state, avoid=avoid, phase=phase, common_sense=options.common_sense)

    def _write_chunk(
        self,
        cursor: Cursor,
        state: State,
        todo: Sequence[Condition],
        names: frozenset[str],
        initial_state: State,
        draft: Draft,
        forbidden: frozenset[str],
        options: Options,
    ) -> State:
        """Write one chunk's plan and return the state that it reaches."""
        partial = exceeds_limit(state, todo, initial_state)
        sep, eos = self.prompts.special_ids["[SEP]"], self.prompts.special_ids["[EOS]"]

        def allowed_ends(state_after: State) -> Sequence[int]:
            return (sep, eos) if partial or all(holds(state_after, c, initial_state) for c in todo) else (sep,)

        max_steps = MAX_STEPS_PER_CHANGE * (1 + estimated_changes(state, todo, initial_state))
        return write(
            self.prompts,
            cursor,
            state,
            names,
            draft,
            allowed_ends=allowed_ends,
            max_steps=max_steps,
            forbidden=forbidden,
            common_sense=options.common_sense,
        )
