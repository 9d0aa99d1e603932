"""Failure scenarios: failures in the middle of the teacher's plans, and documents that teach how to recover.

A plan is executed up to a random step. There the next action fails for a reason that the robot reports, or another
agent changes the home. The document then holds the correct continuation: it uses another object or place if the failed
one is abandoned, tries again after a slip, and starts from the observed state after a disturbance. There are two
forms: a whole new plan after [FEEDBACK], and, where part of the old plan can stay, the steps hidden by [MASK].
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from envs.symbolic.actions import Action, State, World, successor
from envs.symbolic.disturbances import DISTURBANCE_TYPES, Disturbance, disturbed_state, possible_disturbances
from envs.symbolic.goals import Condition, Goal
from planner.corpus.teacher import teach
from planner.corpus.teacher_chunks import taught_actions
from planner.decoding.plan_repair import span_prompt
from planner.facts.failure_notes import Note, abandoned, changes, entities, facts_for, failure, relevant_notes
from planner.goals.chunking import next_conditions
from planner.prompts import text_format
from planner.tasks.home_splits import Span, sample_home
from planner.tasks.task_sampler import TaskDrawer, goal_is_held_out
from planner.verification.broken_spans import BrokenSpan, broken_spans
from planner.verification.plan_verification import verify

TASKS_PER_HOME = 4
INCIDENTS_PER_PLAN = 3
PART_WEIGHTS = (0.4, 0.3, 0.2, 0.1)  # weights of 1, 2, 3, ... tasks joined in one instruction
DISTURBANCE_RATE = 0.4  # fraction of incidents caused by another agent
REPEATED_RATE = 0.25  # fraction of retryable failures that already occurred once before
EARLIER_RATE = 0.3  # fraction of incidents after an earlier failure
MAX_CONDITIONS = (1, 1, 2, 3)  # maximum per document; drawn uniformly
MAX_SPANS = 3  # spans tried per incident

# Failure reasons that the robot reports, with weights; {0} is the action's first argument, {at} its last.
_REASONS: dict[str, dict[str, float]] = {
    "pick up": {"cannot reach {0}": 5, "{0} slipped": 5, "{0} is too wide for the hand": 1, "timeout at tick 1": 0.5},
    "put": {"no room {on} {at}": 5, "cannot reach {at}": 3, "{0} slipped": 2, "timeout at tick 1": 0.5},
    "give": {"cannot reach {at}": 1, "{0} slipped": 2},
    "pour": {"cannot reach {at}": 1, "{0} slipped": 1, "{0} was not tilted over {at}": 1},
    "open": {"cannot reach the handle of {0}": 2, "lost the handle of {0}": 4, "no way to {0}": 1},
    "close": {"cannot reach the handle of {0}": 1, "lost the handle of {0}": 4},
}
_DEFAULT_REASONS = {"cannot reach {0}": 1.0, "no way to {0}": 1.0, "timeout at tick 1": 1.0}


@dataclass(frozen=True, kw_only=True)
class Incident:
    """A failure or disturbance in the middle of a plan.

    Attributes:
        goal: The goal of the plan.
        start: The episode's initial state.
        expected: The state that the remaining steps were planned from.
        seen: The actual state.
        rest: The remaining steps, including a failed one.
        notes: Feedback notes about what went wrong.
        common_sense: Whether its documents choose objects as people do (planner/goals/choice.py).
    """

    goal: Goal
    start: State
    expected: State
    seen: State
    rest: tuple[Action, ...]
    notes: tuple[Note, ...]
    common_sense: bool = False


class Incidents:
    """Draw incidents in homes of one range of seeds."""

    def __init__(self, rng: random.Random, drawer: TaskDrawer, span: Span, *, common_sense: bool = False) -> None:
        """Set the random generator, the task source, the seed range of the homes and how objects are chosen."""
        self.rng, self.drawer, self.span, self.common_sense = rng, drawer, span, common_sense

    def feedback_documents(self) -> Iterator[text_format.Document]:
        """Yield documents with a plan after [FEEDBACK], without end."""
        for incident in self.incidents():
            document = self.feedback_document(incident)
            if document is not None:
                yield document

    def infill_documents(self) -> Iterator[text_format.Document]:
        """Yield documents with a masked span and the steps that fill it, without end."""
        for incident in self.incidents():
            document = infill_document(incident)
            if document is not None:
                yield document

    def incidents(self) -> Iterator[Incident]:
        """Yield incidents without end."""
        while True:
            initial_home = sample_home(self.rng, self.span, domain=self.drawer.domain)
            for _ in range(TASKS_PER_HOME):
                parts = self.rng.choices(range(1, len(PART_WEIGHTS) + 1), PART_WEIGHTS)[0]
                task = self.drawer.draw(initial_home, parts=parts)
                if task is None or task.goal is None or len(task.goal.phases) > 1 or goal_is_held_out(task.goal):
                    continue
                try:
                    actions = taught_actions(task.start, task.goal, common_sense=self.common_sense)
                except LookupError:
                    continue
                for _ in range(INCIDENTS_PER_PLAN):
                    incident = self.incident(task.goal, task.start, actions)
                    if incident is not None:
                        yield incident

    def incident(self, goal: Goal, initial_state: State, actions: Sequence[Action]) -> Incident | None:
        """Draw a failure or disturbance in a plan; None if the plan remains valid after the drawn disturbance."""
        n_done = self.rng.randrange(len(actions))
        state = initial_state
        for action in actions[:n_done]:
            state = successor(state, action)
        rest = tuple(actions[n_done:])
        if self.rng.random() < DISTURBANCE_RATE:
            seen = self._disturbed(state, rest)
            notes = changes(state, seen)
            if verify(seen, goal, rest, initial_state=initial_state).ok:
                return None
        else:
            note, seen = self._failed(state, rest[0])
            repeated = [note] if not note.lasts and self.rng.random() < REPEATED_RATE else []
            notes = (*repeated, note, *changes(state, seen))
        if n_done and self.rng.random() < EARLIER_RATE:
            earlier_note, _ = self._failed(initial_state, self.rng.choice(actions[:n_done]))
            notes = notes if earlier_note.lasts else (earlier_note, *notes)  # a failed action that was completed later
        return Incident(
            goal=goal, start=initial_state, expected=state, seen=seen, rest=rest, notes=notes,
            common_sense=self.common_sense,
        )  # fmt: skip

    def _disturbed(self, state: State, rest: Sequence[Action]) -> State:
        generator = np.random.default_rng(self.rng.getrandbits(64))
        for disturbance_type in self.rng.sample(DISTURBANCE_TYPES, k=len(DISTURBANCE_TYPES)):
            disturbance = next(possible_disturbances(state, disturbance_type, rest, generator), None)
            if disturbance is not None:
                return disturbed_state(state, disturbance)
        return state

    def _failed(self, state: State, action: Action) -> tuple[Note, State]:
        """Return the note about a failed action, and the state after it."""
        reason = draw_reason(self.rng, state.world, action)
        return failure(state.world, action, reason), after_failure(self.rng, state, action, reason)

    def feedback_document(self, incident: Incident) -> text_format.Document | None:
        """Return a new plan from the observed state after [FEEDBACK]; None if there is no plan or no relevant note."""
        seen, initial_state = incident.seen, incident.start
        (phase,) = incident.goal.phases
        conditions = next_conditions(seen, phase, initial_state, self.rng.choice(MAX_CONDITIONS))
        actions = _teacher_plan(incident, seen, conditions)
        if not actions:
            return None
        facts = facts_for(
            seen, conditions, initial_state, incident.notes, phase=phase, common_sense=incident.common_sense
        )
        notes = relevant_notes(incident.notes, facts.names)
        if not notes or not facts.name_all(actions):
            return None
        feedback = text_format.feedback_part([note.said for note in notes])
        return (
            *text_format.plan_heading(conditions),
            *text_format.facts_part(facts.texts),
            *feedback,
            *text_format.plan_part(seen, actions),
        )


def draw_reason(rng: random.Random, world: World, action: Action) -> str:
    """Draw a reason that the robot may report for a failed action."""
    reasons = _REASONS.get(action.skill, _DEFAULT_REASONS)
    (reason,) = rng.choices(list(reasons), list(reasons.values()))
    subject, target = action.args[0], action.args[-1]
    return reason.format(subject, at=target, on=world.relation[world.index[target]] or "in")


def after_failure(rng: random.Random, state: State, action: Action, reason: str) -> State:
    """Return the state after a failed action: a held object that slips is dropped."""
    world = state.world
    if not reason.endswith("slipped") or state.held < 0 or world.names[state.held] != action.args[0]:
        return state
    grounds = [world.names[i] for i in range(world.n_fixtures) if world.underfoot[i]]
    ground = rng.choice(grounds) if grounds else ""
    return disturbed_state(state, Disturbance(kind="drop", name=action.args[0], place=ground))


def _teacher_plan(incident: Incident, state: State, conditions: Sequence[Condition]) -> tuple[Action, ...]:
    """Return the teacher's plan for conditions without abandoned entities; empty if there is none."""
    forbidden = abandoned(incident.notes)
    (phase,) = incident.goal.phases
    avoid = entities(state.world, forbidden)
    if not conditions:
        return ()
    taught = teach(state, conditions, incident.start, phase=phase, avoid=avoid, common_sense=incident.common_sense)
    if not taught.actions or any(not forbidden.isdisjoint(a.args) for a in taught.actions):
        return ()
    return taught.actions


def infill_document(incident: Incident) -> text_format.Document | None:
    """Return a document that masks the smallest span that the teacher can fill; None if there is none.

    The answer is the shortest prefix of the teacher's plan after which the steps behind the span reach the goal.
    """
    goal, initial_state = incident.goal, incident.start
    spans = broken_spans(
        incident.rest, incident.expected, incident.seen, goal, initial_state, abandoned(incident.notes)
    )
    for span in islice(spans, MAX_SPANS):
        actions = _teacher_span(incident, span)
        if actions:
            prompt, facts = span_prompt(span, incident.notes, goal, initial_state, common_sense=incident.common_sense)
            return (*prompt, *text_format.span_part(span.state, actions)) if facts.name_all(actions) else None
    return None


def _teacher_span(incident: Incident, span: BrokenSpan) -> tuple[Action, ...]:
    """Return the shortest prefix of the teacher's plan that repairs the span; empty if there is none."""
    actions = _teacher_plan(incident, span.state, span.todo)
    state = span.state
    for count, action in enumerate(actions, start=1):
        state = successor(state, action)
        if span.is_repaired_by(state, incident.goal, incident.start):
            return actions[:count]
    return ()
