"""Which rooms a sampled home has, and which fixtures stand in them: tables and two choices, no geometry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

import numpy as np

from envs.symbolic.domain import Domain

MAX_ROOMS = 8

# How often a room of each kind is the next one that a home gets; some homes have two of the last column's kinds.
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

# Room kind -> fixture: (probability of any, fewest, most).
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
        rng: Source of chance.
        n_rooms: How many, unless `required` makes them more.
        wanted: For each wish, the kinds of which one would do; kept while there are fewer than `n_rooms`.
        required: The same, kept in any case.
    """
    kinds = ["kitchen"]
    for must, wishes in ((True, required), (False, wanted)):
        for options in wishes:
            if options and not set(options) & set(kinds) and (must or len(kinds) < n_rooms):
                kinds.append(_weighted(rng, {k: ROOM_WEIGHT.get(k, 0.1) for k in options}))
    while len(kinds) < n_rooms:
        weights = {k: w for k, w in ROOM_WEIGHT.items() if k not in kinds}
        if n_rooms > 4:
            weights |= {k: w for k, w in SECOND_ROOM_WEIGHT.items() if kinds.count(k) == 1}
        kinds.append(_weighted(rng, weights or SECOND_ROOM_WEIGHT))
    return kinds


def choose_fixtures(
    rng: np.random.Generator, kinds: Sequence[str], needed: Counter[str], absent: Collection[str], domain: Domain
) -> list[list[str]]:
    """Return the fixture categories of each room, with at least the `needed` ones."""
    rand = rng.random
    rooms: list[list[str]] = []
    total: Counter[str] = Counter()
    for kind in kinds:
        here: list[str] = []
        for name, (chance, low, high) in FURNISHING[kind].items():
            if rand() < chance and name not in absent:
                if name == "dining table" and kind != "dining room" and "dining room" in kinds:
                    continue
                here += [name] * (low + int(rand() * (high - low + 1)))
        total.update(here)
        rooms.append(here)
    if rand() < 0.5 and "person" not in absent:
        needed = needed | Counter(person=1)
    for name, number in needed.items():
        fitting = [i for i, kind in enumerate(kinds) if kind in domain.fixtures[name].rooms] or [0]
        for _ in range(number - total[name]):
            bare = [i for i in fitting if name not in rooms[i]] if domain.fixtures[name].underfoot else []
            among = bare or fitting  # a floor goes where there is none yet
            rooms[among[int(rand() * len(among))]].append(name)
    return rooms


def room_names(kinds: Sequence[str]) -> list[str]:
    """Name rooms: the kind, numbered from 1 where a home has several of it."""
    seen: Counter[str] = Counter()
    names = []
    for kind in kinds:
        seen[kind] += 1
        names.append(f"{kind} {seen[kind]}" if kinds.count(kind) > 1 else kind)
    return names


def _weighted(rng: np.random.Generator, weights: dict[str, float]) -> str:
    left = rng.random() * sum(weights.values())
    for name, weight in weights.items():
        left -= weight
        if left < 0:
            return name
    return next(reversed(weights))
