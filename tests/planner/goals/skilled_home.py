"""A home whose robot has skills of its own, with the kinds that these are about."""

from __future__ import annotations

from dataclasses import replace

from envs.scenes.home_file import parse_home
from envs.symbolic.domain import Domain, load_domain
from envs.symbolic.scene import FixtureSpec, ObjectSpec, Scene
from envs.symbolic.skills.notation import parse_skills
from envs.symbolic.state import State, World

SKILLS: dict[str, dict[str, object]] = {
    "vacuum": {"text": "vacuum {room}", "when": ["hand empty"], "sets": ["{room} vacuumed"], "duration_s": 120},
    "mop": {
        "text": "mop {room}",
        "when": ["holding {mop}", "{room} vacuumed", "{mop} filled with water"],
        "sets": ["{room} mopped"],
        "clears": ["{mop} filled"],
    },
    "feed": {"text": "feed {pet}", "when": ["holding {pet food}"], "sets": ["{pet} fed"]},
    "charge": {
        "text": "charge {electronics}",
        "when": ["hand empty", "{electronics} on {charging station}", "{charging station} on"],
        "sets": ["{electronics} charged"],
    },
    "unplug": {"text": "unplug {electronics}", "when": ["hand empty"], "clears": ["{electronics} charged"]},
    "sharpen": {
        "text": "sharpen {knife}",
        "when": ["holding {whetstone}", "{knife} in the open"],
        "sets": ["{knife} sharp"],
    },
    "iron": {
        "text": "iron {clothing}",
        "when": ["hand empty", "{clothing} on {ironing board}", "{clothing} clean", "{clothing} not folded"],
        "sets": ["{clothing} ironed"],
    },
    "chop": {
        "text": "chop {vegetable} with {knife}",
        "when": ["holding {knife}", "{knife} sharp", "{vegetable} reachable"],
        "sets": ["{vegetable} chopped"],
    },
    "dust": {"text": "dust {fixture}", "when": ["holding what can wipe", "{fixture} can be wiped"],
             "sets": ["{fixture} dusted"]},
    "dock": {"text": "dock {robot vacuum}", "when": ["hand empty", "robot at {robot vacuum}", "{robot vacuum} off"],
             "sets": ["{robot vacuum} docked"]},
}  # fmt: skip

HOME = """
rooms:
  kitchen: [fridge, cabinet, drawer, countertop, sink, {dining table: {color: white}}, door]
  bedroom: [bed, desk, wardrobe, desk lamp]
  living room: [sofa, coffee table, shelf, bookshelf]
objects:
  cabinet 1: [2 plate]
  drawer 1: [knife]
  countertop 1: [carrot, cloth]
  desk 1: [cell phone, tablet]
  sofa 1: [laptop]
  wardrobe 1: [2 shirt]
  bed 1: [dirty shirt]
"""


def skilled_domain() -> Domain:
    """Return the domain of the home."""
    domain = load_domain()
    objects, fixtures = domain.objects, domain.fixtures
    domain = domain.extended(
        classes=("pet",),
        objects={
            "pet food": replace(objects["cereal box"], name="pet food", like="cereal box"),
            "whetstone": replace(objects["soap bar"], name="whetstone", like="soap bar"),
            "mop": replace(objects["scrub brush"], name="mop", like="scrub brush", fills=True),
        },
        fixtures={
            "charging station": replace(
                fixtures["side table"], name="charging station", like="side table", switch=True, wipeable=False
            ),
            "ironing board": replace(fixtures["side table"], name="ironing board", like="side table"),
            "dog bed": replace(fixtures["ottoman"], name="dog bed", like="ottoman"),
            "dog": replace(fixtures["plant"], name="dog", waterable=False, classes=("pet",)),
            "cat": replace(fixtures["plant"], name="cat", waterable=False, classes=("pet",)),
            "robot vacuum": replace(fixtures["fan"], name="robot vacuum"),
        },
    )
    return domain.extended(
        skills=parse_skills(SKILLS, domain.vocabulary), negations={"uncharged": "charged", "hungry": "fed"}
    )


def skilled_scene() -> Scene:
    """Return the home."""
    scene = parse_home(HOME)
    fixtures = [
        FixtureSpec(name=f"{category} 1", category=category, room=room, x=x, y=y, yaw=0.0)
        for category, room, x, y in (
            ("charging station", "living room", 3.0, 1.0),
            ("ironing board", "bedroom", 2.0, 2.0),
            ("dog bed", "living room", 4.0, 1.0),
            ("dog", "living room", 4.0, 2.0),
            ("cat", "kitchen", 1.0, 1.0),
            ("robot vacuum", "bedroom", 1.0, 2.0),
        )
    ]
    objects = [
        ObjectSpec(name="pet food 1", category="pet food", place="cabinet 1"),
        ObjectSpec(name="whetstone 1", category="whetstone", place="drawer 1"),
        ObjectSpec(name="mop 1", category="mop", place="shelf 1"),
    ]
    return replace(
        scene, domain=skilled_domain(), fixtures=(*scene.fixtures, *fixtures), objects=(*scene.objects, *objects)
    )


def skilled_state() -> State:
    """Return the first state of the home."""
    return World(skilled_scene()).initial()
