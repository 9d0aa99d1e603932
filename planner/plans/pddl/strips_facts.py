"""What is true at the start, as PDDL facts, and which objects a problem is about.

Objects that neither the goal nor the plan is about are left out, unless they are tools, drinks or vessels that such a
goal can need. They still take up space: `fits` holds for an object and a place that suit each other by size and
category, if there is space for it besides the initial contents, or if the plan puts it there. Another planner may
therefore put too much into one place, which a replay in the symbolic home detects; and a place that is full at the
start counts as full even after it is emptied.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from envs.symbolic.embodiment.hand_limits import all_out_of_reach, never_held
from planner.plans.formulas.formula import Formula, atoms, entities
from planner.plans.formulas.grounding import can_be
from planner.plans.pddl.strips_domain import false, process_name, true

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from envs.symbolic.actions import Action, State
    from envs.symbolic.state import World
    from planner.plans.formulas.rules import GroundGoal

NOWHERE = "nowhere"  # where objects lie that are at no place; a fixture in the problem


def included_entities(goal: GroundGoal, actions: Sequence[Action], initial_state: State) -> list[int]:
    """Return all fixtures, and the objects that a plan for this goal can need."""
    world = initial_state.world
    about, states = _objects_of(goal.phases, world), _states(goal)
    is_about_dirt = any(
        atom.word == "dirty" and atom.entity < world.n_fixtures for f in goal.phases for atom in atoms(f)
    )
    found = {world.index[name] for action in actions for name in action.args} | about
    found |= {i for formula in goal.formulas for i in entities(formula)} | {
        i for b in goal.bans for i in b.entities or ()
    }
    found |= {i for word in goal.means for i in world.entities_by_category.get(word, ())}
    found |= {initial_state.held} if initial_state.held >= 0 else set()
    for i in range(world.n_fixtures, len(world.names)):
        category = world.object_category[i]
        assert category is not None
        if (
            ("sliced" in states and category.cuts)
            or (is_about_dirt and category.wipes)
            or (needs_liquid(goal) and (category.fills or bool(category.contains)))
        ):
            found.add(i)
    found |= _carriers(world, states, about)
    for i in list(found):  # what stands in or on something is reached through it
        found |= {holder for holder in holders(initial_state, i) if holder >= world.n_fixtures}
    return sorted({*range(world.n_fixtures), *found})


def fills_something(goal: GroundGoal, world: World) -> bool:
    """Whether a goal is about vessels that can be filled."""
    return any((category := world.object_category[i]) and category.fills for i in _objects_of(goal.phases, world))


def _objects_of(formulas: Iterable[Formula], world: World) -> set[int]:
    return {i for formula in formulas for i in entities(formula) if i >= world.n_fixtures}


def holders(state: State, i: int) -> list[int]:
    """Return what an entity is in or on, from its vessel up to the furniture."""
    found = []
    while state.place[i] >= 0:
        i = state.place[i]
        found.append(i)
    return found


def needs_liquid(goal: GroundGoal) -> bool:
    """Whether a goal is about what is in vessels or about watering."""
    return any(atom.relation == "filled" or atom.word == "watered" for f in goal.phases for atom in atoms(f))


def _states(goal: GroundGoal) -> set[str]:
    return {atom.word for f in goal.phases for atom in atoms(f) if atom.relation == "has"}


def _carriers(world: World, states: set[str], objects: set[int]) -> set[int]:
    """Return the vessels in which objects get into appliances, if none that changes a state takes them directly."""
    found: set[int] = set()
    for state in states:
        fixtures = [
            f
            for f, process in enumerate(world.process)
            if process and state in (*process.set, *process.clear, *(["cooked"] if process.cook else []))
        ]
        carried = [i for i in objects if not any(world.fits(i, f) for f in fixtures)]
        for v in range(world.n_fixtures, len(world.names)) if carried and fixtures else ():
            if world.relation[v] and any(world.fits(v, f) for f in fixtures):
                found |= {v} if any(world.fits(i, v) for i in carried) else set()
    return found


def entity_type(world: World, i: int) -> str:
    """Return the PDDL type of an entity."""
    if i < world.n_fixtures:
        return "fixture"
    return "vessel" if world.relation[i] else "item"


def initial_facts(
    initial_state: State, actions: Sequence[Action], names: Sequence[str], included: Sequence[int]
) -> list[str]:
    """Return the facts that are true at the start."""
    world = initial_state.world
    facts = [f"(held {names[initial_state.held]})" if initial_state.held >= 0 else "(hand-free)"]
    facts += [f"(destination {names[world.index[a.args[0]]]})" for a in actions if a.skill == "go to"]
    if world.domain.hand is not None:
        facts += [
            f"(liftable {names[i]})" for i in included if i >= world.n_fixtures and i not in never_held(initial_state)
        ]
    for i in included:
        facts += _fixture_facts(world, i, names) if i < world.n_fixtures else _thing_facts(initial_state, i, names)
        facts += [
            true(state, names[i]) if initial_state.has(i, state) else false(world.domain, state, names[i])
            for state in world.domain.states if initial_state.has(i, state) or can_be(world, i, state)
        ]  # fmt: skip
        if i < world.n_fixtures and world.relation[i] and (not world.enclosed[i] or initial_state.has(i, "open")):
            facts.append(f"(accessible {names[i]})")
    if is_somewhere_else(initial_state, included):
        facts += [f"(accessible {NOWHERE})", f"(surface {NOWHERE})"]
    for liquid in world.domain.liquids:
        facts += [f"(gives-{process_name(p)} {liquid})" for p in world.domain.processes if p.fill == liquid]
    return list(dict.fromkeys([*facts, "(waters water)", *_fits(initial_state, actions, names, included)]))


def is_somewhere_else(initial_state: State, included: Sequence[int]) -> bool:
    """Whether an object is at no place."""
    world = initial_state.world
    return any(i >= world.n_fixtures and i != initial_state.held and initial_state.place[i] < 0 for i in included)


def _fixture_facts(world: World, i: int, names: Sequence[str]) -> list[str]:
    fixture, process = world.fixture_category[i], world.process[i]
    assert fixture is not None
    needs_closed = bool(process and "closed" in process.when)
    properties = {
        "door": fixture.joint is not None and world.enclosed[i],
        "panel": fixture.joint is not None and not world.enclosed[i],
        "surface": bool(world.relation[i]) and not world.enclosed[i] and world.relation[i] != "with",
        "switched": fixture.switch,
        "runs-open": fixture.switch and not needs_closed,
        "runs-closed": fixture.switch and needs_closed,
        "wipeable": fixture.wipeable,
        "waterable": fixture.waterable,
    }
    if process is not None:
        properties[f"does-{process_name(process)}"] = True
    return [f"({word} {names[i]})" for word, is_true in properties.items() if is_true]


def _thing_facts(initial_state: State, i: int, names: Sequence[str]) -> list[str]:
    thing, liquid = initial_state.world.object_category[i], initial_state.liquid[i]
    assert thing is not None
    properties = {
        "cuts": thing.cuts, "wipes": thing.wipes, "sliceable": thing.slices, "cookable": thing.cooks,
        "foldable": thing.folds, "fillable": thing.fills, "supply": bool(thing.contains),
        "emptied-by-pouring": not thing.contains, "empty": not liquid and thing.fills,
    }  # fmt: skip
    facts = [f"({word} {names[i]})" for word, is_true in properties.items() if is_true]
    facts += [f"(filled {names[i]} {liquid})"] if liquid else []
    if i != initial_state.held:
        place = initial_state.place[i]
        facts.append(f"(at {names[i]} {names[place] if place >= 0 else NOWHERE})")
    return facts


def _fits(
    initial_state: State, actions: Sequence[Action], names: Sequence[str], included: Sequence[int]
) -> Iterator[str]:
    world = initial_state.world
    things = [i for i in included if i >= world.n_fixtures]
    planned = {(world.index[a.args[0]], world.index[a.args[1]]) for a in actions if a.skill == "put"}
    beyond = all_out_of_reach(world)
    for place in included:
        if world.relation[place] is None or initial_state.root(place) in beyond:
            continue
        contents = initial_state.children(place)
        used = sum(world.units[j] for j in contents)
        for i in things:
            if i == place or not world.fits(i, place):
                continue
            if world.relation[place] == "with":  # a person accepts any number of objects
                yield f"(receives {names[place]} {names[i]})"
                continue
            others = used - (world.units[i] if i in contents else 0)
            is_alone = not contents or contents == [i]
            if is_alone or world.units[i] + others <= world.capacity[place] or (i, place) in planned:
                yield f"(fits {names[i]} {names[place]})"
