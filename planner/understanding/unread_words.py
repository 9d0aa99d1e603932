"""Words that would change what should be done and that a goal cannot say: the robot asks about them, by name."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from planner.plans.planning_result import ParsedInstruction

if TYPE_CHECKING:
    from envs.symbolic.domain import Domain

MAX_NAMED = 3


def asked_about_unread(parsed: ParsedInstruction, domain: Domain) -> ParsedInstruction:
    """Return a question back that names the unread words, and offers the goal without them."""
    named = " and ".join(f'"{_plain(text)}"' for text in parsed.unread[:MAX_NAMED])
    if parsed.rules:
        return replace(parsed, rules=(), question=f"I cannot keep a rule like that: {named}")
    if parsed.query is not None:
        return replace(parsed, query=None, question=f"I cannot tell {named}. Shall I answer without that?")
    assert parsed.goal is not None
    from planner.language.goal_wording import in_words  # here: it reads the word lists

    question = f"I cannot take {named} into account. Shall I {in_words(parsed.goal, domain)} all the same?"
    return replace(parsed, goal=None, question=question, options=(parsed.goal,))


def _plain(text: str) -> str:
    return text.strip(" ,.;:!?")
