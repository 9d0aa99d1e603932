"""Plans to try the homes with: any applicable action, actions that are not, and short chains towards a sampled end.

The chains are what people do at home (bring, wash, heat, fill, cut, wipe, give), each made by a few lines of rules from
the state at hand. They are no planner: a chain whose next step is not applicable is thrown away and another is drawn.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import TypeVar

from envs.evaluation.scripted_plans import ActionSequence, DeadEndError
from envs.symbolic.actions import DIRTY, ON, OPEN, Action, State, applicable, successor, unmet_precondition

Chain = Callable[[ActionSequence, random.Random], None]
Item = TypeVar("Item")
ARGUMENTS = {"put": 2, "give": 2, "pour": 2}
TAKEN_OUT = 0.5  # how often what was heated or washed is taken out again
SHUT = 0.7  # how often what was opened is closed afterwards
ON_FIXTURE = 0.7  # how often things are brought to a fixture, not to a movable container
DRAWS = 20


def draw_action(state: State, rng: random.Random) -> Action:
    """Return an applicable action: a skill first, then what it is done with, so that `go to` does not crowd out."""
    by_skill: dict[str, list[Action]] = {}
    for action in applicable(state):
        by_skill.setdefault(action.skill, []).append(action)
    return rng.choice(by_skill[rng.choice(sorted(by_skill))])


def applicable_walk(start: State, n_actions: int, rng: random.Random) -> list[Action]:
    """Return applicable actions in a row, each drawn by `draw_action`."""
    state, walk = start, list[Action]()
    for _ in range(n_actions):
        walk.append(draw_action(state, rng))
        state = successor(state, walk[-1])
    return walk


def draw_inapplicable(state: State, rng: random.Random) -> Action:
    """Return an action of a random skill with random names that cannot be done now."""
    skills, names = list(state.world.domain.skills), state.world.names
    while True:
        skill = rng.choice(skills)
        action = Action(skill, tuple(rng.choice(names) for _ in range(ARGUMENTS.get(skill, 1))))
        if unmet_precondition(state, action) is not None:
            return action


def draw_chain(state: State, rng: random.Random) -> tuple[str, list[Action]]:
    """Return a chain's name and its actions; a single random action where no chain can be made."""
    chains: dict[str, Chain] = {"put away": _put_away} if state.held >= 0 else CHAINS
    for _ in range(DRAWS):
        name = rng.choice(list(chains))
        walk = ActionSequence(state)
        try:
            chains[name](walk, rng)
        except DeadEndError:
            continue
        if walk.actions:
            return name, walk.actions
    return "any", [draw_action(state, rng)]


def _one(options: Sequence[Item], rng: random.Random) -> Item:
    if not options:
        raise DeadEndError("there is nothing to choose from")
    return rng.choice(options)


def _fetch(walk: ActionSequence, name: str) -> None:
    walk.uncover(name)
    walk.do("pick up", name)


def _put_away(walk: ActionSequence, rng: random.Random) -> None:
    name = walk.state.world.names[walk.state.held]
    walk.do("put", name, _one(walk.places_for(name), rng))


def _carry(walk: ActionSequence, rng: random.Random) -> None:
    world = walk.state.world
    name = _one(walk.things(lambda i: True), rng)
    thing = world.index[name]
    kinds = walk.fixtures if rng.random() < ON_FIXTURE else walk.things
    place = _one(kinds(lambda i: world.relation[i] != "with" and world.fits(thing, i)), rng)
    opened = {walk.uncover(name), walk.uncover(place)} - {None}
    walk.do("pick up", name)
    walk.do("put", name, place)
    for fixture in sorted(filter(None, opened)):
        if rng.random() < SHUT:
            walk.do("close", fixture)


def _run_machine(walk: ActionSequence, rng: random.Random) -> None:
    """Wash, heat, cook, toast, brew or chill, as the process at a fixture does."""
    world = walk.state.world
    machine = _one(walk.fixtures(lambda i: world.process[i] is not None), rng)
    entity = world.index[machine]
    process = world.process[entity]
    assert process is not None
    inside = walk.things(lambda i: walk.state.root(i) == entity)
    if not inside or rng.random() < 0.7:
        name = _one(walk.things(lambda i: world.fits(i, entity) and walk.state.root(i) != entity), rng)
        walk.uncover(name)
        walk.uncover(machine)
        walk.do("pick up", name)
        walk.do("put", name, machine)
        inside.append(name)
    if "closed" in process.when and walk.state.flags[entity] & OPEN:
        walk.do("close", machine)
    if "on" in process.when:
        if walk.state.flags[entity] & ON:
            walk.do("turn off", machine)
        walk.do("turn on", machine)
        walk.do("turn off", machine)
    if rng.random() < TAKEN_OUT:
        _fetch(walk, _one(inside, rng))
        _put_away(walk, rng)


def _pour(walk: ActionSequence, rng: random.Random) -> None:
    world = walk.state.world
    vessel = _one(walk.things(lambda i: bool(walk.state.liquid[i])), rng)
    entity = world.index[vessel]

    def takes(i: int) -> bool:
        kind, thing = world.fixture[i], world.thing[i]
        return bool(kind and kind.waterable) or bool(thing and thing.fills and not walk.state.liquid[i] and i != entity)

    target = _one([*walk.fixtures(takes), *walk.things(takes)], rng)
    walk.uncover(target)
    _fetch(walk, vessel)
    walk.do("pour", vessel, target)
    _put_away(walk, rng)


def _cut(walk: ActionSequence, rng: random.Random) -> None:
    world = walk.state.world
    knife = _one(walk.things(lambda i: bool((t := world.thing[i]) and t.cuts)), rng)
    _fetch(walk, knife)
    sliced = [a for a in applicable(walk.state, fixtures_only=True) if a.skill == "slice"]
    walk.do("slice", *_one(sliced, rng).args)
    _put_away(walk, rng)


def _wipe(walk: ActionSequence, rng: random.Random) -> None:
    world = walk.state.world
    wiper = _one(walk.things(lambda i: bool((t := world.thing[i]) and t.wipes)), rng)
    wipeable = walk.fixtures(lambda i: bool((f := world.fixture[i]) and f.wipeable))
    soiled = [name for name in wipeable if walk.state.flags[world.index[name]] & DIRTY]
    _fetch(walk, wiper)
    walk.do("wipe", _one(soiled or wipeable, rng))
    _put_away(walk, rng)


def _give(walk: ActionSequence, rng: random.Random) -> None:
    world = walk.state.world
    person = _one(walk.fixtures(lambda i: world.relation[i] == "with"), rng)
    name = _one(walk.things(lambda i: world.fits(i, world.index[person])), rng)
    _fetch(walk, name)
    walk.do("give", name, person)


def _turn(walk: ActionSequence, rng: random.Random) -> None:
    """Fold, switch, open or close one thing."""
    skill = rng.choice(("fold", "turn on", "turn off", "open", "close"))
    walk.do(skill, *_one([a for a in applicable(walk.state, fixtures_only=True) if a.skill == skill], rng).args)


CHAINS: dict[str, Chain] = {
    "carry": _carry,
    "machine": _run_machine,
    "pour": _pour,
    "cut": _cut,
    "wipe": _wipe,
    "give": _give,
    "turn": _turn,
}
