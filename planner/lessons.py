"""Lessons: what an episode that worked becomes for training, and what a failed one did reach (hindsight).

The slow planner decodes a long goal in chunks, under constraints, and samples again; its verified plan is written down
as one document with the full goal and all facts, from which the direct pass learns to write it at once. Documents
have the corpus's form, so that old and new ones mix.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from envs.goals import Condition, Count, FixtureIs, Goal, Place, Thing, format_goal, parse_goal
from envs.scoring import holds
from envs.state import Action, State, effect, unmet
from planner import text
from planner.draw import goal_is_held_out
from planner.facts import fetch, is_limited

MAX_RELABELLED = 6  # conditions of a goal found in hindsight
FAILED_DIRECTLY, IN_HINDSIGHT = 3.0, 0.5  # weights beside 1
_STATES = ("hot", "cold", "sliced", "cooked", "folded")


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """Documents of one episode, and how much they are to count, relative to others."""

    documents: tuple[text.Document, ...]
    shape: str
    weight: float = 1.0


def shape(goal: Goal) -> str:
    """Return what goals have in common that differ only in which things they name."""
    kinds = []
    for c in goal.conditions:
        if isinstance(c, FixtureIs):
            kinds.append(f"{c.quantifier} fixture {c.state}")
            continue
        place = getattr(c, "place", None)
        where = "" if place is None else " at fixture" if place.fixture is not None else " in container"
        kinds.append(" ".join((type(c).__name__, *c.thing.states, c.thing.liquid or "")).strip() + where)
    return " ; ".join(sorted(kinds))


def full_lesson(instruction: str, goal: Goal, start: State, actions: Sequence[Action]) -> Lesson:
    """Return the documents of a plan that reaches its goal: what the instruction means, and the whole plan."""
    meaning = text.understood(instruction, format_goal(goal))
    documents: list[text.Document] = [(*text.home_part(text.inventory(start)), *meaning)]
    if len(goal.phases) == 1:
        documents += list(_whole_plans(goal.phases[0], start, actions))
    return Lesson(documents=tuple(documents), shape=shape(goal))


def _whole_plans(conditions: Sequence[Condition], start: State, actions: Sequence[Action]) -> Iterator[text.Document]:
    """Yield the plan as one document, and its rest from each point where something was achieved."""
    state, before = start, -1
    for number, action in enumerate(actions):
        left = tuple(c for c in conditions if not holds(state, c, start))
        if state.held < 0 and len(left) != before and len(left) > 1 - (number == 0):
            before = len(left)
            document = _plan_document(left, conditions, state, start, actions[number:])
            if document is not None:
                yield document
        state = effect(state, action)


def _plan_document(
    left: Sequence[Condition], phase: Sequence[Condition], state: State, start: State, actions: Sequence[Action]
) -> text.Document | None:
    """Return a document for the conditions that are left; None if its facts do not name all that the plan uses."""
    if is_limited(state, left, start):
        return None
    facts = fetch(state, left, start, phase=phase)
    if not facts.name_all(actions):
        return None
    return (*text.plan_heading(left), *text.facts_part(facts.texts), *text.plan_part(state, actions))


def hindsight_lesson(start: State, actions: Sequence[Action]) -> Lesson | None:
    """Return the document of what a failed plan did reach, or None if that is nothing to learn from."""
    found = relabel(start, actions)
    if found is None:
        return None
    goal, kept = found
    documents = tuple(_whole_plans(goal.phases[0], start, kept))
    return Lesson(documents=documents, shape=shape(goal), weight=IN_HINDSIGHT) if documents else None


def relabel(start: State, actions: Sequence[Action]) -> tuple[Goal, tuple[Action, ...]] | None:
    """Return a goal that a plan reaches and that did not hold before, with the steps up to where it holds.

    The goal is what changed: where things are now, the states they gained, what was opened, closed, switched.
    """
    states, done = [start], list[Action]()
    for action in actions:
        if unmet(states[-1], action) is not None:
            break
        states.append(effect(states[-1], action))
        done.append(action)
    changed = [c for c in dict.fromkeys(_changes(start, states[-1])) if not holds(start, c, start)]
    if not changed or len(changed) > MAX_RELABELLED:
        return None
    goal = Goal(phases=(tuple(changed),))
    if goal_is_held_out(goal):
        return None
    for number, state in enumerate(states):
        if all(holds(state, c, start) for c in changed):
            return goal, tuple(done[:number])
    return None


def _changes(start: State, end: State) -> Iterator[Condition]:
    world = start.world
    for i in range(world.n_fixtures, len(world.names)):
        gained = [s for s in _STATES if end.has(i, s) and not start.has(i, s)]
        gained += ["clean"] if end.has(i, "clean") and not start.has(i, "clean") else []
        place = end.place[i]
        moved = place >= 0 and place != start.place[i]
        if not gained and not moved:
            continue
        where = None
        if moved:
            category = world.categories[place]
            where = Place(fixture=category) if place < world.n_fixtures else Place(thing=Thing(word=category))
        yield Count(thing=Thing(word=world.categories[i], states=tuple(gained)), place=where)
    for i in range(world.n_fixtures):
        kind = world.fixture[i]
        assert kind is not None
        able = {"open": kind.joint, "closed": kind.joint, "on": kind.switch, "off": kind.switch}
        for word, possible in able.items():
            if possible and end.has(i, word) and not start.has(i, word):
                yield FixtureIs(fixture=world.categories[i], state=word)


def weights(lessons: Sequence[Lesson]) -> list[float]:
    """Return how often each lesson is to be drawn: its own weight, less the more often its shape was seen."""
    seen = Counter(lesson.shape for lesson in lessons)
    return [lesson.weight / math.sqrt(seen[lesson.shape]) for lesson in lessons]


def lesson_of(record: dict[str, object], start: State, actions: Sequence[Action]) -> Lesson | None:
    """Return the lesson of an episode's record, weighted by how hard it was; None if nothing is to be learnt."""
    if not record["kept"]:
        return hindsight_lesson(start, actions)
    lesson = full_lesson(str(record["instruction"]), parse_goal(str(record["goal"])), start, actions)
    hard = FAILED_DIRECTLY if not record["direct"] else 1.0
    return Lesson(documents=lesson.documents, shape=lesson.shape, weight=hard)
