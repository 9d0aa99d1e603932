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

from envs.symbolic.actions import Action, State, successor
from envs.symbolic.goals import Condition, Goal, format_goal, parse_goal
from envs.symbolic.scoring import holds
from planner.facts.retrieval import retrieve_facts
from planner.goals.chunking import exceeds_limit
from planner.goals.comparison import shape
from planner.learning.hindsight import relabel
from planner.learning.proposals import Proposal, start_of
from planner.prompts import text_format

FAILED_DIRECTLY, IN_HINDSIGHT = 3.0, 0.5  # weights beside 1
BEHIND_ONE = 6  # instructions that are read behind one inventory


@dataclass(frozen=True, kw_only=True)
class Group:
    """Attempts at one prompt, each with how good it was.

    Attributes:
        trunk: The prompt.
        attempts: What was written behind it, whether it reached the goal, and in how many subtasks.
    """

    trunk: text_format.Document
    attempts: tuple[tuple[text_format.Document, bool, int], ...]


@dataclass(frozen=True, kw_only=True)
class TrainingExample:
    """Documents of one episode, and how much they are to count, relative to others.

    Attributes:
        documents: Read whenever the lesson is drawn.
        shape: What it has in common with lessons that are alike.
        weight: How much it counts.
        rests: Of the plan; a few of them are read with it.
        group: All attempts at the plan, if there were several.
    """

    documents: tuple[text_format.Document, ...]
    shape: str
    weight: float = 1.0
    rests: tuple[text_format.Document, ...] = ()
    group: Group | None = None


def example_from_success(instruction: str, goal: Goal, start: State, actions: Sequence[Action]) -> TrainingExample:
    """Return the documents of a plan that reaches its goal: what the instruction means, and the whole plan."""
    meaning = text_format.goal_document(instruction, format_goal(goal))
    plans = list(_whole_plans(goal.phases[0], start, actions)) if len(goal.phases) == 1 else []
    documents = ((*text_format.home_part(text_format.inventory(start)), *meaning), *plans[:1])
    return TrainingExample(documents=documents, rests=tuple(plans[1:]), shape=shape(goal))


def instruction_documents(proposals: Sequence[Proposal]) -> Iterator[text_format.Tree]:
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
            branches: list[text_format.Document] = [text_format.goal_document(p.instruction, p.goal) for p in some]
            for single in (p for p in some if p.parts == 1):
                branches.append(text_format.proposal_document(single.instruction, single.goal))
                branches.append(text_format.description_document(single.goal, single.instruction))
            yield text_format.Tree(text_format.home_part(text_format.inventory(start)), tuple(branches))


def group_of(goal: Goal, start: State, actions: Sequence[Action], attempts: Sequence[SampledAttempt]) -> Group | None:
    """Return the attempts at a plan, the one that is known to work first; None if they do not read the same prompt."""
    left = tuple(c for c in goal.phases[0] if not holds(start, c, start))
    facts = retrieve_facts(start, left, start, phase=goal.phases[0])
    if len(goal.phases) > 1 or not facts.name_all(actions):
        return None
    trunk = (*text_format.plan_heading(left), *text_format.facts_part(facts.texts))
    found = {text_format.plan_part(start, actions): (True, len(actions))} if actions else {}
    for attempt in attempts:
        found.setdefault(attempt.document, (attempt.success, attempt.steps))
    return Group(trunk=trunk, attempts=tuple((document, *how) for document, how in found.items()))


@dataclass(frozen=True, kw_only=True)
class SampledAttempt:
    """A plan that was written freely, as an episode's record keeps it."""

    document: text_format.Document
    success: bool
    steps: int

    def as_dict(self) -> dict[str, object]:
        """Plain data."""
        return {
            "wrote": [[s.special_token, s.text] for s in self.document],
            "success": self.success,
            "steps": self.steps,
        }

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> SampledAttempt:
        """Read it from an episode's record."""
        wrote = [
            text_format.Segment(mark, words, i > 0, bool(words)) for i, (mark, words) in enumerate(record["wrote"])
        ]
        return cls(document=tuple(wrote), success=bool(record["success"]), steps=int(record["steps"]))


def _whole_plans(
    conditions: Sequence[Condition], start: State, actions: Sequence[Action]
) -> Iterator[text_format.Document]:
    """Yield the plan as one document, and its rest from each point where something was achieved."""
    state, before = start, -1
    for number, action in enumerate(actions):
        left = tuple(c for c in conditions if not holds(state, c, start))
        if state.held < 0 and len(left) != before and len(left) > 1 - (number == 0):
            before = len(left)
            document = _plan_document(left, conditions, state, start, actions[number:])
            if document is not None:
                yield document
        state = successor(state, action)


def _plan_document(
    left: Sequence[Condition], phase: Sequence[Condition], state: State, start: State, actions: Sequence[Action]
) -> text_format.Document | None:
    """Return a document for the conditions that are left; None if its facts do not name all that the plan uses."""
    if exceeds_limit(state, left, start):
        return None
    facts = retrieve_facts(state, left, start, phase=phase)
    if not facts.name_all(actions):
        return None
    return (
        *text_format.plan_heading(left),
        *text_format.facts_part(facts.texts),
        *text_format.plan_part(state, actions),
    )


def example_from_hindsight(start: State, actions: Sequence[Action]) -> TrainingExample | None:
    """Return the document of what a failed plan did reach, or None if that is nothing to learn from."""
    found = relabel(start, actions)
    if found is None:
        return None
    goal, kept = found
    documents = tuple(_whole_plans(goal.phases[0], start, kept))
    return TrainingExample(documents=documents, shape=shape(goal), weight=IN_HINDSIGHT) if documents else None


def weights(lessons: Sequence[TrainingExample]) -> list[float]:
    """Return how often each lesson is to be drawn: its own weight, less the more often its shape was seen."""
    seen = Counter(lesson.shape for lesson in lessons)
    return [lesson.weight / math.sqrt(seen[lesson.shape]) for lesson in lessons]


def lesson_of(record: Mapping[str, Any], start: State, actions: Sequence[Action]) -> TrainingExample | None:
    """Return the lesson of an episode's record, weighted by how hard it was; None if nothing is to be learned."""
    if not record["kept"]:
        return example_from_hindsight(start, actions)
    goal = parse_goal(record["goal"])
    lesson = example_from_success(record["instruction"], goal, start, actions)
    attempts = [SampledAttempt.from_dict(a) for a in record.get("attempts", ())]
    return replace(
        lesson,
        weight=FAILED_DIRECTLY if not record["direct"] else 1.0,
        group=group_of(goal, start, actions, attempts) if attempts else None,
    )
