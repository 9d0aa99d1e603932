"""Decides where to look next: each search action has a probability of success and a cost; the best ratio comes first.

A search action is a walk into a room, which shows everything visible there, or the opening of a fixture. Probabilities
come from how often homes in general, or this home, have such an object in such a place
(`planner/world_model/location_prior.py`); places that this search has looked at are excluded, and those seen earlier
count one tenth. The cost of a door that is known to stick is that of the expected number of attempts. Searching in the
order of probability over cost finds an object that is in one of several places in the least expected time (Smith 1956).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from planner.goals.choice import WALKING_SPEED_MPS
from planner.world_model.belief import Belief, Known, free_name

if TYPE_CHECKING:
    from envs.symbolic.scene import FixtureSpec
    from planner.exploration.information_needs import InformationNeed

# Weight of a place that was looked at in an earlier run, or before something was moved: objects rarely arrive there.
REMEMBERED_SHARE = 0.1


@dataclass(frozen=True, kw_only=True)
class SearchAction:
    """A look around a room, or into a fixture.

    Attributes:
        fixture: The fixture that the robot goes to.
        opens: Whether it opens the fixture; otherwise it looks around the room.
        shows: The relevant places whose contents it shows, and fixtures whose states it shows.
        chance: Expected number of needs that it meets.
        cost_s: Estimated duration [s].
    """

    fixture: str
    opens: bool
    shows: frozenset[str]
    chance: float
    cost_s: float


SearchPolicy = Callable[[Sequence[SearchAction]], SearchAction]


def most_likely(looks: Sequence[SearchAction]) -> SearchAction:
    """Return the search action with the best ratio of probability to cost."""
    return max(looks, key=lambda look: look.chance / look.cost_s)


def nearest(looks: Sequence[SearchAction]) -> SearchAction:
    """Return the cheapest search action, whatever its probability."""
    return min(looks, key=lambda look: look.cost_s)


def location_probabilities(
    need: InformationNeed, belief: Belief, blocked: frozenset[str] = frozenset()
) -> dict[str, float]:
    """Return the probability of each place not yet looked at, given that the object is at one of them (sum 1).

    Args:
        need: What is searched for.
        belief: The robot's belief.
        blocked: Fixtures that cannot be reached or opened.
    """
    rates = [belief.habits.rates(word, belief.scene) for word in need.words]
    weights: dict[str, float] = {}
    for spec in belief.scene.fixtures:
        if spec.name in belief.looked or spec.name in blocked or need.only_in not in ("", spec.category):
            continue
        weight = sum(rate.get(spec.name, 0.0) for rate in rates)
        if weight > 0.0:
            weights[spec.name] = weight * (REMEMBERED_SHARE if spec.name in belief.remembered else 1.0)
    total = sum(weights.values())
    return {name: weight / total for name, weight in weights.items()}


def search_actions(
    needs: Sequence[InformationNeed], belief: Belief, blocked: frozenset[str] = frozenset(),
    shut: frozenset[str] = frozenset(),
) -> list[SearchAction]:  # fmt: skip
    """Return the search actions that may show something needed: one for each closed fixture and one for each room.

    Args:
        needs: What is searched for.
        belief: The robot's belief.
        blocked: Fixtures that cannot be reached or opened.
        shut: Closed fixtures that must not be opened; from outside they may be looked at.
    """
    domain = belief.scene.domain
    value: dict[str, float] = {}
    for need in needs:
        if need.fixtures:
            remaining = need.fixtures - blocked
            probabilities = dict.fromkeys(sorted(remaining), 1.0 / max(1, len(remaining)))
        else:
            probabilities = location_probabilities(need, belief, blocked | shut)
        for name, chance in probabilities.items():
            value[name] = value.get(name, 0.0) + chance
    states_only = frozenset().union(*(need.fixtures for need in needs)) if needs else frozenset()
    specs = {spec.name: spec for spec in belief.scene.fixtures}
    open_by_room: dict[str, list[str]] = {}
    closed = []
    for name in value:
        if domain.fixtures[specs[name].category].enclosed and not belief.is_open(name) and name not in states_only:
            closed.append(name)
        else:
            open_by_room.setdefault(specs[name].room, []).append(name)
    current_room = belief.room
    looks = []
    for names in open_by_room.values():
        target = max(names, key=lambda name: value[name])
        looks.append(_look(belief, specs[target], frozenset(names), value, opens=False))
    for name in closed:
        room = specs[name].room
        shows = {name, *(open_by_room.get(room, ()) if room != current_room else ())}
        looks.append(_look(belief, specs[name], frozenset(shows), value, opens=True))
    return looks


def _look(
    belief: Belief, spec: FixtureSpec, shows: frozenset[str], value: Mapping[str, float], *, opens: bool
) -> SearchAction:
    duration_s = belief.scene.domain.duration_s
    action_s = duration_s("open") / belief.habits.opens(spec.name) if opens else duration_s("go to")
    cost = action_s + _travel_time_s(belief, spec)
    chance = sum(value[name] for name in sorted(shows))
    return SearchAction(fixture=spec.name, opens=opens, shows=shows, chance=chance, cost_s=cost)


def _travel_time_s(belief: Belief, spec: FixtureSpec) -> float:
    """Estimate the travel time [s]: from the floor plan; without one, only if the way leads into another room."""
    if any(room.rect[0] < room.rect[2] for room in belief.scene.rooms):
        standing = next((f for f in belief.scene.fixtures if f.name == belief.at), None)
        x, y = (standing.x, standing.y) if standing is not None else belief.scene.robot[:2]
        return math.hypot(spec.x - x, spec.y - y) / WALKING_SPEED_MPS
    return 0.0 if belief.sees(spec.name) else belief.scene.domain.duration_s("go to")


def hypothesize(
    needs: Sequence[InformationNeed], belief: Belief, next_look: SearchAction | None = None,
    blocked: frozenset[str] = frozenset(),
) -> dict[str, Known]:  # fmt: skip
    """Return hypothetical objects for the needs at their most likely places, preferably those that `next_look` shows.

    No place is `blocked`. Needs without a place left, and needs for all objects of a category, get none.
    """
    domain = belief.scene.domain
    hypotheses: dict[str, Known] = {}
    for need in needs:
        places = {} if need.every else location_probabilities(need, belief, blocked)
        if not places:
            continue
        shown_places = {
            name: chance for name, chance in places.items() if next_look is not None and name in next_look.shows
        }
        places_considered = shown_places or places
        place = max(places_considered, key=lambda name: places_considered[name])
        rates = {word: belief.habits.rates(word, belief.scene) for word in need.words}
        word = max(need.words, key=lambda candidate: rates[candidate].get(place, 0.0))
        for _ in range(need.number):
            liquid = domain.objects[word].contains or ""
            hypotheses[free_name(belief, word, hypotheses)] = Known(
                category=word, place=place, states=need.states, liquid=liquid, source="imagined",
                properties=need.properties,
            )  # fmt: skip
    return hypotheses
