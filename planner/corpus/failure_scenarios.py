"""Incidents: what goes wrong in the middle of the teacher's plans, and documents that teach to go on from there.

A plan is carried out up to some step. There a subtask fails for a reason that the robot gives, or somebody changes the
home. What follows is the plan that is right given that: with another thing or place if the failed one is given up, the
same again after a slip, from what is seen after a disturbance. It is written twice: as a whole after [FEEDBACK], and,
if a part of the old plan can stay, as what [MASK] hides between them.
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
from planner.corpus.teacher_chunks import plan_in_chunks
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
PARTS = (0.4, 0.3, 0.2, 0.1)  # weights of 1, 2, 3, ... tasks joined in one
DISTURBED = 0.4  # the part of incidents that is somebody's doing
AGAIN = 0.25  # how often what may be tried again has failed once before
EARLIER = 0.3  # how often something else went wrong earlier
CONDITIONS = (1, 1, 2, 3)  # of a document, at most
TRIES = 3  # holes of one incident

# What the robot says, with weights; {0} is the subtask's first name, {at} its last.
_REASONS: dict[str, dict[str, float]] = {
    "pick up": {"cannot reach {0}": 5, "{0} slipped": 5, "{0} is too wide for the hand": 1, "timeout at tick 1": 0.5},
    "put": {"no room {on} {at}": 5, "cannot reach {at}": 3, "{0} slipped": 2, "timeout at tick 1": 0.5},
    "give": {"cannot reach {at}": 1, "{0} slipped": 2},
    "pour": {"cannot reach {at}": 1, "{0} slipped": 1, "{0} was not tilted over {at}": 1},
    "open": {"cannot reach the handle of {0}": 2, "lost the handle of {0}": 4, "no way to {0}": 1},
    "close": {"cannot reach the handle of {0}": 1, "lost the handle of {0}": 4},
}
_OTHERWISE = {"cannot reach {0}": 1.0, "no way to {0}": 1.0, "timeout at tick 1": 1.0}


@dataclass(frozen=True, kw_only=True)
class Incident:
    """Something that went wrong.

    Attributes:
        goal: What is to be reached.
        start: The episode's first state.
        expected: The state before the steps that were still to come.
        seen: The state that is.
        rest: Those steps, a failed one included.
        notes: What went wrong, in words.
    """

    goal: Goal
    start: State
    expected: State
    seen: State
    rest: tuple[Action, ...]
    notes: tuple[Note, ...]


class Incidents:
    """Draws incidents in homes of one span of seeds."""

    def __init__(self, rng: random.Random, drawer: TaskDrawer, span: Span) -> None:
        """Bind the source of randomness."""
        self.rng, self.drawer, self.span = rng, drawer, span

    def feedback_documents(self) -> Iterator[text_format.Document]:
        """Yield plans after [FEEDBACK], without end."""
        for incident in self.incidents():
            document = self.whole_plan(incident)
            if document is not None:
                yield document

    def infill_documents(self) -> Iterator[text_format.Document]:
        """Yield holes and what fills them, without end."""
        for incident in self.incidents():
            document = filled(incident)
            if document is not None:
                yield document

    def incidents(self) -> Iterator[Incident]:
        """Yield incidents without end."""
        while True:
            home = sample_home(self.rng, self.span)
            for _ in range(TASKS_PER_HOME):
                parts = self.rng.choices(range(1, len(PARTS) + 1), PARTS)[0]
                task = self.drawer.draw(home, parts=parts)
                if task is None or task.goal is None or len(task.goal.phases) > 1 or goal_is_held_out(task.goal):
                    continue
                try:
                    actions = [a for piece in plan_in_chunks(task.start, task.goal) for a in piece[3]]
                except LookupError:
                    continue
                for _ in range(INCIDENTS_PER_PLAN):
                    incident = self.incident(task.goal, task.start, actions)
                    if incident is not None:
                        yield incident

    def incident(self, goal: Goal, start: State, actions: Sequence[Action]) -> Incident | None:
        """Draw what goes wrong in a plan; None if nothing that was drawn spoils it."""
        before = self.rng.randrange(len(actions))
        state = start
        for action in actions[:before]:
            state = successor(state, action)
        rest = tuple(actions[before:])
        if self.rng.random() < DISTURBED:
            seen = self._disturbed(state, rest)
            notes = changes(state, seen)
            if verify(seen, goal, rest, initial_state=start).ok:
                return None
        else:
            note, seen = self._failed(state, rest[0])
            again = [note] if not note.lasts and self.rng.random() < AGAIN else []
            notes = (*again, note, *changes(state, seen))
        if before and self.rng.random() < EARLIER:
            earlier, _ = self._failed(start, self.rng.choice(actions[:before]))
            notes = notes if earlier.lasts else (earlier, *notes)  # it was done at last
        return Incident(goal=goal, start=start, expected=state, seen=seen, rest=rest, notes=notes)

    def _disturbed(self, state: State, rest: Sequence[Action]) -> State:
        numbers = np.random.default_rng(self.rng.getrandbits(64))
        for kind in self.rng.sample(DISTURBANCE_TYPES, k=len(DISTURBANCE_TYPES)):
            what = next(possible_disturbances(state, kind, rest, numbers), None)
            if what is not None:
                return disturbed_state(state, what)
        return state

    def _failed(self, state: State, action: Action) -> tuple[Note, State]:
        """A failed subtask's note, and the state after it."""
        reason = draw_reason(self.rng, state.world, action)
        return failure(state.world, action, reason), after_failure(self.rng, state, action, reason)

    def whole_plan(self, incident: Incident) -> text_format.Document | None:
        """Return a plan from what is seen, after [FEEDBACK]; None if there is no other way, or nothing to be told."""
        seen, start = incident.seen, incident.start
        (phase,) = incident.goal.phases
        todo = next_conditions(seen, phase, start, self.rng.choice(CONDITIONS))
        actions = _right(incident, seen, todo)
        if not actions:
            return None
        facts = facts_for(seen, todo, start, incident.notes, phase=phase)
        notes = relevant_notes(incident.notes, facts.names)
        if not notes or not facts.name_all(actions):
            return None
        said = text_format.feedback_part([note.said for note in notes])
        return (
            *text_format.plan_heading(todo),
            *text_format.facts_part(facts.texts),
            *said,
            *text_format.plan_part(seen, actions),
        )


