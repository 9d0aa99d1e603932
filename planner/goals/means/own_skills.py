"""Chooses a use of a skill that the domain adds: its arguments, and what stands for its other words in braces.

For `charge {electronics}`, which needs `{electronics} on {charging station}`, a use is about one phone and one charging
station. It is chosen by what is least to do: what is so already, then what is near. `unmet` says what must be made true
first, in the order of work; the teacher does it (`planner/corpus/teacher_skills.py`), and the facts name it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from envs.symbolic.domain.achievers import achievers, categories_of_kind, fillers, removers
from envs.symbolic.state import HELD, NOWHERE, OPEN, Action
from planner.goals import choice

if TYPE_CHECKING:
    from envs.symbolic.skills.values import Atom, Effect, Predicate, Skill, Term
    from envs.symbolic.state import State, World

Key = int | str
"""A parameter by its position, or something else in braces by its kind."""

# The order of work: what takes both hands comes before what must be in the hand.
_ORDER: tuple[Predicate, ...] = (
    "state", "filled", "at", "in the open", "reachable", "accessible", "has room", "hand empty", "holding what",
    "holding", "robot at",
)  # fmt: skip
_STATIC = frozenset[str](["kind", "able", "holds things", "fits", "runs closed"])


@dataclass(frozen=True, kw_only=True)
class Use:
    """One use of a skill.

    Attributes:
        skill: The skill.
        bound: The entity of each parameter, by position, and of every other word in braces, by its kind.
    """

    skill: Skill
    bound: tuple[tuple[Key, int], ...]

    def entity(self, term: Term) -> int:
        """Return the entity that a term means; NOWHERE if it is not chosen yet."""
        return dict(self.bound).get(key_of(term), NOWHERE)

    def arguments(self) -> tuple[int, ...]:
        """Return the entities of the parameters."""
        bound = dict(self.bound)
        return tuple(bound[i] for i in range(len(self.skill.parameters)))

    def entities(self) -> tuple[int, ...]:
        """Return all entities, each once."""
        return tuple(dict.fromkeys(entity for _, entity in self.bound))

    def action(self, world: World) -> Action:
        """Return the action."""
        return Action(self.skill.name, tuple(world.names[e] for e in self.arguments()))


def key_of(term: Term) -> Key:
    """Return the key of a term in `Use.bound`."""
    return term.kind if term.parameter is None else term.parameter


def use_for(
    state: State, entity: int, word: str, avoid: frozenset[int] = frozenset(), *, common_sense: bool = False
) -> Use | None:
    """Choose the use of a skill after which an entity has a state, which may be a negation; None if there is none."""
    world = state.world
    return _best(state, entity, achievers(world.domain, world.categories[entity], word), avoid, common_sense)


def use_against(
    state: State, entity: int, word: str, avoid: frozenset[int] = frozenset(), *, common_sense: bool = False
) -> Use | None:
    """Choose the use of a skill after which an entity has a state no longer; None if there is none."""
    world = state.world
    return _best(state, entity, removers(world.domain, world.categories[entity], word), avoid, common_sense)


def use_to_fill(
    state: State, vessel: int, liquid: str, avoid: frozenset[int] = frozenset(), *, common_sense: bool = False
) -> Use | None:
    """Choose the use of a skill that fills a vessel with a liquid; None if there is none."""
    world = state.world
    return _best(state, vessel, fillers(world.domain, world.categories[vessel], liquid), avoid, common_sense)


def _best(
    state: State, entity: int, ways: Sequence[tuple[Skill, Effect]], avoid: frozenset[int], common_sense: bool
) -> Use | None:
    rated = []
    for number, (skill, effect) in enumerate(ways):
        use = _bound(state, skill, {key_of(effect.atom.terms[0]): entity}, avoid, common_sense=common_sense)
        if use is None:
            continue
        is_avoided = any(e in avoid for e in use.entities() if e != entity)
        rated.append((is_avoided, len(unmet(state, use)), skill.duration_s, number, use))
    return min(rated, key=lambda row: row[:-1])[-1] if rated else None


def _bound(
    state: State, skill: Skill, bound: dict[Key, int], avoid: frozenset[int], *, common_sense: bool
) -> Use | None:
    """Choose an entity for every word in braces, one after another; None if there is none for one of them."""
    use = Use(skill=skill, bound=tuple(bound.items()))
    if any(is_known(atom, use) and not is_true(state, atom, use) for atom in _static(skill)):
        return None
    for key, kind in _keys(skill):
        if key in bound:
            continue
        rated = []
        for e in members(state.world, kind):
            if e in bound.values():
                continue
            tried = Use(skill=skill, bound=(*use.bound, (key, e)))
            if all(is_true(state, atom, tried) for atom in _static(skill) if is_known(atom, tried)):
                rated.append((e in avoid, *_cost(state, tried, e, common_sense=common_sense), e))
        if not rated:
            return None
        bound[key] = int(min(rated)[-1])
        use = Use(skill=skill, bound=tuple(bound.items()))
    return use


def _keys(skill: Skill) -> Iterator[tuple[Key, str]]:
    """Yield what must be chosen, with its kind: the parameters, then what preconditions look for."""
    seen = set[Key]()
    yield from ((i, parameter.kind) for i, parameter in enumerate(skill.parameters))
    for precondition in skill.preconditions:
        for term in precondition.atom.terms:
            if term.parameter is None and term.kind not in seen:
                seen.add(term.kind)
                yield term.kind, term.kind


def _static(skill: Skill) -> Iterator[Atom]:
    """Yield the preconditions that no action changes."""
    for precondition in skill.preconditions:
        if precondition.guards:
            continue
        atom = precondition.atom
        if atom.predicate in _STATIC:
            yield atom
        elif atom.predicate == "at" and atom.positive:  # it can be brought there
            yield replace(atom, predicate="fits")


def is_known(atom: Atom, use: Use) -> bool:
    """Whether all that an atom is about is chosen."""
    return all(use.entity(term) >= 0 for term in atom.terms)


def _cost(state: State, use: Use, entity: int, *, common_sense: bool) -> tuple[float, ...]:
    """Return the cost of an entity for a use: what is to be done first, what speaks against it, the way."""
    world = state.world
    missing = sum(1 for atom in unmet(state, use) if any(use.entity(term) == entity for term in atom.terms))
    others = [e for e in use.entities() if e != entity]
    if entity < world.n_fixtures:
        near = choice.travel_s(state, others[0], [entity]) if others and others[0] >= world.n_fixtures else 0.0
        return (missing, near)
    against = choice.flaws(state, entity, dirty_wanted=None) if common_sense else ()
    return (missing, *against, choice.fetching_s(state, entity))


def members(world: World, kind: str) -> list[int]:
    """Return the entities that a word in braces means, in the order of the home."""
    categories = categories_of_kind(world.domain, kind)
    return sorted(e for category in categories for e in world.entities_by_category.get(category, ()))


def unmet(state: State, use: Use) -> list[Atom]:
    """Return the preconditions of a use that are false and can be made true, in the order of work."""
    atoms = []
    for precondition in use.skill.preconditions:
        atom = precondition.atom
        if atom.predicate in _STATIC or not is_known(atom, use) or is_true(state, atom, use):
            continue
        if all(is_true(state, guard, use) for guard in precondition.guards):
            atoms.append(atom)
    is_last = {"closed": 1, "on": 2}  # a door is closed behind what is put in; then it is switched on

    def rank(atom: Atom) -> tuple[float, int]:
        order = float(_ORDER.index(atom.predicate))
        if atom.predicate == "state" and use.entity(atom.terms[0]) < state.world.n_fixtures:
            word = "closed" if atom.word == "open" and not atom.positive else atom.word
            order = 5.0 + is_last.get(word, 0) / 10 if word != "open" else 1.5
        return order, 0 if atom.positive else 1

    return sorted(atoms, key=rank)


def is_true(state: State, atom: Atom, use: Use) -> bool:
    """Whether a statement about a use is true in a state."""
    return _is_true(state, atom, use) == atom.positive


def _is_true(state: State, atom: Atom, use: Use) -> bool:
    world = state.world
    first = use.entity(atom.terms[0]) if atom.terms else NOWHERE
    second = use.entity(atom.terms[1]) if len(atom.terms) > 1 else NOWHERE
    match atom.predicate:
        case "hand empty":
            return state.held < 0
        case "holding":
            return state.held == first
        case "holding what":
            return state.held >= 0 and bool(getattr(world.object_category[state.held], atom.word, False))
        case "kind":
            return world.categories[first] in categories_of_kind(world.domain, atom.terms[0].kind)
        case "able":
            category = world.object_category[first] or world.fixture_category[first]
            return getattr(category, atom.word, None) not in (None, False)
        case "state":
            return bool(state.flags[first] & world.domain.bits[atom.word])
        case "filled":
            return state.liquid[first] == atom.word if atom.word else bool(state.liquid[first])
        case "reachable" | "accessible":
            is_shut = atom.predicate == "accessible" and world.enclosed[first] and not state.flags[first] & OPEN
            return not is_shut and state.root(first) != HELD and state.closed_around(first) is None
        case "in the open":
            root = state.root(first)
            return root < 0 or not (world.enclosed[root] or world.relation[root] == "with")
        case "at":
            return is_at(state, first, second)
        case "robot at":
            return state.at >= 0 and (state.root(first) == state.at or is_at(state, state.at, first))
        case "holds things":
            return world.relation[first] not in (None, "with")
        case "fits":
            return is_room(world, second) or world.fits(first, second)
        case "has room":
            others = [i for i in state.children(second) if i != first]
            return not others or world.units[first] + sum(world.units[i] for i in others) <= world.capacity[second]
        case "runs closed":
            process = world.process[first]
            return process is not None and "closed" in process.when
    return True


def is_room(world: World, entity: int) -> bool:
    """Whether an entity is a room."""
    category = world.fixture_category[entity]
    return category is not None and category.is_room


def is_at(state: State, entity: int, place: int) -> bool:
    """Whether an entity is in or on another, also through containers, or in a room."""
    world = state.world
    if is_room(world, place):
        root = state.root(entity)
        return root >= 0 and world.scene.fixtures[root].room == world.names[place]
    while entity >= world.n_fixtures:
        entity = state.place[entity]
        if entity == place:
            return True
    return False
