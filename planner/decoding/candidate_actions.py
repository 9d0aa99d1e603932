"""The actions that the GPT can choose: applicable, leading to a new state, preferably on objects in the facts."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import product

from envs.symbolic.actions import Action, State, World, applicable, successor, unmet_precondition
from envs.symbolic.domain.achievers import categories_of_kind, own_skills

StateKey = tuple[object, ...]

_ON_FIXTURES = ("open", "close", "turn on", "turn off")


def state_key(state: State) -> StateKey:
    """Return a key that identifies a state of a home, except for where the robot stands."""
    return (state.place, state.flags, state.liquid, state.apart)


def candidate_actions(state: State, names: frozenset[str], visited: Collection[StateKey]) -> list[tuple[Action, State]]:
    """Return applicable actions that lead to an unvisited state, with that state.

    Only actions on the given names are returned; if there are none, actions on any object. Going somewhere leads to no
    new state; it is returned where one of the domain's own skills can then be used.
    """
    relevant = _fresh(state, applicable_to(state, names), visited)
    if "go to" in state.world.domain.skills:
        relevant += [way for way in _ways_to_work(state, names, visited) if way not in relevant]
    return relevant or _fresh(state, [a for a in applicable(state) if not names.issuperset(a.args)], visited)


def leads_back(state: State, action: Action, names: frozenset[str], visited: Collection[StateKey]) -> bool:
    """Whether an action takes an object off an appliance and it can then only be put back there.

    `names` and `visited` are as in `candidate_actions`. A kettle that stands on its base is switched on, not picked up.
    """
    if action.skill != "pick up":
        return False
    place = state.place[state.world.index[action.args[0]]]
    if not 0 <= place < state.world.n_fixtures or state.world.process[place] is None:
        return False
    held = successor(state, action)
    return not _fresh(held, applicable_to(held, names), {*visited, state_key(held)})


def applicable_to(state: State, names: Collection[str]) -> list[Action]:
    """Return the applicable actions whose arguments are all among `names`, in the order of `applicable`.

    The run time does not depend on the size of the home.
    """
    world = state.world
    entities = sorted(world.index[name] for name in names)
    fixtures = [world.names[i] for i in entities if i < world.n_fixtures]
    objects = [world.names[i] for i in entities if i >= world.n_fixtures]
    actions = [Action("go to", (f,)) for f in fixtures]
    if state.held < 0:
        actions += [Action(skill, (o,)) for skill in ("pick up", "fold") for o in objects]
        actions += [Action(skill, (f,)) for skill in _ON_FIXTURES for f in fixtures]
    else:
        held = world.names[state.held]
        if held in names:
            targets_by_skill = {"put": [*fixtures, *objects], "give": fixtures, "pour": [*fixtures, *objects]}
            actions += [Action(skill, (held, name)) for skill, targets in targets_by_skill.items() for name in targets]
        actions += [Action("wipe", (f,)) for f in fixtures] + [Action("slice", (o,)) for o in objects]
    skills = world.domain.skills
    actions = [a for a in actions if a.skill in skills] + _own_actions(state.world, entities)
    return [a for a in actions if unmet_precondition(state, a) is None]


def _own_actions(world: World, entities: Collection[int]) -> list[Action]:
    """Return the actions of the domain's own skills with arguments among some entities, applicable or not."""
    actions = []
    for skill in own_skills(world.domain):
        kinds = [categories_of_kind(world.domain, parameter.kind) for parameter in skill.parameters]
        choices = [[world.names[e] for e in entities if world.categories[e] in kind] for kind in kinds]
        actions += [Action(skill.name, args) for args in product(*choices) if len({*args}) == len(args)]
    return actions


def _ways_to_work(
    state: State, names: Collection[str], visited: Collection[StateKey]
) -> Iterator[tuple[Action, State]]:
    """Yield `go to` an entity where an own skill has nothing against it but that the robot is elsewhere."""
    world, gone = state.world, set[str]()
    entities = sorted(world.index[name] for name in names)
    for action in _own_actions(world, entities):
        if unmet_precondition(state, action) is None:
            continue
        for target in _work_places(world, action, entities):
            way = Action("go to", (target,))
            if target in gone or unmet_precondition(state, way) is not None:
                continue
            there = successor(state, way)
            if unmet_precondition(there, action) is None and _fresh(there, [action], visited):
                gone.add(target)
                yield way, there


def _work_places(world: World, action: Action, entities: Collection[int]) -> Iterator[str]:
    """Yield where the robot may have to be for an action: an argument of it, or what is of a kind."""
    for precondition in world.domain.skills[action.skill].preconditions:
        if precondition.atom.predicate == "robot at" and precondition.atom.positive:
            term = precondition.atom.terms[0]
            if term.parameter is not None:
                yield action.args[term.parameter]
            else:
                yield from (world.names[e] for e in entities if e in world.of_kind(term.kind))


def _fresh(state: State, actions: list[Action], visited: Collection[StateKey]) -> list[tuple[Action, State]]:
    key = state_key(state)
    # Many actions change only where the robot stands, which the key leaves out: compare its parts by identity.
    key_is_new = key not in visited
    candidates = []
    for action in actions:
        next_state = successor(state, action)
        next_key = state_key(next_state)
        is_unchanged = all(a is b for a, b in zip(key, next_key, strict=True))
        if key_is_new if is_unchanged else next_key not in visited:
            candidates.append((action, next_state))
    return candidates
