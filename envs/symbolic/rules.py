"""Rules: what must be true at no moment of an episode, and which actions break them.

`breaks` says what a rule means. `RuleWatch` says the same of all rules of an episode, but tests a rule only after an
action that touches something that the rule is about: with five rules, an action costs about half as much again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from envs.symbolic.domain.achievers import KNOWN_SKILLS
from envs.symbolic.goals import FixtureIs, Rule
from envs.symbolic.scoring import holds, is_place, matches

if TYPE_CHECKING:
    from envs.symbolic.actions import Action, State, World
    from envs.symbolic.goals import Condition, Place, Thing


def is_true_of(rule: Rule, state: State, initial_state: State) -> bool:
    """Whether the condition that a rule forbids holds in a state; never for a rule about a skill."""
    return rule.condition is not None and holds(state, rule.condition, initial_state)


def forbids(rule: Rule, action: Action, before: State, after: State, initial_state: State) -> bool:
    """Whether a rule about a skill forbids an action; rules about conditions are tested in states."""
    if rule.skill is None:
        return False
    world = before.world
    if rule.skill == "go to" and rule.place is not None:  # every skill drives to where it is done
        return after.at >= 0 and after.at != before.at and is_place(after, after.at, rule.place)
    if action.skill != rule.skill:
        return False
    entities = [world.index[name] for name in action.args]
    if rule.place is not None:
        return any(e < world.n_fixtures and is_place(before, e, rule.place) for e in entities)
    if rule.thing is not None:
        return any(e >= world.n_fixtures and matches(before, e, rule.thing, initial_state) for e in entities)
    return True


def breaks(rule: Rule, action: Action, before: State, after: State, initial_state: State) -> bool:
    """Whether an action breaks a rule: by what it is, or by the state that it leads to."""
    return is_true_of(rule, after, initial_state) or forbids(rule, action, before, after, initial_state)


def first_broken(
    rules: Iterable[Rule], action: Action, before: State, after: State, initial_state: State
) -> Rule | None:
    """Return the first rule that an action breaks; a condition that held before it is not its doing."""
    for rule in rules:
        is_made_true = is_true_of(rule, after, initial_state) and not is_true_of(rule, before, initial_state)
        if is_made_true or forbids(rule, action, before, after, initial_state):
            return rule
    return None


def forbidden_entities(rules: Iterable[Rule], state: State) -> frozenset[int]:
    """Return the fixtures and objects that rules forbid skills on, to be left alone where there are others.

    What must not be closed may be used all the same, unless it must be closed to run.
    """
    world = state.world
    forbidden = set[int]()
    for rule in rules:
        if rule.place is not None:
            fixtures = [f for f in range(world.n_fixtures) if is_place(state, f, rule.place)]
            forbidden.update(f for f in fixtures if rule.skill != "close" or _has_switch(world, f))
            if rule.skill == "go to":  # nor can what is there be had
                forbidden.update(i for f in fixtures if f != state.at for i in state.everything_in(f))
        elif rule.thing is not None and rule.skill is not None:
            thing = rule.thing
            forbidden.update(
                i for i in world.objects_of(thing.word) if _is_used(world, rule.skill, i) and matches(state, i, thing)
            )
    return frozenset(forbidden)


def _has_switch(world: World, fixture: int) -> bool:
    category = world.fixture_category[fixture]
    return category is not None and category.switch


def _is_used(world: World, skill: str, entity: int) -> bool:
    """Whether a skill can be used on an object at all."""
    category = world.object_category[entity]
    if category is None or skill not in ("slice", "fold", "pour"):
        return category is not None and (skill in ("pick up", "put", "give") or skill not in KNOWN_SKILLS)
    return {"slice": category.slices, "fold": category.folds, "pour": category.fills or bool(category.contains)}[skill]


class RuleWatch:
    """The rules of one episode, tested after each action.

    It says which rules are broken by an action or true of the state that it leads to, given that none that is asked
    for was true before.
    """

    def __init__(self, rules: Sequence[Rule], initial_state: State) -> None:
        """Note which categories each rule is about."""
        self.rules = tuple(rules)
        self._initial_state = initial_state
        self._watched = [(i, rule, _categories(rule, initial_state.world)) for i, rule in enumerate(self.rules)]
        self._routes = [i for i, rule in enumerate(self.rules) if rule.skill == "go to" and rule.place is not None]
        self._by_action: dict[Action, tuple[tuple[int, ...], tuple[int, ...]]] = {}

    def true_of(self, state: State) -> list[int]:
        """Return the numbers of the rules whose conditions hold in a state."""
        return [i for i, rule in enumerate(self.rules) if is_true_of(rule, state, self._initial_state)]

    def broken_by(self, action: Action, before: State, after: State) -> list[int]:
        """Return the numbers of the rules that an action breaks, in order."""
        touched = self._by_action.get(action)
        if touched is None:
            touched = self._by_action[action] = self._touched_by(action, before.world)
        candidates, holders = touched
        if self._routes and after.at != before.at:
            candidates = (*candidates, *self._routes)
        for holder in holders:
            if holder in after.place:
                categories = {after.world.categories[i] for i in after.everything_in(holder)}
                candidates = (*candidates, *(i for i, _, about in self._watched if not categories.isdisjoint(about)))
        if not candidates:
            return []
        start = self._initial_state
        return [i for i in sorted(set(candidates)) if breaks(self.rules[i], action, before, after, start)]

    def _touched_by(self, action: Action, world: World) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the rules about what an action names, and the entities whose contents it may change too.

        A container is carried with its contents. A fixture with a process changes what is in it, and so does what
        happens at an object in such a fixture, wherever that object is: all fixtures with a process are returned then.
        """
        entities = [world.index[name] for name in action.args]
        categories = {world.categories[e] for e in entities}
        rules = tuple(
            i
            for i, rule, about in self._watched
            if rule.skill == action.skill or (rule.condition is not None and not categories.isdisjoint(about))
        )
        holders = {e for e in entities if (world.capacity[e] if e >= world.n_fixtures else world.rule[e] is not None)}
        if action.skill == "pour" or (action.skill in ("put", "give") and entities[-1] >= world.n_fixtures):
            holders.update(f for f in range(world.n_fixtures) if world.rule[f] is not None)
        return rules, tuple(sorted(holders))


def _categories(rule: Rule, world: World) -> frozenset[str]:
    """Return the categories of entities that can make the condition of a rule true."""
    return frozenset(_categories_of(rule.condition, world)) if rule.condition is not None else frozenset()


def _categories_of(condition: Condition, world: World) -> Iterator[str]:
    if isinstance(condition, FixtureIs):
        yield from world.domain.resolve_fixture(condition.fixture, condition.states[0])
        return
    things: list[Thing] = [condition.thing]
    place: Place | None = getattr(condition, "place", None)
    while place is not None and place.thing is not None:
        things.append(place.thing)
        place = place.inside
    for thing in things:
        yield from (thing.word, *world.domain.class_members(thing.word))