def draw_reason(rng: random.Random, world: World, action: Action) -> str:
    """Draw what the robot may say of a subtask that failed."""
    reasons = _REASONS.get(action.skill, _OTHERWISE)
    (reason,) = rng.choices(list(reasons), list(reasons.values()))
    first, last = action.args[0], action.args[-1]
    return reason.format(first, at=last, on=world.relation[world.index[last]] or "in")


def after_failure(rng: random.Random, state: State, action: Action, reason: str) -> State:
    """Return the state after a subtask that failed: what slips while it is carried is dropped."""
    world = state.world
    if not reason.endswith("slipped") or state.held < 0 or world.names[state.held] != action.args[0]:
        return state
    grounds = [world.names[i] for i in range(world.n_fixtures) if world.underfoot[i]]
    lies = rng.choice(grounds) if grounds else ""
    return disturbed_state(state, Disturbance(kind="drop", name=action.args[0], place=lies))


def _right(incident: Incident, state: State, todo: Sequence[Condition]) -> tuple[Action, ...]:
    """The teacher's plan for conditions without what is given up; empty if there is none."""
    barred = abandoned(incident.notes)
    (phase,) = incident.goal.phases
    avoid = entities(state.world, barred)
    taught = teach(state, todo, incident.start, phase=phase, avoid=avoid) if todo else None
    if taught is None or not taught.actions or any(not barred.isdisjoint(a.args) for a in taught.actions):
        return ()
    return taught.actions


def filled(incident: Incident) -> text_format.Document | None:
    """Return the smallest hole that the teacher can fill and the steps that fill it; None if nothing is to be filled.

    What fills it is as short as the steps that stay allow.
    """
    goal, start = incident.goal, incident.start
    found = broken_spans(incident.rest, incident.expected, incident.seen, goal, start, abandoned(incident.notes))
    for hole in islice(found, TRIES):
        actions = _filling(incident, hole)
        if actions:
            prompt, facts = span_prompt(hole, incident.notes, goal, start)
            return (*prompt, *text_format.span_part(hole.state, actions)) if facts.name_all(actions) else None
    return None


def _filling(incident: Incident, hole: BrokenSpan) -> tuple[Action, ...]:
    """The first steps of the teacher's plan after which the steps that stay reach the goal; empty if none do."""
    actions = _right(incident, hole.state, hole.todo)
    state = hole.state
    for number, action in enumerate(actions, start=1):
        state = successor(state, action)
        if hole.is_repaired_by(state, incident.goal, incident.start):
            return actions[:number]
    return ()
