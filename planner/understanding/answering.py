"""Answers to questions about the home that people ask in their own words."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from envs.symbolic.goals import parse_query

if TYPE_CHECKING:
    from envs.symbolic.state import State
    from planner.plans.planning_result import ParsedInstruction


def answered(parsed: ParsedInstruction, state: State) -> ParsedInstruction:
    """Return a question about the home with its answer from the state."""
    assert parsed.query is not None
    from planner.language.answering.answers import answer  # here: most instructions are no questions

    return replace(parsed, answer=answer(parsed.query, state))


def have_same_answer(question: str, other: str, state: State) -> bool:
    """Whether two questions in the goal language have the same answer in this home."""
    from planner.language.answering.answers import answer

    first, second = (answer(parse_query(query, scene=state.world.scene), state) for query in (question, other))
    return first == second
