"""Choose the rooms of a sampled home and the fixtures in them: tables and sampling, no geometry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

import numpy as np

from envs.symbolic.domain import Domain

MAX_ROOMS = 8

# Relative weight of each kind of room as the next room; large homes may have a second one of SECOND_ROOM_WEIGHT.
ROOM_WEIGHT = {
    "living room": 5.0,
    "bedroom": 4.0,
    "bathroom": 4.0,
    "office": 2.0,
    "dining room": 1.0,
    "hall": 1.0,
    "laundry room": 1.0,
}
SECOND_ROOM_WEIGHT = {"bedroom": 1.5, "bathroom": 0.7}

# Room kind -> fixture: (probability of any, minimum, maximum).
FURNISHING: dict[str, dict[str, tuple[float, int, int]]] = {
    "kitchen": {
        "countertop": (1.0, 1, 2),
        "sink": (1.0, 1, 1),
        "fridge": (1.0, 1, 1),
        "cabinet": (1.0, 2, 4),
        "drawer": (1.0, 1, 3),
        "stove burner": (1.0, 1, 2),
        "garbage can": (1.0, 1, 1),
        "dining table": (0.8, 1, 1),
        "microwave": (0.85, 1, 1),
        "ceiling light": (0.7, 1, 1),
        "toaster": (0.6, 1, 1),
        "coffee machine": (0.6, 1, 1),
        "oven": (0.5, 1, 1),
        "kettle base": (0.5, 1, 1),
        "dishwasher": (0.5, 1, 1),
        "shelf": (0.4, 1, 1),
        "recycling bin": (0.35, 1, 1),
        "window": (0.3, 1, 1),
        "freezer": (0.25, 1, 1),
        "radio": (0.2, 1, 1),
        "cart": (0.15, 1, 1),
        "door": (0.15, 1, 1),
    },
    "living room": {
        "sofa": (1.0, 1, 1),
        "coffee table": (0.95, 1, 1),
        "television": (0.8, 1, 1),
        "TV stand": (0.75, 1, 1),
        "armchair": (0.6, 1, 2),
        "bookshelf": (0.6, 1, 1),
        "floor lamp": (0.6, 1, 1),
        "shelf": (0.5, 1, 1),
        "side table": (0.5, 1, 2),
        "plant": (0.5, 1, 1),
        "ceiling light": (0.5, 1, 1),
        "window": (0.4, 1, 1),
        "door": (0.4, 1, 1),
        "ottoman": (0.3, 1, 1),
        "dresser": (0.2, 1, 1),
        "desk lamp": (0.2, 1, 1),
        "fan": (0.2, 1, 1),
        "radio": (0.2, 1, 1),
        "piano": (0.15, 1, 1),
        "dining table": (0.1, 1, 1),
        "garbage can": (0.1, 1, 1),
    },
    "bedroom": {
        "bed": (1.0, 1, 1),
        "side table": (1.0, 1, 2),
        "dresser": (0.7, 1, 1),
        "wardrobe": (0.7, 1, 1),
        "desk lamp": (0.6, 1, 1),
        "desk": (0.5, 1, 1),
        "ceiling light": (0.5, 1, 1),
        "drawer": (0.4, 1, 1),
        "laundry basket": (0.4, 1, 1),
        "window": (0.4, 1, 1),
        "shelf": (0.3, 1, 1),
        "bookshelf": (0.3, 1, 1),
        "armchair": (0.3, 1, 1),
        "floor lamp": (0.3, 1, 1),
        "plant": (0.3, 1, 1),
        "fan": (0.25, 1, 1),
        "safe": (0.2, 1, 1),
        "garbage can": (0.2, 1, 1),
        "television": (0.15, 1, 1),
        "radio": (0.1, 1, 1),
        "TV stand": (0.1, 1, 1),
    },
    "bathroom": {
        "toilet": (1.0, 1, 1),
        "sink": (1.0, 1, 1),
        "bathtub": (0.7, 1, 1),
        "cabinet": (0.7, 1, 1),
        "towel rack": (0.7, 1, 1),
        "toilet paper hanger": (0.7, 1, 1),
        "ceiling light": (0.6, 1, 1),
        "garbage can": (0.5, 1, 1),
        "countertop": (0.4, 1, 1),
        "laundry basket": (0.4, 1, 1),
        "washing machine": (0.4, 1, 1),
        "shelf": (0.3, 1, 1),
        "drawer": (0.3, 1, 1),
        "cart": (0.1, 1, 1),
    },
    "office": {
        "desk": (1.0, 1, 1),
        "bookshelf": (0.8, 1, 2),
        "desk lamp": (0.7, 1, 1),
        "drawer": (0.6, 1, 2),
        "garbage can": (0.6, 1, 1),
        "armchair": (0.5, 1, 1),
        "ceiling light": (0.5, 1, 1),
        "plant": (0.4, 1, 1),
        "window": (0.4, 1, 1),
        "safe": (0.3, 1, 1),
        "floor lamp": (0.3, 1, 1),
        "fan": (0.3, 1, 1),
        "coffee machine": (0.15, 1, 1),
    },
    "dining room": {"dining table": (1.0, 1, 1), "cart": (0.5, 1, 1), "ceiling light": (0.7, 1, 1)},
    "hall": {
        "shelf": (1.0, 1, 1),
        "door": (0.9, 1, 1),
        "ceiling light": (0.7, 1, 1),
        "wardrobe": (0.5, 1, 1),
        "plant": (0.4, 1, 1),
    },
    "laundry room": {
        "washing machine": (1.0, 1, 1),
        "laundry basket": (1.0, 1, 1),
        "ceiling light": (0.6, 1, 1),
        "recycling bin": (0.4, 1, 1),
    },
}


def choose_rooms(
    rng: np.random.Generator, n_rooms: int, wanted: Iterable[Sequence[str]], required: Iterable[Sequence[str]]
) -> list[str]:
    """Return the kinds of the rooms, the kitchen first.

    Args:
        rng: Source of randomness.
        n_rooms: Number of rooms; `required` may add more.
        wanted: Sets of alternative kinds; one of each set is added if there are fewer than `n_rooms` rooms.
        required: Sets of alternative kinds; one of each set is always in the home.
    """
    room_kinds = ["kitchen"]
    for is_required, wishes in ((True, required), (False, wanted)):
        for options in wishes:
            if options and not set(options) & set(room_kinds) and (is_required or len(room_kinds) < n_rooms):
                room_kinds.append(_weighted(rng, {k: ROOM_WEIGHT.get(k, 0.1) for k in options}))
    while len(room_kinds) < n_rooms:
        weights = {k: w for k, w in ROOM_WEIGHT.items() if k not in room_kinds}
        if n_rooms > 4:
            weights |= {k: w for k, w in SECOND_ROOM_WEIGHT.items() if room_kinds.count(k) == 1}
        room_kinds.append(_weighted(rng, weights or SECOND_ROOM_WEIGHT))
    return room_kinds


def choose_fixtures(
    rng: np.random.Generator, room_kinds: Sequence[str], needed: Counter[str], absent: Collection[str], domain: Domain
) -> list[list[str]]:
    """Return the fixture categories of each room, with at least the `needed` ones."""
    rand = rng.random
    rooms: list[list[str]] = []
    total: Counter[str] = Counter()
    for room_kind in room_kinds:
        categories: list[str] = []
        for name, (chance, low, high) in FURNISHING[room_kind].items():
            if rand() < chance and name not in absent:
                if name == "dining table" and room_kind != "dining room" and "dining room" in room_kinds:
                    continue
                categories += [name] * (low + int(rand() * (high - low + 1)))
        total.update(categories)
        rooms.append(categories)
    if rand() < 0.5 and "person" not in absent:
        needed = needed | Counter(person=1)
    for name, number in needed.items():
        suitable_rooms = [i for i, room_kind in enumerate(room_kinds) if room_kind in domain.fixtures[name].rooms] or [
            0
        ]
        for _ in range(number - total[name]):
            without_one = [i for i in suitable_rooms if name not in rooms[i]] if domain.fixtures[name].underfoot else []
            candidates = without_one or suitable_rooms  # a floor goes into a room without one
            rooms[candidates[int(rand() * len(candidates))]].append(name)
    return rooms


def room_names(room_kinds: Sequence[str]) -> list[str]:
    """Return a name for each room: its kind, numbered from 1 if the home has several of that kind."""
    count: Counter[str] = Counter()
    names = []
    for room_kind in room_kinds:
        count[room_kind] += 1
        names.append(f"{room_kind} {count[room_kind]}" if room_kinds.count(room_kind) > 1 else room_kind)
    return names


def _weighted(rng: np.random.Generator, weights: dict[str, float]) -> str:
    remaining = rng.random() * sum(weights.values())
    for name, weight in weights.items():
        remaining -= weight
        if remaining < 0:
            return name
    return next(reversed(weights))
