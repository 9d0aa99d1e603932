"""Goal → facts → plan: the GPT plans for the next few unmet conditions (a chunk), then from the resulting state.

Only applicable subtasks can be written. A chunk does not end before its conditions hold. After a plan failed, the GPT
first tries to repair it. `planner/decoding/draft_choice.py` replays the drafts and says which is best.

Skills that the GPT was not trained on are used in stages (`planner/goals/means/own_stages.py`): the GPT plans for what
they need, and the step that is then no choice is added.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from envs.symbolic.embodiment.unusable import spared_for
from envs.symbolic.goals import Goal, Holding, format_goal
from envs.symbolic.progress import begin, is_true
from envs.symbolic.rules import breaks
from envs.symbolic.scoring import holds
from planner.decoding.plan_repair import repair
from planner.decoding.plan_writer import MAX_STEPS_PER_CHANGE, MIN_ROOM, Draft, write, write_unconstrained
from planner.decoding.ruled_out import barred_places, served_there, unusable_appliances
from planner.facts.failure_notes import abandoned, facts_for, permanent_failures, relevant_notes
from planner.facts.retrieval import retrieve_facts
from planner.goals.choice import keeps_running
from planner.goals.chunking import estimated_changes, exceeds_limit
from planner.goals.grounding import MAX_OBJECTS_PER_CONDITION
from planner.goals.means.own_stages import OwnStages, untaught_skills
from planner.goals.narrowing import Narrowed, part_holds, parts_of
from planner.goals.preparation import next_parts
from planner.prompts import text_format
from planner.verification.plan_verification import attempt, progress_after

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from envs.symbolic.domain import Domain
    from envs.symbolic.goals import Condition, Rule
    from envs.symbolic.progress import Progress
    from envs.symbolic.state import Action, State
    from planner.facts.failure_notes import FailedPlan, Note
    from planner.facts.retrieval import Facts
    from planner.plans.options import Options
    from planner.prompts.cursor import Cursor
    from planner.prompts.document_kinds import DocumentKind
    from planner.prompts.sessions import Prompts

MAX_CHUNKS = 24
MAX_OWN_CHUNKS = 96  # with skills that are used in stages
# In one chunk, after a draft with as many as the corpus has did not reach the goal; with rules one, since what is put
# down may bar a place for the next.
FEW_OBJECTS = 2


class GoalPlanner:
    """Writes drafts of plans for a goal."""

    def __init__(self, prompts: Prompts, kinds: Collection[DocumentKind], domain: Domain) -> None:
        """Write with the GPT of `prompts`, which was trained on a domain and on some optional kinds of documents."""
        self.prompts, self.domain = prompts, domain
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
        for sample in range(1 + options.samples):
            is_last = sample == options.samples > 0  # all others failed: it may use whatever the facts show
            yield self.draft(goal, state, initial_state, options, sample, avoid, choosy=not is_last)

    def draft(
        self,
        goal: Goal,
        state: State,
        initial_state: State,
        options: Options,
        sample: int,
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
        progress = begin(goal, state, initial_state=initial_state)
        avoid |= spared_for(goal, state)
        unusable = unusable_appliances(goal, state, initial_state)
        has_stages = options.chunks and options.constrained and options.common_sense and "renamed" not in self.kinds
        held_at_start = state.held
        own = untaught_skills(state.world.domain, self.domain) if has_stages else frozenset()
        for number, conditions in enumerate(goal.phases):
            initial_state = progress.initial_state  # a phase with a time makes its choices when it begins
            if not all(is_true(test, state, initial_state) for test in goal.guard(number).tests):
                continue
            stages = OwnStages(own, initial_state, avoid, _allowed_by(goal.rules, initial_state))
            failed = set[Narrowed]()  # stages that the GPT did not reach
            for _ in range(MAX_OWN_CHUNKS if own else MAX_CHUNKS):
                uses = progress.uses
                unmet = tuple(c for c in conditions if not holds(state, c, initial_state, uses))
                step = stages.ready(unmet, state)
                stage = next((s for s in stages.stages(unmet, state) if s not in failed), None)
                if own and step is None and unmet and state.held not in (-1, held_at_start):
                    step = stages.put_down(state)  # the tool of the last skill
                if step is not None:
                    draft.added.append(len(draft.actions))
                    draft.actions.append(step)
                    progress = progress_after(progress, [step], list(attempt(state, [step])))
                    state = progress.state
                    continue
                unused = unusable | barred_places(goal, unmet, state, initial_state)
                unused |= served_there(unmet, unused - unusable, state, initial_state)
                seen, seen_at_start = _without(state, unused), _without(initial_state, unused)
                most = options.conditions
                todo: tuple[Condition | Narrowed, ...] = unmet
                if options.chunks:
                    todo = next_parts(
                        seen, conditions, seen_at_start, max_conditions=most, uses=uses, avoid=avoid,
                        common_sense=options.common_sense,
                        max_objects=(1 if goal.rules else FEW_OBJECTS) if sample else MAX_OBJECTS_PER_CONDITION,
                    )  # fmt: skip
                if own:
                    parts = [p for c in todo for p in parts_of(c, seen, seen_at_start)]
                    todo = (stage,) if stage is not None else tuple(stages.known(p, state) for p in parts)
                if not todo:
                    break
                plain = tuple(dict.fromkeys(p.condition for c in todo for p in parts_of(c, seen, seen_at_start)))
                if not plain:
                    return draft  # nothing here can be done for it
                facts = self._facts(seen, todo, seen_at_start, conditions, notes, avoid, options)
                feedback = text_format.feedback_part([note.said for note in relevant_notes(notes, facts.names)])
                say = self.prompts.speech(state.world).say
                document = text_format.spoken((*text_format.facts_part(facts.texts), *feedback), say)
                facts_ids = text_format.encode(document, self.prompts.tokenizer)[0][1:]
                goal_text = format_goal(Goal(phases=(plain,)), state.world.domain)
                goal_ids, sep = self.prompts.encode(say(goal_text)), self.prompts.special_ids["[SEP]"]
                prompt = [*self.prompts.heading(""), *goal_ids, sep, *facts_ids, sep]
                cursor = self.prompts.cursor(*self.prompts.read("", prompt), options, sample)
                n_before = len(draft.actions)
                if cursor.room < MIN_ROOM:
                    return draft
                if options.constrained:
                    withheld = forbidden | facts.withheld if choosy else forbidden

                    def is_done(
                        after: State,
                        stage: Narrowed | None = stage,
                        stages: OwnStages = stages,
                        unmet: tuple[Condition, ...] = unmet,
                        start: State = initial_state,
                    ) -> bool:
                        is_reached = stage is not None and stage.holds(after, start)
                        return is_reached or stages.ready(unmet, after) is not None

                    self._write_chunk(
                        cursor,
                        state,
                        todo,
                        facts.names,
                        progress,
                        draft,
                        withheld,
                        options,
                        is_done,
                        stages.needless(unmet, state),
                    )
                else:
                    write_unconstrained(self.prompts, cursor, state, draft)
                draft.count(cursor)
                done = draft.actions[n_before:]
                progress = progress_after(progress, done, list(attempt(state, done)))
                state = progress.state
                if stage is not None or stages.ready(unmet, state) is not None:
                    if stage is not None and not stage.holds(state, initial_state):
                        failed.add(stage)
                    continue
                stuck = not exceeds_limit(state, todo, initial_state) and not all(
                    part_holds(c, state, initial_state, progress.uses) for c in todo
                )
                if len(draft.actions) == n_before and stage is None:
                    return draft
                if stuck and barred_places(goal, unmet, state, initial_state) <= unused:
                    return draft  # else what was put down bars places for the rest, which goes elsewhere
                if not options.chunks:
                    break  # the phase was written as one chunk
        return draft

    def _facts(
        self,
        state: State,
        todo: Sequence[Condition | Narrowed],
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
        todo: Sequence[Condition | Narrowed],
        names: frozenset[str],
        progress: Progress,
        draft: Draft,
        forbidden: frozenset[str],
        options: Options,
        is_done: Callable[[State], bool],
        needless: frozenset[str],
    ) -> None:
        """Write one chunk's plan without `needless` skills; it ends at once where `is_done`."""
        goal, initial_state = progress.goal, progress.initial_state
        partial = exceeds_limit(state, todo, initial_state)
        sep, eos = self.prompts.special_ids["[SEP]"], self.prompts.special_ids["[EOS]"]

        conditions = [c.condition if isinstance(c, Narrowed) else c for c in todo]
        may_hold = not options.common_sense or any(isinstance(c, Holding) for c in conditions)

        def allowed_ends(state_after: State) -> Sequence[int]:
            if is_done(state_after):
                return (eos,)
            if not may_hold and state_after.held >= 0 and state_after.held != state.held:
                return (sep,)  # what it has picked up is put down
            return (sep, eos) if partial or all(part_holds(c, state_after, initial_state) for c in todo) else (sep,)

        max_steps = MAX_STEPS_PER_CHANGE * (1 + estimated_changes(state, todo, initial_state))
        write(
            self.prompts,
            cursor,
            state,
            names,
            draft,
            allowed_ends=allowed_ends,
            max_steps=max_steps,
            forbidden=forbidden,
            common_sense=options.common_sense,
            keeps_running=keeps_running(initial_state, goal.conditions) if options.common_sense else frozenset(),
            is_allowed=_allowed_by(goal.rules, initial_state, needless),
        )


def _allowed_by(
    rules: Sequence[Rule], initial_state: State, needless: frozenset[str] = frozenset()
) -> Callable[[State, Action, State], bool] | None:
    """Return what says of an action, by the states before and after it, whether rules allow it; None if all are."""
    if not rules and not needless:
        return None

    def is_allowed(before: State, action: Action, after: State) -> bool:
        return action.skill not in needless and not any(breaks(r, action, before, after, initial_state) for r in rules)

    return is_allowed


def _without(state: State, hidden: frozenset[int]) -> State:
    """Return a state in which some entities are not chosen."""
    return state._replace(world=state.world.without(hidden)) if hidden else state
