"""How much fits in a place, at most: with everything else taken out, and with containers stacked in it.

A bound that is never too small: a plan that packs more does not exist. Objects are counted in cells, as in
`State`: a place of 20 cells takes four plates of 5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from envs.words import plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from envs.symbolic.actions import State

MAX_NAMES = 3  # places that a message lists


def goes_in(state: State, entity: int, holder: int) -> bool:
    """Whether an object can be in a holder, directly, or in something that fits in it; what is given, directly."""
    world = state.world
    if entity == holder:
        return False
    if state.root(entity) == holder or world.fits(entity, holder):
        return True
    if world.relation[holder] == "with":
        return False
    containers = (i for i in world.containers if i not in (entity, holder))
    return any(world.fits(entity, i) and world.fits(i, holder) for i in containers)


def fits_side_by_side(state: State, one: int, other: int) -> bool:
    """Whether there is anything that holds two objects at once, or a person who can be given both."""
    world = state.world
    for holder in range(len(world.names)):
        if holder not in (one, other) and world.fits(one, holder) and world.fits(other, holder):
            has_room = world.units[one] + world.units[other] <= world.capacity[holder]
            if has_room or world.relation[holder] == "with":
                return True
    return False


def capacity_obstacle(
    state: State, objects: Sequence[int], number: int, holders: Sequence[int], *, stacking: bool = True
) -> str:
    """Say how many of so many objects do not fit in or on holders, which may be emptied; "" if they may all fit.

    With `stacking`, other containers may be brought there to hold some of them.
    """
    world = state.world
    if number < 1 or not holders or any(world.relation[holder] == "with" for holder in holders):
        return ""
    needed = sum(sorted(world.units[i] for i in objects)[:number])
    if any(world.capacity[holder] >= needed and all(world.fits(i, holder) for i in objects) for holder in holders):
        return ""
    fitting = next(k for k in range(number, -1, -1) if _may_fit(state, objects, k, holders, stacking=stacking))
    if fitting == number:
        return ""
    words = {world.categories[i] for i in objects}
    word = words.pop() if len(words) == 1 else "object"
    relation, excess = world.relation[holders[0]], number - fitting
    names = [world.names[holder] for holder in holders]
    where = " and ".join(names) if len(names) <= MAX_NAMES else f"all {len(names)} of them"
    subject = f"1 {word} does" if excess == 1 else f"{excess} {plural(word, is_counted=True)} do"
    return f"{subject} not fit {relation} {where}: only {fitting} of {number} fit"


def _may_fit(state: State, objects: Sequence[int], number: int, holders: Sequence[int], *, stacking: bool) -> bool:
    """Whether the smallest so many of the objects may fit."""
    chosen = sorted(objects, key=lambda i: (state.world.units[i], i))[:number]
    units = [state.world.units[i] for i in chosen]
    if sum(units) > room_of(state, chosen, holders, 1, stacking=stacking):
        return False
    return all(
        sum(u >= size for u in units) <= room_of(state, chosen, holders, size, stacking=stacking) for size in set(units)
    )


def room_of(state: State, objects: Iterable[int], holders: Sequence[int], size: int, *, stacking: bool = True) -> int:
    """Return how many things of so many cells fit in or on empty holders, at most, some of them in containers.

    The first object in an empty place may be larger than its room, as in `unmet_precondition`.
    """
    world = state.world
    inside = set(objects)
    sized = [i for i in inside if world.units[i] >= size]

    def largest(holder: int) -> int:
        return max((world.units[i] // size for i in sized if i != holder and world.fits(i, holder)), default=0)

    rooms = [max(world.capacity[holder] // size, largest(holder)) for holder in holders]
    room, alone = sum(rooms), []
    for i in range(world.n_fixtures, len(world.names)):
        if i in holders or not largest(i) or not any(goes_in(state, i, holder) for holder in holders):
            continue
        gained = max(world.capacity[i] // size, largest(i))
        if i in inside:
            room += gained
        elif not stacking and state.root(i) not in holders and state.place[i] not in holders:
            continue
        elif all(world.units[i] <= world.capacity[holder] for holder in holders):
            room += max(0, gained - world.units[i] // size)
        else:  # larger than the room: nothing stands beside it
            alone.append(max(0, gained - min(rooms)))
    return room + sum(sorted(alone, reverse=True)[: len(holders)])
