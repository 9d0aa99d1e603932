"""A home as large as a home file may be, by seed: what reading, writing and planning are timed with."""

from __future__ import annotations

import random
from collections import Counter

from envs.errors import HomeError
from envs.scenes.room_furnishing import furniture_of_room, room_names
from envs.symbolic.domain import Domain, load_domain
from envs.symbolic.scene import FixtureSpec, ObjectSpec, Room, Scene

PEOPLE = ("Anna", "Ben", "Mia")
MAX_DRAWS = 1000  # of a place, for one object


def large_home(
    seed: int = 0, *, rooms: int = 30, fixtures: int = 200, objects: int = 2000, domain: Domain | None = None
) -> Scene:
    """Return a home without a floor plan: every kind of room, furniture of the room, things with all they may have.

    Args:
        seed: The same seed gives the same home.
        rooms: Number of rooms.
        fixtures: Number of fixtures.
        objects: Number of objects.
        domain: The kinds of things; by default those of every home.

    Raises:
        HomeError: The furniture has no place for so many objects.
    """
    domain, rng = domain or load_domain(), random.Random(seed)
    furnished = list(domain.sampling.furniture) or list(domain.rooms)
    kinds = [furnished[i % len(furnished)] for i in range(rooms)]
    scene_rooms = [Room(name=n, kind=k, rect=(0.0,) * 4) for n, k in zip(room_names(kinds), kinds, strict=True)]
    numbers: Counter[str] = Counter()

    def name_of(category: str) -> str:
        numbers[category] += 1
        return f"{category} {numbers[category]}"

    furniture = []
    for i in range(fixtures):
        room = scene_rooms[i % rooms]
        category = rng.choice(list(furniture_of_room(room.kind, domain)))
        furniture.append(FixtureSpec(name=name_of(category), category=category, room=room.name, x=0.0, y=0.0, yaw=0.0))
    furniture.sort(key=lambda f: [r.name for r in scene_rooms].index(f.room))
    places: list[FixtureSpec | ObjectSpec] = [f for f in furniture if domain.capacity(f.category)]
    cells_used: Counter[str] = Counter()
    things: list[ObjectSpec] = []
    categories = list(domain.objects.values())
    weights = [1 / category.units**2 for category in categories]  # small things: they fill the furniture last
    for _ in range(objects):
        for _ in range(MAX_DRAWS):
            kind, place = rng.choices(categories, weights)[0], rng.choice(places)
            has_room = cells_used[place.name] + kind.units <= domain.capacity(place.category)
            if has_room and domain.fits(kind.name, place.category):
                break
        else:
            raise HomeError(f"{fixtures} fixtures have no place for {objects} objects; ask for fewer objects")
        cells_used[place.name] += kind.units
        things.append(
            ObjectSpec(
                name=name_of(kind.name), category=kind.name, place=place.name,
                states=frozenset(rng.sample(("dirty", "cold"), rng.randrange(3))),
                liquid=kind.contains or (rng.choice((None, *domain.liquids)) if kind.fills else None),
                properties=(f"{rng.choice(PEOPLE)}'s", rng.choice(list(domain.properties["color"]))),
            )
        )  # fmt: skip
        if kind.holds is not None:
            places.append(things[-1])
    return Scene(
        name="large home", seed=seed, rooms=tuple(scene_rooms), doorways=(), fixtures=tuple(furniture),
        objects=tuple(things), robot=(0.0, 0.0, 0.0), people=PEOPLE, domain=domain,
    )  # fmt: skip
