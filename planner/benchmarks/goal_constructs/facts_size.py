"""How many tokens the facts of a goal have, in each prompt that plans for a part of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envs.symbolic.rules import forbidden_entities
from planner.corpus.teacher_chunks import plan_in_chunks
from planner.facts.retrieval import retrieve_facts
from planner.prompts import text_format

if TYPE_CHECKING:
    from collections.abc import Sequence

    from envs.symbolic.goals import Goal
    from envs.symbolic.state import State
    from gpt.tokenization.tokenizer import Tokenizer


def facts_tokens(goal: Goal, state: State, tokenizer: Tokenizer) -> list[int]:
    """Return the number of tokens of the facts of each chunk, in the states that the teacher's plan goes through."""
    sizes = []
    phase = goal.phases[0]
    avoid = forbidden_entities(goal.rules, state)
    try:
        for now, conditions, initial_state, _ in plan_in_chunks(state, goal, common_sense=True):
            phase = next((p for p in goal.phases if set(conditions) <= set(p)), phase)  # else it prepares
            facts = retrieve_facts(now, conditions, initial_state, avoid=avoid, phase=phase, common_sense=True)
            sizes.append(len(text_format.encode(text_format.facts_part(facts.texts), tokenizer)[0]) - 1)
    except LookupError:  # the prompts up to there are counted
        pass
    return sizes


def percentile(values: Sequence[int], q: float) -> int:
    """Return the value below which a share q of the values lies; 0 without values."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(q * len(ranked)))] if ranked else 0
