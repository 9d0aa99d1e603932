"""Small handwritten homes: one room with its fixtures along two walls."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from envs.symbolic.actions import State, World, apply, parse_action
from envs.symbolic.domain import load_domain
from envs.symbolic.scene import FixtureSpec, ObjectSpec, Room, Scene

GAP_M = 0.3
ROOM_DEPTH_M = 6.0


def category_of(name: str) -> str:
    return re.sub(r" \d+$", "", name)


def properties_in(words: str) -> tuple[str, ...]:
    return tuple(w for w in words.split() if w in load_domain().property_group or w.endswith("'s"))


def scene(fixtures: Sequence[str], objects: Mapping[str, str] | None = None, *, people: Sequence[str] = ()) -> Scene:
    """Build a home of `fixtures` ("oven 1: open on") and `objects` ({"mug 1: Anna's red dirty of tea": "oven 1"}).

    A fixture stands in the kitchen, or in the room behind "@": "bed 1: wooden @ bedroom".
    """
    sizes = load_domain().fixtures
    fixture_specs: list[FixtureSpec] = []
    wall_length_m = [GAP_M, GAP_M]  # occupied length of each wall
    for i, entry in enumerate(fixtures):
        text, _, room = entry.partition(" @ ")
        name, _, states = text.partition(": ")
        depth, width, _ = sizes[category_of(name)].size
        wall = i % 2
        fixture_specs.append(
            FixtureSpec(
                name=name,
                category=category_of(name),
                room=room or "kitchen",
                x=wall_length_m[wall] + width / 2,
                y=ROOM_DEPTH_M - depth / 2 - 0.05 if wall else depth / 2 + 0.05,
                yaw=-math.pi / 2 if wall else math.pi / 2,
                states=frozenset(states.split()) - set(properties_in(states)),
                properties=properties_in(states),
            )
        )
        wall_length_m[wall] += width + GAP_M
    object_specs = []
    for text, place in (objects or {}).items():
        name, _, rest = text.partition(": ")
        words, _, liquid = f" {rest}".partition(" of ")
        category = category_of(name)
        object_specs.append(
            ObjectSpec(
                name=name,
                category=category,
                place=place,
                states=frozenset(words.split()) - set(properties_in(words)),
                liquid=liquid or None,
                properties=properties_in(words),
            )
        )
    width_m = max(*wall_length_m, 4.0)
    return Scene(
        name="test home",
        seed=0,
        rooms=tuple(
            Room(name=name, kind=re.sub(r"^.*(bedroom|bathroom)$", r"\1", name), rect=(0.0, 0.0, width_m, ROOM_DEPTH_M))
            for name in dict.fromkeys(["kitchen", *(f.room for f in fixture_specs)])
        ),
        doorways=(),
        fixtures=tuple(fixture_specs),
        objects=tuple(object_specs),
        robot=(width_m / 2, ROOM_DEPTH_M / 2, 0.0),
        people=tuple(people),
    )


def state(fixtures: Sequence[str], objects: Mapping[str, str] | None = None, *, people: Sequence[str] = ()) -> State:
    """Return the initial state of a home (see `scene`)."""
    return World(scene(fixtures, objects, people=people)).initial()


def after(now: State, *subtasks: str) -> State:
    """Return the state after some subtasks; each must be applicable."""
    for text in subtasks:
        now = apply(now, parse_action(now.world, text))
    return now


def is_true(now: State, name: str, word: str) -> bool:
    return now.has(now.world.index[name], word)


def place_of(now: State, name: str) -> str:
    return now.world.names[now.place[now.world.index[name]]]


def liquid_of(now: State, name: str) -> str:
    return now.liquid[now.world.index[name]]


def kitchen() -> Scene:
    """Return a home in which every skill and every kitchen process can be tested."""
    return scene(
        [
            "countertop 1", "fridge 1", "cabinet 1", "sink 1: dirty", "microwave 1", "stove burner 1", "dining table 1",
            "coffee machine 1", "plant 1", "person 1", "drawer 1", "toaster 1",
        ],
        {
            "plate 1: dirty": "countertop 1", "knife 1": "countertop 1", "cloth 1": "countertop 1",
            "bread 1": "countertop 1", "cup 1": "cabinet 1", "mug 1: dirty": "cabinet 1", "apple 1": "fridge 1",
            "milk 1": "fridge 1", "spoon 1": "drawer 1", "pan 1": "stove burner 1", "potato 1": "dining table 1",
            "book 1": "dining table 1",
        },
    )  # fmt: skip
