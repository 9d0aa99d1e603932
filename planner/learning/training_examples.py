"""Training examples from episodes: the verified plan of a success, and what a failure did achieve (hindsight).

The full planner decodes a long goal in chunks, under constraints, and resamples; its verified plan becomes one document
with the full goal and all facts, from which the direct pass learns to write the plan in one pass. Documents have the
corpus's format, so that old and new ones can be mixed.
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
from planner.learning.proposing.hindsight import relabel
from planner.learning.proposing.proposals import Proposal, initial_state_of
from planner.prompts import text_format

FAILED_DIRECTLY_WEIGHT, HINDSIGHT_WEIGHT = 3.0, 0.5  # relative to 1
INSTRUCTIONS_PER_INVENTORY = 6  # proposals whose documents share one inventory as their prefix


@dataclass(frozen=True, kw_only=True)
class Group:
    """Attempts at one prompt, each with its outcome.

    Attributes:
        prompt: The common prompt.
        attempts: For each attempt: the continuation, whether it reached the goal, and its number of subtasks.
    """

    prompt: text_format.Document
    attempts: tuple[tuple[text_format.Document, bool, int], ...]


@dataclass(frozen=True, kw_only=True)
class TrainingExample:
    """Documents of one episode with a sampling weight.

    Attributes:
        documents: Used every time the example is drawn.
        shape: The form of the goal; examples of a common form are drawn less often.
        weight: The relative sampling weight.
        remainders: Documents with the rest of the plan from later points; a few are used at each draw.
        group: All attempts at the plan, if there were several.
    """

    documents: tuple[text_format.Document, ...]
    shape: str
    weight: float = 1.0
    remainders: tuple[text_format.Document, ...] = ()
    group: Group | None = None


def example_from_success(
    instruction: str, goal: Goal, initial_state: State, actions: Sequence[Action]
) -> TrainingExample:
    """Return the documents of a plan that reaches its goal: the goal of the instruction, and the whole plan."""
    goal_document = text_format.goal_document(instruction, format_goal(goal))
    plans = list(_whole_plans(goal.phases[0], initial_state, actions)) if len(goal.phases) == 1 else []
    documents = ((*text_format.home_part(text_format.inventory(initial_state)), *goal_document), *plans[:1])
    return TrainingExample(documents=documents, remainders=tuple(plans[1:]), shape=shape(goal))


def instruction_documents(proposals: Sequence[Proposal]) -> Iterator[text_format.Tree]:
    """Yield documents that map instructions to goals; up to `INSTRUCTIONS_PER_INVENTORY` share a home's inventory.

    A proposal that is not composed also becomes a document for proposing tasks and one for verbalizing goals.
    """
    by_home: dict[int, list[Proposal]] = {}
    for proposal in proposals:
        by_home.setdefault(proposal.home, []).append(proposal)
    for home, home_proposals in by_home.items():
        for offset in range(0, len(home_proposals), INSTRUCTIONS_PER_INVENTORY):
            batch = home_proposals[offset : offset + INSTRUCTIONS_PER_INVENTORY]
            conditions = [c for p in batch for c in parse_goal(p.goal).conditions]
            initial_state = initial_state_of(home, Goal(phases=(tuple(dict.fromkeys(conditions)),)))
            branches: list[text_format.Document] = [text_format.goal_document(p.instruction, p.goal) for p in batch]
            for single in (p for p in batch if p.parts == 1):
                branches.append(text_format.proposal_document(single.instruction, single.goal))
                branches.append(text_format.description_document(single.goal, single.instruction))
            yield text_format.Tree(text_format.home_part(text_format.inventory(initial_state)), tuple(branches))


def group_of(
    goal: Goal, initial_state: State, actions: Sequence[Action], attempts: Sequence[SampledAttempt]
) -> Group | None:
    """Return the attempts at a plan, the verified one first; None if they do not share the same prompt."""
    unmet = tuple(c for c in goal.phases[0] if not holds(initial_state, c, initial_state))
    facts = retrieve_facts(initial_state, unmet, initial_state, phase=goal.phases[0], common_sense=True)
    if len(goal.phases) > 1 or not facts.name_all(actions):
        return None
    prompt = (*text_format.plan_heading(unmet), *text_format.facts_part(facts.texts))
    by_document = {text_format.plan_part(initial_state, actions): (True, len(actions))} if actions else {}
    for attempt in attempts:
        by_document.setdefault(attempt.document, (attempt.success, attempt.steps))
    return Group(prompt=prompt, attempts=tuple((document, *outcome) for document, outcome in by_document.items()))


@dataclass(frozen=True, kw_only=True)
class SampledAttempt:
    """An unconstrained plan as stored in an episode's record."""

    document: text_format.Document
    success: bool
    steps: int

    def as_dict(self) -> dict[str, object]:
        """Plain data for the episode's record."""
        return {
            "wrote": [[s.special_token, s.text] for s in self.document],
            "success": self.success,
            "steps": self.steps,
        }

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> SampledAttempt:
        """Read it from an episode's record."""
        document = [
            text_format.Segment(mark, words, i > 0, bool(words)) for i, (mark, words) in enumerate(record["wrote"])
        ]
        return cls(document=tuple(document), success=bool(record["success"]), steps=int(record["steps"]))


