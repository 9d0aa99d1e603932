"""What the parts of an instruction became, where another goal is meant than they were told for."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from envs.symbolic.goals import Goal, format_condition
from planner.plans.planning_result import SpokenPart

if TYPE_CHECKING:
    from collections.abc import Sequence

    from envs.symbolic.domain import Domain


def parts_of_goal(parts: Sequence[SpokenPart], goal: Goal | None, domain: Domain) -> tuple[SpokenPart, ...]:
    """Return the parts of an instruction where another goal is meant than they were told for; None: it is still open.

    Parts that were read became the only condition of the goal. Which of several they became is not known: `read`.
    """
    conditions = {format_condition(c, domain) for c in goal.conditions} if goal is not None else set()
    others = ("context", "unread")
    if all(part.became in (*others, *conditions) for part in parts):
        return tuple(parts)
    became = next(iter(conditions)) if len(conditions) == 1 else "read"
    labels = groupby(parts, key=lambda part: part.became if part.became in others else became)
    return tuple(SpokenPart(text=" ".join(part.text for part in group), became=label) for label, group in labels)
