"""A home whose robot has many skills of its own: one for each construct of the notation."""

from __future__ import annotations

from dataclasses import replace

from envs.symbolic.domain import Domain, load_domain
from envs.symbolic.scene import Scene
from envs.symbolic.skills.notation import parse_skills
from envs.symbolic.state import State, World
from tests.envs.homes_for_tests import scene

OWN_SKILLS = {
    "vacuum": {"text": "vacuum {room}", "when": ["hand empty"], "sets": ["{room} vacuumed"], "duration_s": 120},
    "mop": {
        "text": "mop {room}",
        "when": ["holding what can wipe", {"need": "{room} vacuumed", "else": "vacuum the {room} first"}],
        "sets": ["{room} mopped"],
        "clears": ["{room} vacuumed"],
    },
    "charge": {
        "text": "charge {electronics}",
        "when": ["hand empty", "{electronics} on {desk}", "{electronics} not charged"],
        "sets": ["{electronics} charged"],
    },
    "sharpen": {
        "text": "sharpen {knife}",
        "when": ["holding {pot}", "{pot} filled with water"],
        "sets": ["{knife} sharp"],
        "clears": ["{pot} filled"],
    },
    "feed": {"text": "feed {toy} with {food}", "when": ["holding {food}"], "sets": ["{toy} fed"], "at": "{toy}"},
    "load": {"text": "load {object} onto {cart}", "moves": ["{object} to {cart}"]},
    "stack": {"text": "stack {object} onto {plate}", "moves": ["{object} to {plate}"]},
    "fetch": {"text": "fetch {book}", "sets": ["{book} in hand"]},
    "heat": {"text": "heat {dishes}", "when": ["robot at {kitchen}"], "sets": ["{dishes} hot"]},
    "fill": {"text": "fill {object} at {sink}", "when": ["{object} empty"], "sets": ["{object} filled with water"]},
    "pour over": {"text": "pour over {cup 1} from {cup 2}", "sets": ["{cup 1} filled from {cup 2}"]},
    "unlock": {"text": "unlock {place}", "when": ["hand empty"], "sets": ["{place} unlocked"]},
    "visit": {"text": "visit {person}", "sets": ["robot at {person}", "{person} greeted"]},
    "spill": {
        "text": "spill {object} on {fixture}",
        "when": ["{object} filled"],
        "sets": [{"if": "{fixture} can be wiped", "set": "{fixture} dirty"}],
        "clears": ["{object} filled"],
    },
    "rinse off": {
        "text": "rinse off {dishes}",
        "when": [{"unless": "{dishes} in {sink}", "need": "{dishes} clean", "else": "{dishes} is not in a sink"}],
        "clears": ["{dishes} dirty"],
    },
}


def own_domain() -> Domain:
    """Return the default domain with these skills."""
    return load_domain().extended(skills=parse_skills(OWN_SKILLS, load_domain().vocabulary))


def own_scene() -> Scene:
    """Return a home of two rooms."""
    home = scene(
        ["sink 1", "fridge 1", "countertop 1", "cabinet 1: open", "person 1", "desk 1 @ bedroom", "cart 1 @ bedroom"],
        {
            "cloth 1": "countertop 1",
            "pot 1: of water": "countertop 1",
            "knife 1": "countertop 1",
            "plate 1: dirty": "sink 1",
            "plate 2: dirty": "cabinet 1",
            "cup 1": "countertop 1",
            "cup 2: hot of tea": "countertop 1",
            "apple 1": "fridge 1",
            "bread 1": "countertop 1",
            "book 1": "desk 1",
            "cell phone 1": "desk 1",
            "laptop 1": "countertop 1",
            "teddy bear 1": "cart 1",
            "toy car 1": "cart 1",
        },
    )
    return replace(home, domain=own_domain())


def own_state() -> State:
    """Return the state at the start."""
    return World(own_scene()).initial()
