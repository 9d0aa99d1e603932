"""Lessons: what an episode that worked becomes for training, and what a failed one did reach (hindsight).

The slow planner decodes a long goal in chunks, under constraints, and samples again; its verified plan is written down
as one document with the full goal and all facts, from which the direct pass learns to write it at once. Documents
have the corpus's form, so that old and new ones mix.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from envs.goals import Condition, FixtureIs, Goal, format_goal, parse_goal
from envs.scoring import holds
from envs.state import Action, State, effect
from planner import text
from planner.facts import fetch, is_limited
from planner.hindsight import relabel
from planner.propose import Proposal, start_of

FAILED_DIRECTLY, IN_HINDSIGHT = 3.0, 0.5  # weights beside 1
BEHIND_ONE = 6  # instructions that are read behind one inventory


@dataclass(frozen=True, kw_only=True)
class Group:
    """Attempts at one prompt, each with how good it was.

    Attributes:
        trunk: The prompt.
        attempts: What was written behind it, whether it reached the goal, and in how many subtasks.
    """

    trunk: text.Document
    attempts: tuple[tuple[text.Document, bool, int], ...]


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """Documents of one episode, and how much they are to count, relative to others.

    Attributes:
        documents: Read whenever the lesson is drawn.
        shape: What it has in common with lessons that are alike.
        weight: How much it counts.
        rests: Of the plan; a few of them are read with it.
        group: All attempts at the plan, if there were several.
    """

    documents: tuple[text.Document, ...]
    shape: str
    weight: float = 1.0
    rests: tuple[text.Document, ...] = ()
    group: Group | None = None


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
    plans = list(_whole_plans(goal.phases[0], start, actions)) if len(goal.phases) == 1 else []
    documents = ((*text.home_part(text.inventory(start)), *meaning), *plans[:1])
    return Lesson(documents=documents, rests=tuple(plans[1:]), shape=shape(goal))


def meanings(proposals: Sequence[Proposal]) -> Iterator[text.Tree]:
    """Yield what the instructions of proposals mean, those for one home behind one inventory.

    What is not composed is also a task to propose, and its goal one to put into words.
    """
    of_home: dict[int, list[Proposal]] = {}
    for proposal in proposals:
        of_home.setdefault(proposal.home, []).append(proposal)
    for home, all_of in of_home.items():
        for first in range(0, len(all_of), BEHIND_ONE):
            some = all_of[first : first + BEHIND_ONE]
            conditions = [c for p in some for c in parse_goal(p.goal).conditions]
            start = start_of(home, Goal(phases=(tuple(dict.fromkeys(conditions)),)))
            branches: list[text.Document] = [text.understood(p.instruction, p.goal) for p in some]
            for single in (p for p in some if p.parts == 1):
                branches.append(text.proposal(single.instruction, single.goal))
                branches.append(text.description(single.goal, single.instruction))
            yield text.Tree(text.home_part(text.inventory(start)), tuple(branches))


def group_of(goal: Goal, start: State, actions: Sequence[Action], attempts: Sequence[Attempt]) -> Group | None:
    """Return the attempts at a plan, the one that is known to work first; None if they do not read the same prompt."""
    left = tuple(c for c in goal.phases[0] if not holds(start, c, start))
    facts = fetch(start, left, start, phase=goal.phases[0])
    if len(goal.phases) > 1 or not facts.name_all(actions):
        return None
    trunk = (*text.plan_heading(left), *text.facts_part(facts.texts))
    found = {text.plan_part(start, actions): (True, len(actions))} if actions else {}
    for attempt in attempts:
        found.setdefault(attempt.document, (attempt.success, attempt.steps))
    return Group(trunk=trunk, attempts=tuple((document, *how) for document, how in found.items()))


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """A plan that was written freely, as an episode's record keeps it."""

    document: text.Document
    success: bool
    steps: int

    def as_dict(self) -> dict[str, object]:
        """Plain data."""
        return {"wrote": [[s.mark, s.text] for s in self.document], "success": self.success, "steps": self.steps}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Attempt:
        """Read it from an episode's record."""
        wrote = [text.Segment(mark, words, i > 0, bool(words)) for i, (mark, words) in enumerate(record["wrote"])]
        return cls(document=tuple(wrote), success=bool(record["success"]), steps=int(record["steps"]))


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


def weights(lessons: Sequence[Lesson]) -> list[float]:
    """Return how often each lesson is to be drawn: its own weight, less the more often its shape was seen."""
    seen = Counter(lesson.shape for lesson in lessons)
    return [lesson.weight / math.sqrt(seen[lesson.shape]) for lesson in lessons]


def lesson_of(record: Mapping[str, Any], start: State, actions: Sequence[Action]) -> Lesson | None:
    """Return the lesson of an episode's record, weighted by how hard it was; None if nothing is to be learnt."""
    if not record["kept"]:
        return hindsight_lesson(start, actions)
    goal = parse_goal(record["goal"])
    lesson = full_lesson(record["instruction"], goal, start, actions)
    attempts = [Attempt.from_dict(a) for a in record.get("attempts", ())]
    return replace(
        lesson,
        weight=FAILED_DIRECTLY if not record["direct"] else 1.0,
        group=group_of(goal, start, actions, attempts) if attempts else None,
    )
