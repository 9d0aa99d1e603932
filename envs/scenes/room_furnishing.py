"""Choose the rooms of a sampled home and the fixtures in them, from the tables of its domain; no geometry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache

import numpy as np

from envs.errors import HomeError
from envs.symbolic.domain import Domain
from envs.symbolic.domain.sampling import Amount

MAX_ROOMS = 8

PERSON_CHANCE = 0.5  # that somebody is in the home
# Where a domain does not say how its rooms are furnished: the chance of furniture that holds things, and of other.
USUAL_CHANCE, OTHER_CHANCE = 0.85, 0.5
RARE_ROOM_WEIGHT = 0.1  # of a kind of room without a weight


def choose_rooms(
    rng: np.random.Generator,
    n_rooms: int,
    wanted: Iterable[Sequence[str]],
    required: Iterable[Sequence[str]],
    domain: Domain,
) -> list[str]:
    """Return the kinds of the rooms, the domain's first one first.

    Args:
        rng: Source of randomness.
        n_rooms: Number of rooms; `required` may add more.
        wanted: Sets of alternative kinds; one of each set is added if there are fewer than `n_rooms` rooms.
        required: Sets of alternative kinds; one of each set is always in the home.
        domain: Whose rooms they are.
    """
    room_kinds = [first_room(domain)]
    room_weights = domain.sampling.rooms or dict.fromkeys(domain.rooms, 1.0)
    for is_required, wishes in ((True, required), (False, wanted)):
        for options in wishes:
            if options and not set(options) & set(room_kinds) and (is_required or len(room_kinds) < n_rooms):
                room_kinds.append(_weighted(rng, {k: room_weights.get(k, RARE_ROOM_WEIGHT) for k in options}))
    second_rooms = domain.sampling.second_rooms or room_weights
    while len(room_kinds) < n_rooms:
        weights = {k: w for k, w in room_weights.items() if k not in room_kinds}
        if n_rooms > 4:
            weights |= {k: w for k, w in second_rooms.items() if room_kinds.count(k) == 1}
        room_kinds.append(_weighted(rng, weights or second_rooms))
    return room_kinds


def first_room(domain: Domain) -> str:
    """Return the kind of room that every home of a domain has.

    Raises:
        HomeError: The domain has no kind of room.
    """
    kinds = (room for fixture in domain.fixtures.values() if fixture.region is not None for room in fixture.rooms)
    first = domain.sampling.first_room or next(kinds, None)
    if first is None:
        raise HomeError("no home of this domain can be sampled: none of its furniture lists `rooms`")
    return first


def choose_fixtures(
    rng: np.random.Generator, room_kinds: Sequence[str], needed: Counter[str], absent: Collection[str], domain: Domain
) -> list[list[str]]:
    """Return the fixture categories of each room, with at least the `needed` ones."""
    rand = rng.random
    rooms: list[list[str]] = []
    total: Counter[str] = Counter()
    own_room = domain.sampling.own_room
    for room_kind in room_kinds:
        categories: list[str] = []
        for name, (chance, low, high) in furniture_of_room(room_kind, domain).items():
            if rand() < chance and name not in absent:
                if name in own_room and room_kind != own_room[name] and own_room[name] in room_kinds:
                    continue
                categories += [name] * (low + int(rand() * (high - low + 1)))
        total.update(categories)
        rooms.append(categories)
    person = domain.person
    if person is not None and rand() < PERSON_CHANCE and person not in absent:
        needed = needed | Counter({person: 1})
    for name, number in needed.items():
        suitable_rooms = [i for i, room_kind in enumerate(room_kinds) if room_kind in domain.fixtures[name].rooms] or [
            0
        ]
        for _ in range(number - total[name]):
            without_one = [i for i in suitable_rooms if name not in rooms[i]] if domain.fixtures[name].underfoot else []
            candidates = without_one or suitable_rooms  # a floor goes into a room without one
            rooms[candidates[int(rand() * len(candidates))]].append(name)
    return rooms


@lru_cache(maxsize=256)
def furniture_of_room(room_kind: str, domain: Domain) -> dict[str, Amount]:
    """Return what stands in a kind of room: the domain's table, and furniture that no table of the domain has.

    People, floors and rooms are no part of it.
    """
    tables = domain.sampling.furniture
    listed = {name for table in tables.values() for name in table}
    furniture = dict(tables.get(room_kind, {}))
    for name, fixture in domain.fixtures.items():
        is_placed = fixture.underfoot or fixture.is_room or fixture.relation == "with"
        if name not in listed and room_kind in fixture.rooms and not is_placed:
            furniture[name] = (OTHER_CHANCE if fixture.region is None else USUAL_CHANCE, 1, 1)
    return furniture


def room_names(room_kinds: Sequence[str]) -> list[str]:
    """Return a name for each room: its kind, numbered from 1 if the home has several of that kind."""
    count: Counter[str] = Counter()
    names = []
    for room_kind in room_kinds:
        count[room_kind] += 1
        names.append(f"{room_kind} {count[room_kind]}" if room_kinds.count(room_kind) > 1 else room_kind)
    return names


def _weighted(rng: np.random.Generator, weights: Mapping[str, float]) -> str:
    remaining = rng.random() * sum(weights.values())
    for name, weight in weights.items():
        remaining -= weight
        if remaining < 0:
            return name
    return list(weights)[-1]
