"""Random plans that test the homes: applicable actions, inapplicable actions, and short chains with a purpose.

A chain is a household chore (bring, wash, heat, fill, cut, wipe, give), built by a few rules from the current state.
There is no search: a chain whose next action is not applicable is discarded and another one is drawn.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import TypeVar

from envs.evaluation.plan_builder import DeadEndError, PlanBuilder
from envs.symbolic.actions import DIRTY, ON, OPEN, Action, State, applicable, successor, unmet_precondition

Chain = Callable[[PlanBuilder, random.Random], None]
Item = TypeVar("Item")
TAKE_OUT_CHANCE = 0.5  # chance that a heated or washed object is taken out again
CLOSE_CHANCE = 0.7  # chance that an opened fixture is closed afterwards
FIXTURE_CHANCE = 0.7  # chance that an object is brought to a fixture, not to a movable container
MAX_DRAWS = 20


def draw_action(state: State, rng: random.Random) -> Action:
    """Return a random applicable action: first the skill, then its arguments, so that `go to` does not dominate."""
    by_skill: dict[str, list[Action]] = {}
    for action in applicable(state):
        by_skill.setdefault(action.skill, []).append(action)
    return rng.choice(by_skill[rng.choice(sorted(by_skill))])


def draw_actions(initial_state: State, n_actions: int, rng: random.Random) -> list[Action]:
    """Return a sequence of applicable actions, each drawn by `draw_action`."""
    state, actions = initial_state, list[Action]()
    for _ in range(n_actions):
        actions.append(draw_action(state, rng))
        state = successor(state, actions[-1])
    return actions


def draw_inapplicable(state: State, rng: random.Random) -> Action:
    """Return an inapplicable action with a random skill and random names."""
    skills, names = list(state.world.domain.skills.values()), state.world.names
    while True:
        skill = rng.choice(skills)
        action = Action(skill.name, tuple(rng.choice(names) for _ in skill.parameters))
        if unmet_precondition(state, action) is not None:
            return action


def draw_chain(state: State, rng: random.Random) -> tuple[str, list[Action]]:
    """Return a chain's name and its actions; a single random action if no chain can be built."""
    chains: dict[str, Chain] = {"put away": _put_away} if state.held >= 0 else CHAINS
    for _ in range(MAX_DRAWS):
        name = rng.choice(list(chains))
        plan = PlanBuilder(state)
        try:
            chains[name](plan, rng)
        except DeadEndError:
            continue
        if plan.actions:
            return name, plan.actions
    return "any", [draw_action(state, rng)]


def _choose(options: Sequence[Item], rng: random.Random) -> Item:
    if not options:
        raise DeadEndError("there is nothing to choose from")
    return rng.choice(options)


def _fetch(plan: PlanBuilder, name: str) -> None:
    plan.uncover(name)
    plan.do("pick up", name)


def _put_away(plan: PlanBuilder, rng: random.Random) -> None:
    name = plan.state.world.names[plan.state.held]
    plan.do("put", name, _choose(plan.places_for(name), rng))


def _carry(plan: PlanBuilder, rng: random.Random) -> None:
    world = plan.state.world
    name = _choose(plan.objects(lambda i: True), rng)
    entity = world.index[name]
    candidates = plan.fixtures if rng.random() < FIXTURE_CHANCE else plan.objects
    place = _choose(candidates(lambda i: world.relation[i] != "with" and world.fits(entity, i)), rng)
    opened_fixtures = {plan.uncover(name), plan.uncover(place)} - {None}
    plan.do("pick up", name)
    plan.do("put", name, place)
    for fixture in sorted(filter(None, opened_fixtures)):
        if rng.random() < CLOSE_CHANCE:
            plan.do("close", fixture)


def _run_machine(plan: PlanBuilder, rng: random.Random) -> None:
    """Wash, heat, cook, toast, brew or chill: use a fixture that has a process."""
    world = plan.state.world
    machine = _choose(plan.fixtures(lambda i: world.process[i] is not None), rng)
    entity = world.index[machine]
    process = world.process[entity]
    assert process is not None
    inside = plan.objects(lambda i: plan.state.root(i) == entity)
    if not inside or rng.random() < 0.7:
        name = _choose(plan.objects(lambda i: world.fits(i, entity) and plan.state.root(i) != entity), rng)
        plan.uncover(name)
        plan.uncover(machine)
        plan.do("pick up", name)
        plan.do("put", name, machine)
        inside.append(name)
    if "closed" in process.when and plan.state.flags[entity] & OPEN:
        plan.do("close", machine)
    if "on" in process.when:
        if plan.state.flags[entity] & ON:
            plan.do("turn off", machine)
        plan.do("turn on", machine)
        plan.do("turn off", machine)
    if rng.random() < TAKE_OUT_CHANCE:
        _fetch(plan, _choose(inside, rng))
        _put_away(plan, rng)


def _pour(plan: PlanBuilder, rng: random.Random) -> None:
    world = plan.state.world
    vessel = _choose(plan.objects(lambda i: bool(plan.state.liquid[i])), rng)
    entity = world.index[vessel]

    def can_receive(i: int) -> bool:
        fixture_category, object_category = world.fixture_category[i], world.object_category[i]
        return bool(fixture_category and fixture_category.waterable) or bool(
            object_category and object_category.fills and not plan.state.liquid[i] and i != entity
        )

    target = _choose([*plan.fixtures(can_receive), *plan.objects(can_receive)], rng)
    plan.uncover(target)
    _fetch(plan, vessel)
    plan.do("pour", vessel, target)
    _put_away(plan, rng)


def _cut(plan: PlanBuilder, rng: random.Random) -> None:
    world = plan.state.world
    knife = _choose(plan.objects(lambda i: bool((t := world.object_category[i]) and t.cuts)), rng)
    _fetch(plan, knife)
    slice_actions = [a for a in applicable(plan.state, fixtures_only=True) if a.skill == "slice"]
    plan.do("slice", *_choose(slice_actions, rng).args)
    _put_away(plan, rng)


def _wipe(plan: PlanBuilder, rng: random.Random) -> None:
    world = plan.state.world
    tool = _choose(plan.objects(lambda i: bool((t := world.object_category[i]) and t.wipes)), rng)
    wipeable = plan.fixtures(lambda i: bool((f := world.fixture_category[i]) and f.wipeable))
    dirty = [name for name in wipeable if plan.state.flags[world.index[name]] & DIRTY]
    _fetch(plan, tool)
    plan.do("wipe", _choose(dirty or wipeable, rng))
    _put_away(plan, rng)


def _give(plan: PlanBuilder, rng: random.Random) -> None:
    world = plan.state.world
    person = _choose(plan.fixtures(lambda i: world.relation[i] == "with"), rng)
    name = _choose(plan.objects(lambda i: world.fits(i, world.index[person])), rng)
    _fetch(plan, name)
    plan.do("give", name, person)


def _single_action(plan: PlanBuilder, rng: random.Random) -> None:
    """Fold, switch, open or close one object or fixture."""
    skill = rng.choice(("fold", "turn on", "turn off", "open", "close"))
    plan.do(skill, *_choose([a for a in applicable(plan.state, fixtures_only=True) if a.skill == skill], rng).args)


CHAINS: dict[str, Chain] = {
    "carry": _carry,
    "machine": _run_machine,
    "pour": _pour,
    "cut": _cut,
    "wipe": _wipe,
    "give": _give,
    "turn": _single_action,
}
