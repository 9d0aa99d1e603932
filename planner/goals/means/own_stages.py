"""What comes before a skill of the domain's own, as conditions: for a GPT that was not trained on such skills.

`charged cell phone` is reached in stages: `cell phone on charging station`, then `charging station on`, then the goal
itself, for which one step is left. The conditions are of the kinds that every GPT knows.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from envs.symbolic.goals import Condition, Count, Every, FixtureIs, Holding, No, Place, Thing
from envs.symbolic.scoring import fixtures_of, matching_objects, quantified_objects
from planner.goals import choice
from planner.goals.means.own_skills import Use, is_room, unmet, use_for
from planner.goals.means.states import is_by_own_skill, opposite_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from envs.symbolic.skills.values import Atom
    from envs.symbolic.state import State

MAX_DEPTH = 3  # skills whose preconditions are set by others


def own_stages(condition: Condition, state: State, candidates: Sequence[int], depth: int = 0) -> list[Condition]:
    """Return what must be so before own skills can give a condition its states; empty if none are needed.

    Args:
        condition: A condition of the goal.
        state: The state at the start.
        candidates: The objects that would be taken for it, the best first; not asked for furniture.
        depth: How many skills this one is for.
    """
    stages: list[Condition] = []
    for entity, word in _lacking(condition, state, candidates):
        use = use_for(state, entity, word, common_sense=True)
        if use is None or depth >= MAX_DEPTH:
            continue
        for atom in unmet(state, use):
            stage = _as_condition(atom, use, state, entity, condition)
            if stage is not None and stage not in stages:
                subjects = [use.entity(term) for term in atom.terms[:1]]
                stages += [s for s in own_stages(stage, state, subjects, depth + 1) if s not in stages]
                stages.append(stage)
        alone = _state_alone(condition, word) if depth == 0 else None
        if alone is not None and alone != condition and alone not in stages:
            stages.append(alone)
    return stages


def _state_alone(condition: Condition, word: str) -> Condition | None:
    """Return a condition that asks for one state of a thing and for nothing else."""
    if not isinstance(condition, Count | Holding) or getattr(condition, "amount", "at least") != "at least":
        return None
    thing, number = replace(condition.thing, states=(word,), liquid=None), getattr(condition, "number", 1)
    return Count(number=number, thing=thing)


def _lacking(condition: Condition, state: State, candidates: Sequence[int]) -> Iterator[tuple[int, str]]:
    """Yield the entities that lack a state which only a skill of the domain's own gives."""
    if isinstance(condition, No):
        return
    if isinstance(condition, FixtureIs):
        word = condition.states[0]
        if condition.quantifier == "no":
            word = opposite_of(state.world.domain, word) or word
        entities: Sequence[int] = fixtures_of(state, condition)
        words: Sequence[str] = (word,)
    elif isinstance(condition, Every):
        entities, words = quantified_objects(state, condition), condition.become
    else:
        number = condition.number if isinstance(condition, Count) else 1
        met = matching_objects(state, condition.thing)
        entities, words = [i for i in candidates if i not in met][:number], condition.thing.states
    for entity in entities:
        for word in words:
            if not state.has(entity, word) and is_by_own_skill(state, entity, word):
                yield entity, word


def _as_condition(atom: Atom, use: Use, state: State, entity: int, condition: Condition) -> Condition | None:
    """Return a precondition as a condition; None for what is left to the last stage."""
    world = state.world
    first = use.entity(atom.terms[0]) if atom.terms else -1
    if atom.predicate == "at" and atom.positive and first >= world.n_fixtures:
        place = _place(use.entity(atom.terms[1]), state)
        if first == entity and isinstance(condition, Every):
            return replace(condition, become=(), place=place)
        number = condition.number if first == entity and isinstance(condition, Count) else 1
        return Count(number=number, thing=Thing(word=world.categories[first]), place=place)
    if atom.predicate == "filled" and atom.positive and atom.word:
        return Count(thing=Thing(word=world.categories[first], liquid=atom.word))
    if atom.predicate == "holding" and atom.positive and first != entity:
        return Holding(thing=Thing(word=world.categories[first]))
    if atom.predicate == "holding what" and atom.positive:
        able = [i for i in range(world.n_fixtures, len(world.names)) if _is_able(state, i, atom.word)]
        tools = choice.ranked(state, able, Thing(word="anything"), None)
        return Holding(thing=Thing(word=world.categories[tools[0]])) if tools else None
    if atom.predicate != "state":
        return None
    word = atom.word if atom.positive else opposite_of(world.domain, atom.word)
    if word is None:
        return None
    if first < world.n_fixtures:
        if isinstance(condition, FixtureIs) and first == entity:
            quantifier = "every" if condition.quantifier == "no" else condition.quantifier
            return replace(condition, quantifier=quantifier, states=(word,))
        return FixtureIs(fixture=world.categories[first], states=(word,))
    if first == entity and isinstance(condition, Every):
        return replace(condition, become=(word,), place=None)
    return Count(thing=Thing(word=world.categories[first], states=(word,)))


def _is_able(state: State, entity: int, ability: str) -> bool:
    return bool(getattr(state.world.object_category[entity], ability, False))


def _place(entity: int, state: State) -> Place:
    world = state.world
    if is_room(world, entity):
        return Place(room=world.names[entity])
    if entity < world.n_fixtures:
        return Place(fixture=world.categories[entity], relation=world.relation[entity])
    return Place(thing=Thing(word=world.categories[entity]), relation=world.relation[entity])
