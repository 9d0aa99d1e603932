"""The teacher: a rule-based planner that writes the plans of the initial training corpus.

It is not used when the GPT plans, and the improvement loop never imports it. For a goal that it cannot reach it
returns no actions and a reason. Every step it writes is applicable in the symbolic world by construction.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from envs.symbolic.actions import ON, OPEN, SLICED, Action, State, successor, unmet_precondition
from envs.symbolic.embodiment.unusable import spared
from envs.symbolic.goals import (
    Condition,
    Count,
    Every,
    FixtureIs,
    Goal,
    Holding,
    No,
    Place,
    Rule,
    Thing,
    format_condition,
    format_thing,
)
from envs.symbolic.rules import breaks
from envs.symbolic.scoring import fixtures_of, holds, is_at, matching_objects, quantified_objects
from planner.corpus.teacher_hands import StuckError
from planner.corpus.teacher_skills import SkilledHands
from planner.goals import choice, grounding
from planner.goals.grounding import MAX_OBJECTS_PER_CONDITION
from planner.goals.means.appliances import APPLIANCES, appliances_for
from planner.goals.means.kinds import is_burner, stands_on_burner
from planner.goals.means.states import is_by_own_skill, opposite_of, order_of_states, removable
from planner.goals.narrowing import Narrowed, aim_of, in_order, part_holds, parts_of
from planner.goals.serving import conditions_as_served
from planner.verification.door_closing import close_doors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from envs.symbolic.scoring import Uses


@dataclass(frozen=True, kw_only=True)
class Taught:
    """A plan that reaches its goal, or None with a reason."""

    actions: tuple[Action, ...] | None
    reason: str = ""


def teach(
    state: State, conditions: Sequence[Condition | Narrowed], initial_state: State, *, phase: Sequence[Condition] = (),
    avoid: frozenset[int] = frozenset(), rules: Sequence[Rule] = (), common_sense: bool = False, uses: Uses = (),
    is_part: bool = False, opened: Sequence[int] = (),
) -> Taught:  # fmt: skip
    """Plan from `state` for conditions that are independent of each other.

    Args:
        state: The current state.
        conditions: The conditions to achieve; also plain ones of a home in which something is hidden.
        initial_state: The initial state of the episode.
        phase: All conditions of the current phase; objects that already satisfy one stay in place if others can be
            used.
        avoid: Fixtures and objects that are used only if the goal leaves no choice.
        rules: What must not happen.
        common_sense: Choose objects as people do (planner/goals/choice.py), as the facts with `common_sense`; serve
            clean things (planner/goals/serving.py), and close what was opened (planner/verification/door_closing.py).
        uses: The means that the episode has used so far.
        is_part: The plan is part of a longer one, whose maker decides what is served and what is closed.
        opened: What an earlier part opened and left open; without common sense it is closed like what is opened here.
    """
    if not common_sense or is_part:
        return _teach(
            state, conditions, initial_state, phase, avoid, rules, uses, common_sense=common_sense, opened=opened
        )
    plain = [c for c in conditions if not isinstance(c, Narrowed)]
    spared_things = avoid | spared(plain, rules, initial_state)
    served = conditions_as_served(plain, phase or plain, initial_state, spared_things)
    parts = (*served, *(c for c in conditions if isinstance(c, Narrowed)))
    lesson = _teach(state, parts, initial_state, phase, avoid, rules, uses, common_sense=True)
    if lesson.actions is None and served != tuple(plain):
        lesson = _teach(state, conditions, initial_state, phase, avoid, rules, uses, common_sense=True)
    if lesson.actions is None or not (plain or phase):
        return lesson
    goal = Goal(phases=(tuple(dict.fromkeys((*plain, *phase))),), rules=tuple(rules))
    closed = close_doors(lesson.actions, goal, state, initial_state=initial_state, opened=())
    return Taught(actions=closed.actions)


def _teach(
    state: State, conditions: Sequence[Condition | Narrowed], initial_state: State, phase: Sequence[Condition],
    avoid: frozenset[int], rules: Sequence[Rule], uses: Uses, *, common_sense: bool, opened: Sequence[int] = (),
) -> Taught:  # fmt: skip
    teacher = _Teacher(state, initial_state, phase, avoid, rules, common_sense=common_sense)
    teacher.opened.extend(opened)
    teacher.uses.update(uses)
    teacher.means = tuple({m for c in conditions if (m := getattr(c, "means", None)) is not None})
    try:
        for condition in in_order(conditions):
            teacher.achieve(condition)
        if not common_sense and not makes_room(conditions):
            teacher.tidy([condition for condition in conditions if not isinstance(condition, Narrowed)])
    except StuckError as stuck:
        return Taught(actions=None, reason=str(stuck))
    if not teacher.limited and not all(part_holds(c, teacher.state, initial_state, teacher.uses) for c in conditions):
        return Taught(actions=None, reason="the conditions undo each other")
    return Taught(actions=tuple(teacher.actions))


def makes_room(conditions: Sequence[Condition | Narrowed]) -> bool:
    """Whether all that is done is to take away what is in the way of another condition, which comes next."""
    return all(isinstance(c, Narrowed) and c.aim is None and isinstance(c.condition, No) for c in conditions)


class _Teacher(SkilledHands):
    def run(self, fixture: int) -> None:
        """Run an appliance once on its contents, and leave it off."""
        process = self.state.world.process[fixture]
        if process and "closed" in process.when:
            self.close(fixture)
        category = self.state.world.fixture_category[fixture]
        if category and category.switch:
            if self.common_sense and self.choice_state.flags[fixture] & self.state.flags[fixture] & ON:
                return  # it was running before, and keeps running
            self.free_hand()
            if not self.state.flags[fixture] & ON:
                self.do("turn on", fixture)
            if "turn off" in self.state.world.domain.skills:
                self.do("turn off", fixture)

    def apply_states(self, objects: Sequence[int], description: Thing) -> None:
        """Give each object the states that `description` asks for."""
        for word in order_of_states(self.state.world.domain, description.states):
            remaining = [item for item in objects if not self.state.has(item, word)]
            own = [item for item in remaining if is_by_own_skill(self.state, item, word)]
            self.use_own_skill(own, word)
            if not (remaining := [item for item in remaining if item not in own]):
                continue
            if word == "sliced":
                self.slice(remaining)
            elif word == "folded":
                for item in remaining:
                    self.fold(item)
            elif word == "cooked":
                self.cook(remaining)
            elif word in APPLIANCES or any(appliances_for(self.state, word, item) for item in remaining):
                self.treat(remaining, word)
            else:
                raise StuckError(f"nothing here makes things {word}")

    def treat(self, objects: Sequence[int], word: str) -> None:
        batches: dict[int, list[int]] = {}
        for item in objects:
            fixture = grounding.appliance_for(self.state, word, item, self.avoid, common_sense=self.common_sense)
            if fixture is None:
                raise StuckError(f"nothing here makes {self.state.world.names[item]} {word}")
            if self.state.root(item) != fixture:
                self.bring(item, fixture)
            batches.setdefault(fixture, []).append(item)
        for fixture in batches:
            self.run(fixture)

    def slice(self, objects: Sequence[int]) -> None:
        for item in objects:
            self.onto_surface(item)
        knife = grounding.tool_for(self.choice_state, "cuts", self.avoid, common_sense=self.common_sense)
        if knife is None:
            raise StuckError("there is no knife")
        is_needed = knife in choice.needed_where_they_are(self.state, self.phase, self.initial_state)
        previous_place = self.state.root(knife)
        self.take(knife)
        for item in objects:
            if not self.state.flags[item] & SLICED:
                self.do("slice", item)
        if is_needed:
            self.put_back(knife, previous_place)
            return
        root = self.state.root(objects[-1])
        place = grounding.open_surface(self.state, knife, near=root, avoid=self.avoid)
        if place is None:
            raise StuckError("nowhere to put down the knife")
        self.do("put", knife, place)

    def fold(self, item: int) -> None:
        self.onto_surface(item)
        self.free_hand()
        self.do("fold", item)

    def cook(self, objects: Sequence[int]) -> None:
        """Cook objects together: all of them are brought before an appliance runs."""
        loaded: dict[int, None] = {}
        for item in objects:
            fixture = grounding.appliance_for(self.state, "cooked", item, self.avoid, common_sense=self.common_sense)
            if fixture is None:
                raise StuckError(f"nothing here cooks {self.state.world.names[item]}")
            target = fixture
            if is_burner(self.state.world, fixture):
                vessel = grounding.cooking_vessel(self.state, item, self.avoid, common_sense=self.common_sense)
                assert vessel is not None
                stands_on = self.state.place[vessel]
                if stands_on_burner(self.state.world, stands_on):
                    fixture = stands_on
                self.bring(vessel, fixture)
                target = vessel
            self.bring(item, target)
            loaded.setdefault(fixture)
        for fixture in loaded:
            self.run(fixture)

    def fill(self, vessel: int, liquid: str) -> None:
        origin = grounding.liquid_source(self.state, liquid, vessel, self.avoid, common_sense=self.common_sense)
        if origin is None:
            use = grounding.filling_use(self.state, liquid, vessel, self.avoid, common_sense=self.common_sense)
            if use is None:
                raise StuckError(f"there is no {liquid}")
            self.perform(use)
            return
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

    def achieve(self, condition: Condition | Narrowed) -> None:
        if part_holds(condition, self.state, self.initial_state, self.uses):
            return
        self.aim = aim_of(condition)
        parts = parts_of(condition, self.choice_state, self.initial_state)
        if not parts:
            assert not isinstance(condition, Narrowed)
            raise StuckError(f"nothing here can be done for: {format_condition(condition)}")
        for part in parts:
            self.achieve_narrowed(part)

    def achieve_narrowed(self, part: Narrowed) -> None:
        if not part.hidden:
            self.achieve_plain(part.condition)
            return
        world, choice_state, initial_state = self.state.world, self.choice_state, self.initial_state
        self.state = self.state._replace(world=world.without(part.hidden))
        self.choice_state, self.initial_state = part.view(choice_state), part.view(initial_state)
        self.achieve_plain(part.condition)
        self.state = self.state._replace(world=world)
        self.choice_state, self.initial_state = choice_state, initial_state

    def achieve_plain(self, condition: Condition) -> None:
        if not self.means and holds(self.state, condition, self.initial_state):
            return
        if isinstance(condition, Count):
            self.achieve_count(condition)
        elif isinstance(condition, Every):
            objects = quantified_objects(self.initial_state, condition)
            if not objects:
                raise StuckError(f"there is no {format_thing(condition.thing)}")
            if condition.place is not None:
                remaining = self.cap([item for item in objects if not is_at(self.state, item, condition.place)])
                self.bring_all(remaining, Thing(word="anything"), condition.place)
            else:
                remaining = self.cap(
                    [item for item in objects if not all(self.state.has(item, s) for s in condition.become)]
                )
                self.apply_states(remaining, Thing(word="anything", states=condition.become))
        elif isinstance(condition, No):
            self.achieve_none(condition)
        elif isinstance(condition, Holding):
            candidates = grounding.candidates(self.choice_state, condition.thing, None, avoid=self.avoid)
            ready = matching_objects(self.choice_state, condition.thing)
            ready = [item for item in ready if not grounding.is_avoided(self.choice_state, item, self.avoid)]
            if not ready and not candidates:
                raise StuckError(f"there is no {format_thing(condition.thing)}")
            if self.common_sense:
                item = choice.ranked(
                    self.choice_state, [*ready, *candidates], condition.thing, None, self.taken_by_others(condition)
                )[0]
            else:
                ready.sort(
                    key=lambda item: (self.taken.get(item) is not None, grounding.reach_cost(self.choice_state, item))
                )
                item = (ready or candidates)[0]
            self.apply_states([item], condition.thing)
            if condition.thing.liquid and self.state.liquid[item] != condition.thing.liquid:
                self.fill(item, condition.thing.liquid)
            self.take(item)
        else:
            self.achieve_fixture(condition)

    def taken_by_others(self, condition: Condition) -> dict[int, Place | None]:
        """Return the objects that other conditions need."""
        if not self.common_sense:
            return self.taken
        others = [c for c in self.phase if c != self.aim]
        claimed = choice.claimed(self.choice_state, condition, others, self.initial_state)
        return dict.fromkeys(claimed) | self.taken

    def initial_with_current_places(self) -> State:
        """Return the choice state with the current object places: doors opened since then do not count."""
        return self.choice_state._replace(place=self.state.place)

    def cap(self, objects: list[int]) -> list[int]:
        self.limited |= len(objects) > MAX_OBJECTS_PER_CONDITION
        return objects[:MAX_OBJECTS_PER_CONDITION]

    def achieve_count(self, condition: Count) -> None:
        satisfied = matching_objects(self.state, condition.thing, condition.place)
        missing = condition.number - len(satisfied)
        candidates = grounding.candidates(
            self.choice_state, condition.thing, condition.place, taken=self.taken_by_others(condition),
            avoid=self.avoid, common_sense=self.common_sense, number=missing,
        )  # fmt: skip
        objects = [item for item in candidates if item not in satisfied][:missing]
        if len(objects) < missing:
            raise StuckError(f"there are not enough of: {condition.thing.word}")
        self.taken |= dict.fromkeys(objects, condition.place)
        pourable = condition.thing.liquid if condition.place is not None else None
        origin = (
            grounding.liquid_source(self.state, pourable, objects[0], self.avoid, common_sense=self.common_sense)
            if pourable
            else None
        )
        wanted = condition.thing
        temperature = tuple(s for s in wanted.states if s in ("hot", "cold") and wanted.liquid)
        pour_last = origin is not None and origin >= self.state.world.n_fixtures and not temperature
        self.apply_states(objects, replace(wanted, states=tuple(s for s in wanted.states if s not in temperature)))
        if wanted.liquid and not pour_last:
            for item in objects:
                if self.state.liquid[item] != wanted.liquid:
                    self.fill(item, wanted.liquid)
        self.apply_states(objects, replace(wanted, states=temperature))  # pouring would change it
        if condition.place is not None:
            self.bring_all(objects, wanted, condition.place)
        if wanted.liquid and pour_last:
            for item in objects:
                if self.state.liquid[item] != wanted.liquid:
                    self.fill(item, wanted.liquid)

    def bring_all(self, objects: Sequence[int], wanted: Thing, place: Place) -> None:
        if place.fixture is not None:
            target = grounding.choose_fixture(
                self.choice_state, grounding.fixtures_of(self.choice_state, place.fixture), list(objects),
                avoid=self.avoid, common_sense=self.common_sense,
            )  # fmt: skip
            if target is None:
                raise StuckError(f"no {place.fixture} can take it")
            for item in objects:
                if not grounding.can_hold(self.state, target, item):  # full: try the next one of its category
                    target = grounding.choose_fixture(
                        self.state, grounding.fixtures_of(self.state, place.fixture), [item], avoid=self.avoid,
                        common_sense=self.common_sense,
                    )  # fmt: skip
                    if target is None or not grounding.can_hold(self.state, target, item):
                        raise StuckError(f"no room {self.state.world.relation[target or 0]} {place.fixture}")
                if is_at(self.state, item, place):
                    continue
                if self.state.world.relation[target] == "with":
                    self.take(item)
                    self.do("give", item, target)
                else:
                    self.bring(item, target)
            return
        container = grounding.choose_container(
            self.choice_state, place, list(objects), taken=self.taken, avoid=self.avoid, common_sense=self.common_sense
        )
        if container is None or place.thing is None:
            raise StuckError("there is no container for it")
        self.taken[container] = place.inside
        self.apply_states([container], place.thing)
        inside = place.inside
        enclosed = (
            inside is not None
            and inside.fixture is not None
            and self.state.world.domain.fixtures[inside.fixture].enclosed
        )
        if inside is not None and not enclosed and not is_at(self.state, container, inside):
            self.bring_all([container], place.thing, inside)
        for item in objects:
            self.bring(item, container)
        if inside is not None and not is_at(self.state, container, inside):
            self.bring_all([container], place.thing, inside)

    def achieve_none(self, condition: No) -> None:
        for item in self.cap(matching_objects(self.state, condition.thing, condition.place)):
            instead = grounding.state_instead(self.state.world.domain, condition.thing)
            if condition.place is None and instead is not None:
                self.apply_states([item], Thing(word="anything", states=(instead,)))
                continue
            if condition.place is None and (word := removable(self.state, item, condition.thing.states)) is not None:
                self.use_own_skill([item], word, against=True)
                continue
            if condition.place is None:
                raise StuckError(f"things cannot be made to vanish: {condition.thing.word}")
            if not is_at(self.state, item, condition.place):
                continue  # already moved with its container
            target = grounding.alternative_place(
                self.initial_with_current_places(), item, condition.place, self.avoid, common_sense=self.common_sense
            )
            if target is None:
                raise StuckError(f"nowhere else to put {self.state.world.names[item]}")
            self.bring(item, target)

    def achieve_fixture(self, condition: FixtureIs) -> None:
        word, against = condition.states[0], condition.quantifier == "no"
        if against and (opposite := opposite_of(self.state.world.domain, word)) is not None:
            word, against = opposite, False
        named = sorted(fixtures_of(self.state, condition), key=self.avoid.__contains__)
        remaining = [fixture for fixture in named if self.state.has(fixture, word) == against]
        if condition.quantifier == "some":
            remaining = remaining[:1]
        if not remaining:
            raise StuckError(f"there is no {condition.fixture}")
        own = [fixture for fixture in remaining if against or is_by_own_skill(self.state, fixture, word)]
        self.use_own_skill(own, word, against=against)
        for fixture in remaining:
            if fixture not in own:
                self.change_fixture(fixture, word)

    def change_fixture(self, fixture: int, word: str) -> None:
        if is_by_own_skill(self.state, fixture, word):
            self.use_own_skill([fixture], word)
        elif word == "clean":
            cloth = grounding.tool_for(self.state, "wipes", self.avoid, common_sense=self.common_sense)
            if cloth is None:
                raise StuckError("there is no cloth or sponge")
            previous_place = self.state.root(cloth)
            self.take(cloth)
            self.do("wipe", fixture)
            self.put_back(cloth, previous_place)
        elif word == "watered":
            vessel = grounding.tool_for(self.state, "waters", self.avoid, common_sense=self.common_sense)
            if vessel is None:
                raise StuckError("there is nothing to water plants with")
            previous_place = self.state.root(vessel)
            if self.state.liquid[vessel] != "water":
                self.fill(vessel, "water")
            self.take(vessel)
            self.do("pour", vessel, fixture)
            self.put_back(vessel, previous_place)
        else:
            self.free_hand()
            if word == "open" and self.state.flags[fixture] & ON:
                self.do("turn off", fixture)
            process = self.state.world.process[fixture]
            if word == "on" and process and "closed" in process.when and self.state.flags[fixture] & OPEN:
                self.do("close", fixture)
            skills = {"open": "open", "closed": "close", "on": "turn on", "off": "turn off"}
            if word not in skills:
                raise StuckError(f"nothing makes a {self.state.world.categories[fixture]} {word}")
            self.do(skills[word], fixture)

    def tidy(self, conditions: Sequence[Condition]) -> None:
        """Close fixtures that a person would not leave open, unless that undoes a condition; without common sense."""
        for fixture in dict.fromkeys(self.opened):
            category = self.state.world.fixture_category[fixture]
            if not (category and category.close_after and self.state.flags[fixture] & OPEN and self.state.held < 0):
                continue
            action = Action("close", (self.state.world.names[fixture],))
            if unmet_precondition(self.state, action) is not None:
                continue
            closed = successor(self.state, action)
            is_kept = all(holds(closed, c, self.initial_state) for c in conditions)
            if is_kept and not any(breaks(r, action, self.state, closed, self.initial_state) for r in self.rules):
                self.do("close", fixture)
