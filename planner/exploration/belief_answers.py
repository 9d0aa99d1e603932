"""Answers questions about a home that is known in part, from what is believed and when it was seen.

"I last saw the wallet in drawer 2 in the bedroom, 12 minutes ago."
"I have not seen a wallet; wallets are often in drawers or on the desk."
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.language.answering.answers import answer
from planner.language.home_wording import Knowledge

if TYPE_CHECKING:
    from envs.symbolic.goals import Query
    from planner.world_model.belief import Belief

LIKELY_SHARE = 0.2  # a place is named as usual if it holds at least this share of what the likeliest holds


def answer_from_belief(query: Query, belief: Belief) -> str:
    """Return the answer to a question, in one sentence and, where it matters, one about what was not looked at."""
    return answer(query, belief.states()[0], knowledge_of(belief))


def knowledge_of(belief: Belief) -> Knowledge:
    """Return what a belief rests on: what was seen and when, what was told, and where things usually are."""
    domain = belief.scene.domain
    holding = {spec.name for spec in belief.scene.fixtures if domain.fixtures[spec.category].region is not None}
    ages: dict[str, float | None] = {}
    for name, known in belief.things.items():
        if known.source != "seen" or known.seen_s is None or known.seen_s < belief.time_s:
            ages[name] = None if known.seen_s is None else belief.time_s - known.seen_s
    for name in belief.looked | belief.remembered:
        age = _age(belief.contents_seen_s.get(name), belief.time_s)
        if age != 0.0 or name in belief.remembered:
            ages[name] = age
    for name in belief.fixtures:
        age = _age(belief.states_seen_s.get(name), belief.time_s)
        if age != 0.0 or name not in belief.inspected:
            ages[f"states {name}"] = age
    return Knowledge(
        unseen=frozenset(holding - belief.looked - belief.remembered),
        uninspected=frozenset(spec.name for spec in belief.scene.fixtures if spec.name not in belief.fixtures),
        ages_s=ages,
        told=frozenset(name for name, known in belief.things.items() if known.source == "told"),
        usual=lambda word: usual_places(word, belief),
    )


def usual_places(word: str, belief: Belief) -> list[str]:
    """Return the fixtures that usually hold a category or class, the likeliest first."""
    rates: dict[str, float] = {}
    for category in belief.scene.domain.resolve(word):
        for name, rate in belief.habits.rates(category, belief.scene).items():
            rates[name] = rates.get(name, 0.0) + rate
    highest = max(rates.values(), default=0.0)
    likely = [name for name, rate in rates.items() if rate >= LIKELY_SHARE * highest]
    return sorted(likely, key=lambda name: -rates[name])


def _age(seen_s: float | None, time_s: float) -> float | None:
    return None if seen_s is None else time_s - seen_s
