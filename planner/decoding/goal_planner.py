"""Goal → facts → plan: the GPT plans for the next few unmet conditions, the state is read again, and so on.

Only applicable subtasks can be written. A chunk does not end before its conditions hold. Where a plan broke, the GPT
first repairs it. No draft is judged here: `planner/pipeline.py` replays each and keeps the best.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from envs.symbolic.goals import Goal, format_goal
from envs.symbolic.scoring import holds
from planner.decoding.plan_repair import repair
from planner.decoding.plan_writer import MIN_ROOM, STEPS_PER_THING, Draft, write, write_unconstrained
from planner.facts.failure_notes import abandoned, facts_for, permanent_failures, relevant_notes
from planner.facts.retrieval import retrieve_facts
from planner.goals.chunking import estimated_changes, exceeds_limit, next_conditions
from planner.prompts import text_format

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from envs.symbolic.goals import Condition
    from envs.symbolic.state import State
    from planner.facts.failure_notes import FailedPlan, Note
    from planner.plans.options import Options
    from planner.prompts.cursor import Cursor
    from planner.prompts.document_kinds import DocumentKind
    from planner.prompts.sessions import Prompts
    from planner.verification.plan_verification import Report

MAX_CHUNKS = 24


def merit(report: Report, draft: Draft) -> tuple[bool, float, int, float]:
    """Return what drafts are ranked by: success, the share of the goal reached, fewest subtasks, likelihood."""
    return report.ok, report.score.rate, -len(draft.actions), draft.logprob


class GoalPlanner:
    """Writes drafts of plans for a goal."""

    def __init__(self, prompts: Prompts, kinds: Collection[DocumentKind]) -> None:
        """Write with a model's prompts; `kinds` are the kinds of documents that it was trained on beyond the usual."""
        self.prompts = prompts
        self.kinds = frozenset(kinds)

    def drafts(
        self,
        goal: Goal,
        state: State,
        first: State,
        options: Options,
        avoid: frozenset[int],
        broken: FailedPlan | None,
    ) -> Iterator[Draft]:
        """Write a plan whenever one is asked for: first what a broken one suggests, then as if there were none."""
        if broken is not None and options.constrained:
            told = broken.notes if options.feedback and "feedback" in self.kinds else ()
            # What slipped twice may be all there is: where nothing else reaches the goal, it is tried again.
            for barred in dict.fromkeys((abandoned(broken.notes), permanent_failures(broken.notes))):
                if options.repair == "infill" and "infill" in self.kinds:
                    yield repair(self.prompts, broken, goal, state, first, options, told=told, barred=barred)
                if told:
                    yield self.draft(goal, state, first, options, 0, frozenset(), told, barred)
            avoid = frozenset() if told else avoid
        for attempt in range(1 + options.samples):
            yield self.draft(goal, state, first, options, attempt, avoid)

    def draft(
        self,
        goal: Goal,
        state: State,
        first: State,
        options: Options,
        attempt: int,
        avoid: frozenset[int],
        notes: Sequence[Note] = (),
        barred: frozenset[str] = frozenset(),
    ) -> Draft:
        """Write one plan, which is not judged: the next few unmet conditions, their facts, their subtasks, and so on."""
        draft = Draft()
        for conditions in goal.phases:
            for _ in range(MAX_CHUNKS):
                unmet = tuple(c for c in conditions if not holds(state, c, first))
                todo = next_conditions(state, conditions, first, options.conditions) if options.chunks else unmet
                if not todo:
                    break
                if notes:
                    said = facts_for(state, todo, first, notes, phase=conditions)
                else:
                    said = retrieve_facts(state, todo, first, avoid=avoid, phase=conditions)
                wrong = text_format.feedback_part([note.said for note in relevant_notes(notes, said.names)])
                facts = text_format.encode((*text_format.facts_part(said.texts), *wrong), self.prompts.tokenizer)[0][1:]
                words, sep = self.prompts.encode(format_goal(Goal(phases=(todo,)))), self.prompts.marks["[SEP]"]
                prompt = [*self.prompts.heading(""), *words, sep, *facts, sep]
                cursor = self.prompts.cursor(*self.prompts.read("", prompt), options, attempt)
                before = len(draft.actions)
                if cursor.room < MIN_ROOM:
                    return draft
                if options.constrained:
                    state = self._write_chunk(cursor, state, todo, said.names, first, draft, barred)
                else:
                    state = write_unconstrained(self.prompts, cursor, state, draft)
                draft.count(cursor)
                stuck = not exceeds_limit(state, todo, first) and not all(holds(state, c, first) for c in todo)
                if len(draft.actions) == before or stuck:
                    return draft
                if not options.chunks:
                    break  # the phase was written in one go
        return draft

    def _write_chunk(
        self,
        cursor: Cursor,
        state: State,
        todo: Sequence[Condition],
        names: frozenset[str],
        first: State,
        draft: Draft,
        barred: frozenset[str],
    ) -> State:
        """Write one chunk's plan; returns the state that it reaches."""
        partial = exceeds_limit(state, todo, first)
        sep, eos = self.prompts.marks["[SEP]"], self.prompts.marks["[EOS]"]

        def ends(after: State) -> Sequence[int]:
            return (sep, eos) if partial or all(holds(after, c, first) for c in todo) else (sep,)

        most = STEPS_PER_THING * (1 + estimated_changes(state, todo, first))
        return write(self.prompts, cursor, state, names, draft, ends=ends, most=most, barred=barred)
