"""The teacher: decomposes a goal into a short plan by rules. It writes the first corpus and nothing else.

It is not consulted when the GPT plans, and the improvement loop never imports it. A goal that it cannot reach is a
value: `None` and a reason. Every step it writes is applicable in the symbolic world, by construction.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from envs.symbolic.actions import ON, OPEN, SLICED, Action, State, format_action, successor, unmet_precondition
from envs.symbolic.goals import Condition, Count, Every, FixtureIs, Holding, No, Place, Thing, format_thing
from envs.symbolic.scoring import fixtures_of, holds, is_at, matching_objects, quantified_objects
from planner.goals import grounding
from planner.goals.grounding import MAX_OBJECTS_PER_CONDITION, rank

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_STEPS = 160


class _StuckError(Exception):
    """The teacher has no way on; its text says why."""


@dataclass(frozen=True, kw_only=True)
class Taught:
    """A plan that reaches its goal, or None with the reason."""

    actions: tuple[Action, ...] | None
    reason: str = ""


def teach(
    state: State, conditions: Sequence[Condition], start: State, *, phase: Sequence[Condition] = (),
    avoid: frozenset[int] = frozenset(),
) -> Taught:  # fmt: skip
    """Plan for conditions that are independent of each other, from `state`, in an episode that began in `start`.

    Things that a condition of `phase` rests on already are left where they are, if others serve; what is in `avoid` is
    not used if the goal leaves a choice.
    """
    teacher = _Teacher(state, start, grounding.satisfied_objects(state, phase), avoid)
    try:
        for condition in sorted(conditions, key=rank):
            teacher.achieve(condition)
        teacher.tidy(conditions)
    except _StuckError as stuck:
        return Taught(actions=None, reason=str(stuck))
    if not teacher.limited and not all(holds(teacher.state, c, start) for c in conditions):
        return Taught(actions=None, reason="the conditions undo each other")
    return Taught(actions=tuple(teacher.actions))


class _Teacher:
    def __init__(self, state: State, start: State, taken: dict[int, Place | None], avoid: frozenset[int]) -> None:
        self.first = state  # things and places are chosen in it, as the facts of the prompt are
        self.avoid = avoid
        self.state = state
        self.start = start
        self.taken = taken  # what conditions have chosen, and for where
        self.actions: list[Action] = []
        self.opened: list[int] = []
        self.limited = False

    def do(self, skill: str, *entities: int) -> None:
        action = Action(skill, tuple(self.state.world.names[e] for e in entities))
        if (reason := unmet_precondition(self.state, action)) is not None:
            raise _StuckError(f"{format_action(self.state.world, action)}: {reason}")
        if len(self.actions) >= MAX_STEPS:
            raise _StuckError(f"the plan is longer than {MAX_STEPS} steps")
        self.state = successor(self.state, action)
        self.actions.append(action)

    def free_hand(self) -> None:
        held = self.state.held
        if held >= 0:
            at = self.state.at if self.state.at >= 0 else None
            place = grounding.open_surface(self.state, held, near=at, avoid=self.avoid)
            if place is None:
                raise _StuckError(f"nowhere to put down {self.state.world.names[held]}")
            self.do("put", held, place)

    def open(self, fixture: int) -> None:
        if self.state.world.enclosed[fixture] and not self.state.flags[fixture] & OPEN:
            self.free_hand()
            if self.state.flags[fixture] & ON:
                self.do("turn off", fixture)
            self.do("open", fixture)
            self.opened.append(fixture)

    def close(self, fixture: int) -> None:
        if self.state.world.enclosed[fixture] and self.state.flags[fixture] & OPEN:
            self.free_hand()
            self.do("close", fixture)

    def take(self, thing: int) -> None:
        if self.state.held == thing:
            return
        self.free_hand()
        if (closed := self.state.closed_around(thing)) is not None:
            self.open(closed)
        self.do("pick up", thing)

    def bring(self, thing: int, place: int) -> None:
        """Put a thing in or on a place, opened before the hand is full."""
        if self.state.place[thing] == place:
            return
        root = self.state.root(place)
        if root >= 0 and self.state.world.enclosed[root] and not self.state.flags[root] & OPEN:
            self.open(root)
        self.take(thing)
        self.do("put", thing, place)

    def run(self, fixture: int) -> None:
        """Let an appliance run once over what is in it, and leave it off."""
        process = self.state.world.process[fixture]
        if process and "closed" in process.when:
            self.close(fixture)
        kind = self.state.world.fixture_category[fixture]
        if kind and kind.switch:
            self.free_hand()
            if not self.state.flags[fixture] & ON:
                self.do("turn on", fixture)
            self.do("turn off", fixture)

    def make(self, things: Sequence[int], thing: Thing) -> None:
        """Bring about the states that `thing` asks for, in each of the things."""
        for word in sorted(
            thing.states, key=lambda s: grounding.STATE_ORDER.index(s) if s in grounding.STATE_ORDER else 99
        ):
            lacking = [t for t in things if not self.state.has(t, word)]
            if not lacking:
                continue
            if word == "sliced":
                self.slice(lacking)
            elif word in ("folded", "cooked"):
                for t in lacking:
                    (self.fold if word == "folded" else self.cook)(t)
            elif word in grounding.APPLIANCES:
                self.treat(lacking, word)
            else:
                raise _StuckError(f"nothing here makes things {word}")

    def treat(self, things: Sequence[int], word: str) -> None:
        batches: dict[int, list[int]] = {}
        for t in things:
            fixture = grounding.appliance_for(self.state, word, t, self.avoid)
            if fixture is None:
                raise _StuckError(f"nothing here makes {self.state.world.names[t]} {word}")
            self.bring(t, fixture)
            batches.setdefault(fixture, []).append(t)
        for fixture in batches:
            self.run(fixture)

    def slice(self, things: Sequence[int]) -> None:
        for t in things:
            self.onto_surface(t)
        knife = grounding.tool_for(self.first, "cuts", self.avoid)
        if knife is None:
            raise _StuckError("there is no knife")
        self.take(knife)
        for t in things:
            if not self.state.flags[t] & SLICED:
                self.do("slice", t)
        root = self.state.root(things[-1])
        place = grounding.open_surface(self.state, knife, near=root, avoid=self.avoid)
        if place is None:
            raise _StuckError("nowhere to put down the knife")
        self.do("put", knife, place)

    def onto_surface(self, thing: int) -> None:
        """Move a thing out of a cupboard, the hand or a person's hands to where it can be worked on."""
        root = self.state.root(thing)
        if root < 0 or self.state.world.enclosed[root] or self.state.world.relation[root] != "on":
            place = grounding.open_surface(self.state, thing, avoid=self.avoid)
            if place is None:
                raise _StuckError(f"nowhere to put {self.state.world.names[thing]}")
            self.bring(thing, place)

    def fold(self, thing: int) -> None:
        self.onto_surface(thing)
        self.free_hand()
        self.do("fold", thing)

    def cook(self, thing: int) -> None:
        fixture = grounding.appliance_for(self.state, "cooked", thing, self.avoid)
        if fixture is None:
            raise _StuckError(f"nothing here cooks {self.state.world.names[thing]}")
        target = fixture
        if self.state.world.categories[fixture] == "stove burner":
            vessel = grounding.cooking_vessel(self.state, thing, self.avoid)
            assert vessel is not None
            stands_on = self.state.place[vessel]
            if stands_on >= 0 and self.state.world.categories[stands_on] == "stove burner":
                fixture = stands_on
            self.bring(vessel, fixture)
            target = vessel
        self.bring(thing, target)
        self.run(fixture)

    def fill(self, vessel: int, liquid: str) -> None:
        origin = grounding.liquid_source(self.state, liquid, vessel, self.avoid)
        if origin is None:
            raise _StuckError(f"there is no {liquid}")
        if origin < self.state.world.n_fixtures:
            self.bring(vessel, origin)
            self.run(origin)
        else:
            self.pour(origin, vessel)

    def pour(self, origin: int, into: int) -> None:
        root = self.state.root(into)
        if root < 0:
            self.onto_surface(into)
        elif self.state.world.enclosed[root]:
            self.open(root)
        home = self.state.root(origin)
        self.take(origin)
        self.do("pour", origin, into)
        self.put_back(origin, home)

    def put_back(self, thing: int, home: int) -> None:
        shut = home < 0 or (self.state.world.enclosed[home] and not self.state.flags[home] & OPEN)
        if not shut and grounding.can_hold(self.state, home, thing):
            self.do("put", thing, home)
        else:
            self.free_hand()

    def achieve(self, condition: Condition) -> None:
        if holds(self.state, condition, self.start):
            return
        if isinstance(condition, Count):
            self.count(condition)
        elif isinstance(condition, Every):
            about = quantified_objects(self.start, condition)
            if not about:
                raise _StuckError(f"there is no {format_thing(condition.thing)}")
            if condition.place is not None:
                left = self.limit([t for t in about if not is_at(self.state, t, condition.place)])
                self.bring_all(left, Thing(word="anything"), condition.place)
            else:
                left = self.limit([t for t in about if not all(self.state.has(t, s) for s in condition.become)])
                self.make(left, Thing(word="anything", states=condition.become))
        elif isinstance(condition, No):
            self.none(condition)
        elif isinstance(condition, Holding):
            found = grounding.candidates(self.first, condition.thing, None, avoid=self.avoid)
            ready = matching_objects(self.first, condition.thing)
            ready = [t for t in ready if not grounding.is_avoided(self.first, t, self.avoid)]
            if not ready and not found:
                raise _StuckError(f"there is no {format_thing(condition.thing)}")
            ready.sort(key=lambda t: (self.taken.get(t) is not None, grounding.reach_cost(self.first, t)))
            thing = (ready or found)[0]
            self.make([thing], condition.thing)
            if condition.thing.liquid and self.state.liquid[thing] != condition.thing.liquid:
                self.fill(thing, condition.thing.liquid)
            self.take(thing)
        else:
            self.fixture(condition)

    def filled(self) -> State:
        """The first state with things where they are now: doors that were opened meanwhile do not count."""
        return self.first._replace(place=self.state.place)

    def limit(self, things: list[int]) -> list[int]:
        self.limited |= len(things) > MAX_OBJECTS_PER_CONDITION
        return things[:MAX_OBJECTS_PER_CONDITION]

    def count(self, condition: Count) -> None:
        done = matching_objects(self.state, condition.thing, condition.place)
        missing = condition.number - len(done)
        found = grounding.candidates(self.first, condition.thing, condition.place, taken=self.taken, avoid=self.avoid)
        things = [t for t in found if t not in done][:missing]
        if len(things) < missing:
            raise _StuckError(f"there are not enough of: {condition.thing.word}")
        self.taken |= dict.fromkeys(things, condition.place)
        pourable = condition.thing.liquid if condition.place is not None else None
        origin = grounding.liquid_source(self.state, pourable, things[0], self.avoid) if pourable else None
        late = origin is not None and origin >= self.state.world.n_fixtures
        wanted = condition.thing
        self.make(things, wanted)
        if wanted.liquid and not late:
            for t in things:
                if self.state.liquid[t] != wanted.liquid:
                    self.fill(t, wanted.liquid)
        if condition.place is not None:
            self.bring_all(things, wanted, condition.place)
        if wanted.liquid and late:
            for t in things:
                if self.state.liquid[t] != wanted.liquid:
                    self.fill(t, wanted.liquid)

    def bring_all(self, things: Sequence[int], wanted: Thing, place: Place) -> None:
        if place.fixture is not None:
            target = grounding.choose_fixture(self.first, place.fixture, list(things), avoid=self.avoid)
            if target is None:
                raise _StuckError(f"no {place.fixture} can take it")
            for t in things:
                if not grounding.can_hold(self.state, target, t):  # full: the next one of its kind
                    target = grounding.choose_fixture(self.state, place.fixture, [t], avoid=self.avoid)
                    if target is None or not grounding.can_hold(self.state, target, t):
                        raise _StuckError(f"no room {self.state.world.relation[target or 0]} {place.fixture}")
                if is_at(self.state, t, place):
                    continue
                if self.state.world.relation[target] == "with":
                    self.take(t)
                    self.do("give", t, target)
                else:
                    self.bring(t, target)
            return
        container = grounding.choose_container(self.first, place, list(things), taken=self.taken, avoid=self.avoid)
        if container is None or place.thing is None:
            raise _StuckError("there is no container for it")
        self.taken[container] = place.inside
        self.make([container], place.thing)
        inside = place.inside
        enclosed = (
            inside is not None
            and inside.fixture is not None
            and self.state.world.domain.fixtures[inside.fixture].enclosed
        )
        if inside is not None and not enclosed and not is_at(self.state, container, inside):
            self.bring_all([container], place.thing, inside)
        for t in things:
            self.bring(t, container)
        if inside is not None and not is_at(self.state, container, inside):
            self.bring_all([container], place.thing, inside)

    def none(self, condition: No) -> None:
        for thing in self.limit(matching_objects(self.state, condition.thing, condition.place)):
            if "dirty" in condition.thing.states and condition.place is None:
                self.make([thing], Thing(word="anything", states=("clean",)))
                continue
            if condition.place is None:
                raise _StuckError(f"things cannot be made to vanish: {condition.thing.word}")
            if not is_at(self.state, thing, condition.place):
                continue  # it left in its container
            target = grounding.alternative_place(self.filled(), thing, condition.place, self.avoid)
            if target is None:
                raise _StuckError(f"nowhere else to put {self.state.world.names[thing]}")
            self.bring(thing, target)

    def fixture(self, condition: FixtureIs) -> None:
        word = condition.state
        opposite = {"open": "closed", "closed": "open", "on": "off", "off": "on", "dirty": "clean"}
        if condition.quantifier == "no":
            if word not in opposite:
                raise _StuckError(f"nothing makes a {condition.fixture} not {word}")
            word = opposite[word]
        named = sorted(fixtures_of(self.state, condition), key=self.avoid.__contains__)
        lacking = [f for f in named if not self.state.has(f, word)]
        if condition.quantifier == "some":
            lacking = lacking[:1]
        if not lacking:
            raise _StuckError(f"there is no {condition.fixture}")
        for f in lacking:
            self.change(f, word)

    def change(self, fixture: int, word: str) -> None:
        if word == "clean":
            cloth = grounding.tool_for(self.state, "wipes", self.avoid)
            if cloth is None:
                raise _StuckError("there is no cloth or sponge")
            home = self.state.root(cloth)
            self.take(cloth)
            self.do("wipe", fixture)
            self.put_back(cloth, home)
        elif word == "watered":
            vessel = grounding.tool_for(self.state, "waters", self.avoid)
            if vessel is None:
                raise _StuckError("there is nothing to water plants with")
            home = self.state.root(vessel)
            if self.state.liquid[vessel] != "water":
                self.fill(vessel, "water")
            self.take(vessel)
            self.do("pour", vessel, fixture)
            self.put_back(vessel, home)
        else:
            self.free_hand()
            if word == "open" and self.state.flags[fixture] & ON:
                self.do("turn off", fixture)
            process = self.state.world.process[fixture]
            if word == "on" and process and "closed" in process.when and self.state.flags[fixture] & OPEN:
                self.do("close", fixture)
            self.do({"open": "open", "closed": "close", "on": "turn on", "off": "turn off"}[word], fixture)

    def tidy(self, conditions: Sequence[Condition]) -> None:
        """Close what a person would not leave open, unless that undoes a condition."""
        for fixture in dict.fromkeys(self.opened):
            kind = self.state.world.fixture_category[fixture]
            if not (kind and kind.close_after and self.state.flags[fixture] & OPEN and self.state.held < 0):
                continue
            action = Action("close", (self.state.world.names[fixture],))
            if unmet_precondition(self.state, action) is None and all(
                holds(successor(self.state, action), c, self.start) for c in conditions
            ):
                self.do("close", fixture)
