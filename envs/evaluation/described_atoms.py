"""Compares both worlds on what the goal language speaks of beyond states and places.

Beside, rooms, and people by name are atoms; conditions and rules of a goal are compared as the progress of an episode.
The symbolic world knows no distances: after a `put`, it is asked only about neighbors that the goal wants, beside which
the robot must have put the object, and about pairs that the action did not touch, which must be as before.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from envs.evaluation.state_comparison import Attempt, Difference
from envs.symbolic.goals import Count, Goal, Place, Thing, format_condition, format_rule
from envs.symbolic.progress import Progress, advance, score
from envs.symbolic.scoring import is_at, wanted_neighbors

if TYPE_CHECKING:
    import random

    from envs.simulation.physical_home import PhysicalHome
    from envs.symbolic.actions import Action, State

NEIGHBOR_CHANCE = 0.5  # chance that `put` is asked to stand beside something that is there


def with_neighbor(goal: Goal, state: State, action: Action, rng: random.Random) -> Goal:
    """Return the goal, sometimes with a condition that what `put` places stands beside an object that is there."""
    if action.skill != "put" or rng.random() >= NEIGHBOR_CHANCE:
        return goal
    world = state.world
    item, place = (world.index[name] for name in action.args)
    there = [i for i in state.children(place) if world.categories[i] != world.categories[item]]
    if not there:
        return goal
    neighbor = Thing(word=world.categories[rng.choice(there)])
    condition = Count(thing=Thing(word=world.categories[item]), place=Place(thing=neighbor, beside=True))
    return replace(goal, phases=(*goal.phases[:-1], (*goal.phases[-1], condition)))


def compare(
    home: PhysicalHome, action: Action, result: Attempt, goal: Goal, progress: Progress
) -> tuple[list[Difference], Progress]:
    """Return where the worlds differ after a done action, and the progress in the physical world.

    Args:
        home: The physical home.
        action: The action.
        result: How it was carried out, with the states before and after.
        goal: The goal that the home pursued meanwhile.
        progress: How far the episode had come.
    """
    before, expected, found = result.before, result.expected, result.found
    rows = _neighbors(goal, action, before, expected, found, progress.initial_state)
    rows += _rooms(home, expected)
    rows += _people(expected, found)
    expected_progress = advance(progress, _measured(expected, found), action)
    found_progress = advance(advance(progress, found, action), found)
    rows += _scores(expected_progress, found_progress)
    return rows, found_progress


def _neighbors(
    goal: Goal, action: Action, before: State, expected: State, found: State, initial_state: State
) -> list[Difference]:
    world = expected.world
    moved = {world.index[name] for name in action.args}
    moved |= {i for name in action.args for i in expected.everything_in(world.index[name])}
    rows = []
    for i in range(world.n_fixtures, len(world.names)):
        if i in moved or expected.place[i] != found.place[i]:
            continue
        was, now = (
            {j for j in s.neighbors(i) if j not in moved and expected.place[j] == found.place[j]}
            for s in (expected, found)
        )
        rows += [
            Difference(world.names[i], f"beside {world.categories[j]}", str(j in was).lower(), str(j in now).lower())
            for j in sorted(was ^ now)
            if i < j
        ]
    wanted = wanted_neighbors(goal.conditions, before, action, initial_state)
    item = world.index[action.args[0]]
    if wanted and not set(wanted) & set(found.neighbors(item)):
        rows.append(Difference(world.names[item], "beside", world.names[wanted[0]], "apart"))
    return rows


def wants_neighbor(result: Attempt, action: Action, goal: Goal, progress: Progress) -> bool:
    """Whether an action had to put something beside an object."""
    return bool(wanted_neighbors(goal.conditions, result.before, action, progress.initial_state))


def _rooms(home: PhysicalHome, expected: State) -> list[Difference]:
    """Objects that are not, by their position, in the room of the furniture that holds them."""
    world, rows = home.world, []
    for i in range(world.n_fixtures, len(world.names)):
        root = expected.root(i)
        if root < 0:
            continue
        at, _ = home.queries.pose(world.names[i])
        room = world.scene.fixtures[root].room
        x0, y0, x1, y1 = home.queries.rooms[room]
        if not (x0 <= at[0] <= x1 and y0 <= at[1] <= y1):
            here = next(
                (n for n, (a, b, c, d) in home.queries.rooms.items() if a <= at[0] <= c and b <= at[1] <= d), ""
            )
            rows.append(Difference(world.names[i], "room", room, here or "none"))
    return rows


def _people(expected: State, found: State) -> list[Difference]:
    """Objects that one of the people by name has in one world only."""
    world, rows = expected.world, []
    for person in world.people:
        place = Place(person=person)
        for i in range(world.n_fixtures, len(world.names)):
            has = [is_at(state, i, place) for state in (expected, found)]
            if has[0] != has[1]:
                rows.append(Difference(world.names[i], f"with {person}", *(str(h).lower() for h in has)))
    return rows


def _measured(expected: State, found: State) -> State:
    """Return the expected state with the distances that were measured: those of what was put are not predicted."""
    return expected._replace(apart=found.apart)


def _scores(expected: Progress, found: Progress) -> list[Difference]:
    """Conditions and rules that do not agree."""
    goal = expected.goal
    scores = score(expected), score(found)
    rows = [
        Difference(format_condition(c), "condition", str(a).lower(), str(b).lower())
        for c, a, b in zip(goal.conditions, scores[0].met, scores[1].met, strict=True)
        if a != b
    ]
    broken = [{i for i, _ in s.broken} for s in scores]
    rows += [
        Difference(format_rule(goal.rules[i]), "rule", *("broken" if i in b else "kept" for b in broken))
        for i in sorted(broken[0] ^ broken[1])
    ]
    return rows
