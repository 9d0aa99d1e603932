"""What is next for a skill of the domain's own: the skill itself, or a condition that makes its preconditions true.

`charged cell phone` is reached in stages: `cell phone on charging station`, then `charging station on`, and then the
phone is charged. The conditions are of the kinds that every GPT knows, so that it plans them; the last step is no
choice: where all that the chosen use of a skill needs is so, the planner adds it (`planner/decoding/goal_planner.py`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from envs.symbolic.actions import Action, successor, unmet_precondition
from envs.symbolic.domain import BUILT_IN_STATES
from envs.symbolic.domain.achievers import achievers, own_skills
from envs.symbolic.goals import Count, Every, FixtureIs, Holding, No, Place, Thing
from envs.symbolic.scoring import fixtures_of, matching_objects, number_required, quantified_objects
from envs.symbolic.state import HELD, OPEN
from planner.goals import choice, grounding
from planner.goals.means.own_skills import Use, is_at, is_room, unmet, use_against, use_for
from planner.goals.means.states import is_by_own_skill, opposite_of, order_of_states, removable
from planner.goals.narrowing import Narrowed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from envs.symbolic.domain import Domain
    from envs.symbolic.goals import Condition
    from envs.symbolic.skills.values import Atom
    from envs.symbolic.state import State

MAX_DEPTH = 4  # skills whose preconditions are set by others


def untaught_skills(domain: Domain, taught: Domain) -> frozenset[str]:
    """Return the names of the own skills of a domain that another, on which a GPT was trained, does not have."""
    return frozenset(skill.name for skill in own_skills(domain) if skill.name not in taught.skills)


class OwnStages:
    """Says what is next for conditions whose states come about by skills that a GPT does not know."""

    def __init__(
        self, skills: Collection[str], initial_state: State, avoid: frozenset[int] = frozenset(),
        is_allowed: Callable[[State, Action, State], bool] | None = None,
    ) -> None:  # fmt: skip
        """Look after some skills; `initial_state` decides which objects `every` is about.

        Args:
            skills: Their names.
            initial_state: The state in which the phase began.
            avoid: Objects and places not to use.
            is_allowed: Whether the rules allow an action, given the states before and after it.
        """
        self.skills, self.initial_state, self.avoid, self.is_allowed = skills, initial_state, avoid, is_allowed

    def ready(self, conditions: Sequence[Condition], state: State) -> Action | None:
        """Return a step that is no choice: a use of a skill that gives a wanted state now; None if there is none."""
        for stage in self._next(conditions, state):
            if isinstance(stage, Action):
                return stage
        return None

    def stages(self, conditions: Sequence[Condition], state: State) -> Iterator[Narrowed]:
        """Yield conditions, each the next for a use of a skill, the first to be tried first."""
        for stage in self._next(conditions, state):
            if isinstance(stage, Narrowed):
                yield stage

    def _next(self, conditions: Sequence[Condition], state: State) -> Iterator[Action | Narrowed]:
        if not self.skills:
            return
        for condition in conditions:
            for use in self._uses(condition, state):
                stage = self._stage(use, state)
                if stage is not None:
                    yield stage

    def _uses(self, condition: Condition, state: State) -> Iterator[Use]:
        """Yield the uses of skills for a condition, as many as are needed, those with the least to do first."""
        able, number = lacking(condition, state, self.initial_state, self.avoid)
        uses = list[Use]()
        for entity, word, is_against in able:
            choose = use_against if is_against else use_for
            use = choose(state, entity, word, self.avoid, common_sense=True)
            if use is not None:
                uses.append(use)
        yield from sorted(uses, key=lambda use: len(unmet(state, use)))[:number]

    def needless(self, conditions: Sequence[Condition], state: State) -> frozenset[str]:
        """Return the skills that nothing asks for: the GPT does not know what they are for."""
        return frozenset(self.skills).difference(use.skill.name for c in conditions for use in self._uses(c, state))

    def known(self, part: Narrowed, state: State) -> Narrowed:
        """Return a plain condition without the states that a GPT does not know, of what has them already."""
        condition, world = part.condition, state.world
        if isinstance(condition, FixtureIs | No):
            return part
        words = condition.become if isinstance(condition, Every) else condition.thing.states
        known = tuple(word for word in words if not self._is_own(condition.thing.word, word, state))
        if known == tuple(words):
            return part
        own = [word for word in words if word not in known]
        alike = [i for i in world.objects_of(condition.thing.word) if i not in part.hidden]
        lacking_it = frozenset(i for i in alike if not all(state.has(i, word) for word in own))
        if isinstance(condition, Every):
            if not (known or condition.place) or lacking_it.intersection(quantified_objects(state, condition)):
                return part
            return replace(part, condition=replace(condition, become=known))
        if len(alike) - len(lacking_it) < getattr(condition, "number", 1):
            return part
        thing = replace(condition.thing, states=known)
        return replace(part, condition=replace(condition, thing=thing), hidden=part.hidden | lacking_it)

    def _is_own(self, thing: str, word: str, state: State) -> bool:
        world = state.world
        ways = {
            skill.name
            for i in world.objects_of(thing)
            for skill, _ in achievers(world.domain, world.categories[i], word)
        }
        return not ways.isdisjoint(self.skills) and word not in BUILT_IN_STATES

    def _stage(self, use: Use | None, state: State, depth: int = 0) -> Action | Narrowed | None:
        if use is None or use.skill.name not in self.skills or depth >= MAX_DEPTH:
            return None
        for atom in unmet(state, use):
            stage = self._making(atom, use, state, depth)
            if stage is not None:
                return stage
        return self._if_possible(use.action(state.world), state)

    def _if_possible(self, action: Action, state: State) -> Action | None:
        """Return an action if it is applicable and no rule forbids it."""
        if unmet_precondition(state, action) is not None:
            return None
        if self.is_allowed is not None and not self.is_allowed(state, action, successor(state, action)):
            return None
        return action

    def _making(self, atom: Atom, use: Use, state: State, depth: int) -> Action | Narrowed | None:
        """Return what makes a precondition true; None for what the GPT is left with."""
        world = state.world
        first = use.entity(atom.terms[0]) if atom.terms else -1
        thing = Thing(word=world.categories[first])
        match atom.predicate:
            case "at" if first >= world.n_fixtures:
                place = use.entity(atom.terms[1])
                where = _place(place, state)
                condition = Count(thing=thing, place=where) if atom.positive else No(thing=thing, place=where)
                return _about(condition, state, first, *(() if is_room(world, place) else (place,)))
            case "filled" if atom.positive and atom.word:
                return _about(Count(thing=Thing(word=thing.word, liquid=atom.word)), state, first)
            case "holding" if atom.positive:
                return _about(Holding(thing=thing), state, first)
            case "holding what" if atom.positive:
                tool = grounding.tool_for(state, atom.word, self.avoid, common_sense=True)
                if tool is not None:
                    return _about(Holding(thing=Thing(word=world.categories[tool])), state, tool)
            case "hand empty" | "holding":
                return self.put_down(state)
            case "reachable" | "accessible" | "in the open" if atom.positive:
                return self._within_reach(first, atom, state)
            case "robot at" if atom.positive and "go to" in world.domain.skills:
                return self._go_to(first, state)
            case "state":
                return self._with_state(first, atom, state, depth)
        return None

    def _with_state(self, entity: int, atom: Atom, state: State, depth: int) -> Action | Narrowed | None:
        world = state.world
        word = atom.word if atom.positive else opposite_of(world.domain, atom.word)
        if word is None:
            return self._stage(use_against(state, entity, atom.word, self.avoid, common_sense=True), state, depth + 1)
        if is_by_own_skill(state, entity, word):
            return self._stage(use_for(state, entity, word, self.avoid, common_sense=True), state, depth + 1)
        category = world.categories[entity]
        if entity < world.n_fixtures:
            return _about(FixtureIs(fixture=category, states=(word,)), state, entity)
        return _about(Count(thing=Thing(word=category, states=(word,))), state, entity)

    def _go_to(self, entity: int, state: State) -> Action | None:
        """Return the step to where an entity is, or to what is nearest in a room."""
        world, root = state.world, state.root(entity)
        there = [root] if root >= 0 else []
        if is_room(world, entity):
            there = [f for f in range(world.n_fixtures) if f != entity and is_at(state, f, entity)]
        steps = (
            self._if_possible(Action("go to", (world.names[f],)), state)
            for f in sorted(there, key=lambda f: (choice.way_s(world, f, state.at), f))
        )
        return next((step for step in steps if step is not None), None)

    def put_down(self, state: State) -> Action | None:
        """Return the step that empties the hand; None if it is empty, or nothing can be done about it."""
        if state.held < 0:
            return None
        names = state.world.names
        near = state.at if state.at >= 0 else None
        place = grounding.open_surface(state, state.held, near=near, avoid=self.avoid)
        return None if place is None else self._if_possible(Action("put", (names[state.held], names[place])), state)

    def _within_reach(self, entity: int, atom: Atom, state: State) -> Action | Narrowed | None:
        world, root = state.world, state.root(entity)
        if root == HELD:
            return self.put_down(state)
        closed = state.closed_around(entity)
        if closed is None and world.enclosed[entity] and not state.flags[entity] & OPEN:
            closed = entity
        if closed is not None:
            category = world.categories[closed]
            if closed < world.n_fixtures:
                return _about(FixtureIs(fixture=category, states=("open",)), state, closed)
            return _about(Count(thing=Thing(word=category, states=("open",))), state, closed)
        place = grounding.open_surface(state, entity, avoid=self.avoid) if entity >= world.n_fixtures else None
        if atom.predicate == "in the open" and place is not None:
            there = Count(thing=Thing(word=world.categories[entity]), place=_place(place, state))
            return _about(there, state, entity, place)
        return None


def lacking(
    condition: Condition, state: State, initial_state: State, avoid: frozenset[int] = frozenset()
) -> tuple[list[tuple[int, str, bool]], int]:
    """Return the entities that lack a state which only a skill of the domain's own gives, and how many are needed.

    Each comes with the state, and whether it must be taken away.
    """
    entities: Sequence[int]
    words: Sequence[str]
    domain = state.world.domain
    is_unwanted = isinstance(condition, No) or (isinstance(condition, FixtureIs) and condition.quantifier == "no")
    if isinstance(condition, FixtureIs):
        words, entities = condition.states, fixtures_of(state, condition)
        number = 1 if condition.quantifier == "some" else len(entities)
    elif isinstance(condition, Every):
        words, subjects = condition.become, quantified_objects(initial_state, condition)
        have = [i for i in subjects if all(state.has(i, word) for word in words)]
        entities = [i for i in subjects if i not in have and i not in avoid]
        if condition.selection != "every":
            entities = choice.ranked(state, entities, Thing(word=condition.thing.word, states=words), condition.place)
        number = number_required(initial_state, condition)[0] - len(have)
    elif isinstance(condition, No):
        words, entities = condition.thing.states, matching_objects(state, condition.thing, None)
        # what is not wanted at a place can also be brought elsewhere, and a liquid can be poured out
        number = len(entities) if condition.place is None and condition.thing.liquid is None else 0
    else:
        words, thing = condition.thing.states, condition.thing
        number = condition.number if isinstance(condition, Count) else 1
        if isinstance(condition, Count) and condition.amount == "more":
            number += len(matching_objects(initial_state, thing, condition.place, initial_state))
        number -= len(matching_objects(state, thing, None, initial_state))
        if getattr(condition, "amount", "at least") == "at most":
            number = 0
        entities = grounding.candidates(state, thing, None, avoid=avoid, common_sense=True, number=max(1, number))
    rows = []
    for entity in entities if number > 0 else ():
        for word in words if is_unwanted else order_of_states(domain, words):
            wanted = (opposite_of(domain, word) or word) if is_unwanted else word
            is_against = is_unwanted and wanted == word
            if state.has(entity, wanted) != is_against:
                continue
            if removable(state, entity, [word]) is not None if is_against else is_by_own_skill(state, entity, wanted):
                rows.append((entity, wanted, is_against))
                break  # one state after the other
    return rows, max(0, number)


def _about(condition: Condition, state: State, *entities: int) -> Narrowed:
    """Return a condition about these entities and no others of their categories."""
    world = state.world
    alike = {i for e in entities for i in world.entities_by_category.get(world.categories[e], ())}
    return Narrowed(condition=condition, hidden=frozenset(alike.difference(entities)))


def _place(entity: int, state: State) -> Place:
    world = state.world
    if is_room(world, entity):
        return Place(room=world.names[entity])
    if entity < world.n_fixtures:
        return Place(fixture=world.categories[entity], relation=world.relation[entity])
    return Place(thing=Thing(word=world.categories[entity]), relation=world.relation[entity])
