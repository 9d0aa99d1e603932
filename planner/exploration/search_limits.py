"""Where the robot does not look: furniture that it may not walk to or look into, by which rule, or cannot open."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from envs.symbolic.actions import ON, Action, successor
from envs.symbolic.embodiment.hand_limits import cannot
from envs.symbolic.goals import format_rule
from envs.symbolic.rules import first_broken, forbidden_entities
from planner.language.noun_phrases import listed

if TYPE_CHECKING:
    from envs.symbolic.goals import Rule
    from planner.world_model.belief import Belief


@dataclass(frozen=True, kw_only=True)
class SearchLimits:
    """Where the robot must not or cannot look, by the names of fixtures.

    Attributes:
        visits: Fixtures that it does not walk to, each with the rule, or what the robot cannot do.
        doors: Closed fixtures that it does not open, each with the rule, or what the robot cannot do.
    """

    visits: Mapping[str, Rule | str] = field(default_factory=dict)
    doors: Mapping[str, Rule | str] = field(default_factory=dict)

    @property
    def places(self) -> frozenset[str]:
        """The fixtures whose contents it must not look at."""
        return frozenset((*self.visits, *self.doors))

    def reasons(self, places: Collection[str]) -> Iterator[str]:
        """Say which of the given places it does not look at: "I may not look into safe 1: never open safe"."""
        for verb, forbidden in (("go to", self.visits), ("look into", self.doors)):
            by_reason: dict[Rule | str, list[str]] = {}
            for name, reason in forbidden.items():
                if name in places and (verb == "go to" or name not in self.visits):
                    by_reason.setdefault(reason, []).append(name)
            for reason, names in by_reason.items():
                if isinstance(reason, str):
                    yield f"I cannot {verb} {listed(names)}: {reason}"
                else:
                    yield f"I may not {verb} {listed(names)}: {format_rule(reason)}"


def search_limits(rules: Sequence[Rule], belief: Belief) -> SearchLimits:
    """Return where rules forbid the robot to look, or it cannot, as far as it knows the home."""
    return _limits(tuple(rules), _Key(belief)) if rules or belief.scene.domain.lacking else SearchLimits()


def forbidden_names(rules: Sequence[Rule], belief: Belief) -> frozenset[str]:
    """Return the names of the known fixtures and objects that rules forbid skills on."""
    if not rules:
        return frozenset()
    state, _ = belief.states()
    return frozenset(state.world.names[e] for e in forbidden_entities(rules, state))


class _Key:
    """A belief as a key: compared by identity, because every observation makes a new one."""

    def __init__(self, belief: Belief) -> None:
        self.belief = belief

    def __hash__(self) -> int:
        return id(self.belief)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and other.belief is self.belief


@lru_cache(maxsize=4)
def _limits(rules: tuple[Rule, ...], key: _Key) -> SearchLimits:
    belief = key.belief
    state, initial_state = belief.states()
    domain, index = belief.scene.domain, state.world.index
    visits: dict[str, Rule | str] = {}
    doors: dict[str, Rule | str] = {}
    for spec in belief.scene.fixtures:
        at = index[spec.name]
        going = Action("go to", (spec.name,))
        if going.skill in domain.lacking:
            visits[spec.name] = cannot(going.skill)
        elif (rule := first_broken(rules, going, state, successor(state, going), initial_state)) is not None:
            visits[spec.name] = rule
        if domain.fixtures[spec.category].enclosed and not belief.is_open(spec.name):
            before = state
            for skill in ("turn off", "open") if state.flags[at] & ON else ("open",):
                action = Action(skill, (spec.name,))
                if skill in domain.lacking:
                    doors.setdefault(spec.name, cannot(skill))
                after = successor(before, action)
                if (rule := first_broken(rules, action, before, after, initial_state)) is not None:
                    doors.setdefault(spec.name, rule)
                before = after
    return SearchLimits(visits=visits, doors=doors)
