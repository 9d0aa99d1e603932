"""Why a goal needs another robot: the skills that this one lacks, or what its hand cannot hold or reach."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from envs.symbolic.embodiment.hand_limits import cannot, out_of_reach, too_heavy, too_wide
from envs.symbolic.embodiment.possible import Possible, possible_in
from envs.symbolic.embodiment.possible_goals import PossibleGoals
from envs.symbolic.goals import Condition, Every, FixtureIs, No, format_condition
from envs.symbolic.progress import is_true
from envs.symbolic.scoring import fixtures_at, holds, matching_objects, quantified_objects

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from envs.symbolic.domain import Hand
    from envs.symbolic.goals import Goal, Place
    from envs.symbolic.state import State

_HAND = ("width_m", "payload_kg", "reach_m")  # after the skills: a skill is named rather than the hand


def robot_obstacle(goal: Goal, state: State, *, initial_state: State | None = None) -> str:
    """Say why this robot cannot reach a goal that another one could; return "" if nothing speaks against it.

    Sure: what is refused here, no plan of this robot reaches. The message names the condition, if there are several.

    Args:
        goal: The goal.
        state: The state where a plan would begin.
        initial_state: The first state of the episode, if it is earlier.
    """
    if not state.world.domain.has_limits:
        return ""
    start = initial_state or state
    for condition in _surely_asked(goal, state, start):
        if holds(state, condition, start) or PossibleGoals(possible_in(state), start).may_hold(condition):
            continue
        if reason := _Refusal(condition, state, start).reason():
            return f"{format_condition(condition)}: {reason}" if len(goal.conditions) > 1 else reason
    return ""


def _surely_asked(goal: Goal, state: State, initial_state: State) -> Iterator[Condition]:
    """Yield the conditions of the phases that no test leaves out; what is chosen later is not known yet."""
    is_later = False
    for number, phase in enumerate(goal.phases):
        guard = goal.guard(number)
        is_later = is_later or (number > 0 and guard.when is not None)
        if guard.tests and (number > 0 or not all(is_true(test, state, initial_state) for test in guard.tests)):
            continue
        yield from (c for c in phase if not (is_later and isinstance(c, Every)))


class _Refusal:
    def __init__(self, condition: Condition, state: State, initial_state: State) -> None:
        self.condition, self.state, self.initial_state = condition, state, initial_state
        self.world, self.domain = state.world, state.world.domain

    def reason(self) -> str:
        """Return what this robot would have to have; empty if no robot can bring it about."""
        if not self.may_hold_without(frozenset()):
            return ""
        kept = frozenset[str]()
        needed: list[str] = []
        limits = [name for name in _HAND if self.domain.hand is not None and getattr(self.domain.hand, name)]
        for name in (*limits, *self.domain.lacking):  # keep as many of the robot's limits as the condition allows
            if self.may_hold_without(kept | {name}):
                kept |= {name}
            else:
                needed.append(name)
        skills = [self.skill(name) for name in needed if name in self.domain.lacking]
        reasons = [cannot(_listed(skills))] if skills else []
        for name in needed:
            if name not in self.domain.lacking and (words := self.hand(name)):
                reasons.append(words)
        return "; ".join(reasons)

    def may_hold_without(self, limits: frozenset[str]) -> bool:
        """Whether a robot with only these of the limits could bring the condition about."""
        hand = self.domain.hand
        if hand is not None:
            hand = replace(hand, **{name: None for name in _HAND if name not in limits})
        skills = {name: skill for name, skill in self.domain.all_skills.items() if name not in limits}
        return PossibleGoals(Possible(self.state, skills, hand), self.initial_state).may_hold(self.condition)

    # -- words ---------------------------------------------------------------------------------------------------------

    def skill(self, name: str) -> str:
        """Return a skill that is missing, with what it would be done to if that is one thing."""
        if name == "open":
            for item in self.objects():
                if (closed := self.state.closed_around(item)) is not None:
                    return f"open {self.the(closed)}, where {self.the(item)} is"
            closed_places = [f for f in self.places() if self.world.enclosed[f] and not self.state.has(f, "open")]
            return f"open {self.the(closed_places[0])}" if closed_places else name
        return name

    def hand(self, name: str) -> str:
        """Return what the hand cannot hold, or where the robot does not reach."""
        hand = self.domain.hand
        assert hand is not None
        if name == "reach_m":
            roots = [root for i in self.objects() if (root := self.state.root(i)) >= 0]
            return self.first([*roots, *self.places()], lambda f, h: out_of_reach(self.world, f, h))
        if name == "width_m":
            return self.first(self.things(), lambda i, h: too_wide(self.world, i, h))
        return self.first(self.things(), lambda i, h: too_heavy(self.world, (i,), h))

    def first(self, entities: Iterable[int], words: object) -> str:
        """Return the words about the first entity of which there is something to say."""
        hand: Hand | None = self.domain.hand
        for entity in entities:
            if said := words(entity, hand):  # type: ignore[operator]
                return f"{self.the(entity)} {said}"
        return ""

    def objects(self) -> list[int]:
        """Return the objects that the condition is about."""
        condition = self.condition
        if isinstance(condition, FixtureIs):
            return []
        if isinstance(condition, Every):
            return quantified_objects(self.initial_state, condition)
        if isinstance(condition, No):
            return matching_objects(self.state, condition.thing, condition.place, self.initial_state)
        objects = list(self.world.objects_of(condition.thing.word))
        full = PossibleGoals(Possible(self.state, self.domain.all_skills, None), self.initial_state)
        return [i for i in objects if full.serves(i, condition)]

    def things(self) -> list[int]:
        """Return the objects that the condition is about, those that they go in, and the tools."""
        place, holders = self.place(), list[int]()
        while place is not None and place.thing is not None:
            holders += self.world.objects_of(place.thing.word)
            place = place.inside
        tools = [
            i
            for i, category in enumerate(self.world.object_category)
            if category is not None and (category.cuts or category.wipes or category.contains or category.fills)
        ]
        return [*self.objects(), *holders, *tools]

    def places(self) -> list[int]:
        """Return the furniture that the condition is about."""
        place = self.place()
        while place is not None and place.thing is not None:
            place = place.inside
        return [] if place is None else fixtures_at(self.state, place)

    def place(self) -> Place | None:
        place: Place | None = getattr(self.condition, "place", None)
        return place

    def the(self, entity: int) -> str:
        """Return what people call an entity: `the fridge` if there is only one, otherwise `cabinet 2`."""
        category = self.world.categories[entity]
        return f"the {category}" if len(self.world.entities_by_category[category]) == 1 else self.world.names[entity]


def _listed(skills: list[str]) -> str:
    """Join skills: "pick up or slice"; one with its reason comes last."""
    ordered = sorted(skills, key=lambda words: "," in words)
    return " or ".join([", ".join(ordered[:-1]), ordered[-1]] if len(ordered) > 1 else ordered)