def _whole_plans(
    conditions: Sequence[Condition], initial_state: State, actions: Sequence[Action]
) -> Iterator[text_format.Document]:
    """Yield the plan as one document, then its remainder from each point where a condition was achieved."""
    state, previous_count = initial_state, -1
    for index, action in enumerate(actions):
        unmet = tuple(c for c in conditions if not holds(state, c, initial_state))
        if state.held < 0 and len(unmet) != previous_count and len(unmet) > 1 - (index == 0):
            previous_count = len(unmet)
            document = _plan_document(unmet, conditions, state, initial_state, actions[index:])
            if document is not None:
                yield document
        state = successor(state, action)


def _plan_document(
    unmet: Sequence[Condition],
    phase: Sequence[Condition],
    state: State,
    initial_state: State,
    actions: Sequence[Action],
) -> text_format.Document | None:
    """Return a document for the unmet conditions; None if its facts do not name all that the plan uses."""
    if exceeds_limit(state, unmet, initial_state):
        return None
    facts = retrieve_facts(state, unmet, initial_state, phase=phase, common_sense=True)
    if not facts.name_all(actions):
        return None
    return (
        *text_format.plan_heading(unmet),
        *text_format.facts_part(facts.texts),
        *text_format.plan_part(state, actions),
    )


def example_from_hindsight(initial_state: State, actions: Sequence[Action]) -> TrainingExample | None:
    """Return an example of what a failed plan did achieve; None if there is nothing to learn from."""
    relabeled = relabel(initial_state, actions)
    if relabeled is None:
        return None
    goal, executed = relabeled
    documents = tuple(_whole_plans(goal.phases[0], initial_state, executed))
    return TrainingExample(documents=documents, shape=shape(goal), weight=HINDSIGHT_WEIGHT) if documents else None


def weights(examples: Sequence[TrainingExample]) -> list[float]:
    """Return the sampling weight of each example: its own weight over the square root of its shape's count."""
    shape_counts = Counter(example.shape for example in examples)
    return [example.weight / math.sqrt(shape_counts[example.shape]) for example in examples]


def training_example_of(
    record: Mapping[str, Any], initial_state: State, actions: Sequence[Action]
) -> TrainingExample | None:
    """Return the example of an episode's record, weighted by difficulty; None if there is nothing to learn from."""
    if not record["kept"]:
        return example_from_hindsight(initial_state, actions)
    goal = parse_goal(record["goal"])
    example = example_from_success(record["instruction"], goal, initial_state, actions)
    attempts = [SampledAttempt.from_dict(a) for a in record.get("attempts", ())]
    return replace(
        example,
        weight=FAILED_DIRECTLY_WEIGHT if not record["direct"] else 1.0,
        group=group_of(goal, initial_state, actions, attempts) if attempts else None,
    )
