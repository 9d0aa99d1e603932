"""Skills drawn at random from the notation: each compiles, is listed as it is checked, and keeps a state whole."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from envs.symbolic.actions import Action, applicable, format_action, parse_action, successor, unmet_precondition
from envs.symbolic.domain import load_domain
from envs.symbolic.skills.notation import SkillNotationError, parse_skills
from envs.symbolic.skills.values import Skill
from envs.symbolic.state import HELD, World
from tests.envs.symbolic.skills.own_skills import own_scene

KINDS = ("object", "fixture", "place", "person", "room", "cup", "knife", "sink", "electronics", "kitchen", "book")
NEEDS = (
    "hand empty", "holding X", "holding what can cut", "X reachable", "X accessible", "X in the open", "X filled",
    "X filled with water", "X empty", "X is a cup", "X can be sliced", "X can be opened", "X dirty", "X not hot",
    "X fed", "X closed", "X in Y", "X not in Y", "robot at X", "X fits Y", "Y has room for X", "X holds things",
    "X runs closed", "holding {cloth}", "X in {sink}", "X on {desk}", "robot at {kitchen}", "X in {kitchen}",
    "{cloth} dirty",
)  # fmt: skip
CHANGES = (
    "X dirty", "X hot", "X cold", "X fed", "X clean", "X open", "X on", "X sliced", "X watered", "X in hand",
    "robot at X", "X filled with water", "X filled from Y", "X cooked", "X closed", "{cloth} dirty",
)  # fmt: skip


def drawn_skill(rng: random.Random) -> Skill | None:
    """Return a random skill, or None if what was drawn contradicts itself."""
    arguments = [f"{{{kind}}}" for kind in rng.sample(KINDS, rng.choice((1, 2)))]

    def said(forms: tuple[str, ...]) -> str:
        return rng.choice(forms).replace("X", rng.choice(arguments)).replace("Y", rng.choice(arguments))

    def entry(key: str, forms: tuple[str, ...]) -> object:
        return {key: said(forms), rng.choice(("if", "unless")): said(NEEDS)} if rng.random() < 0.2 else said(forms)

    raw: dict[str, object] = {
        "text": "do it to " + rng.choice((" with ", " {relation} ", " onto ")).join(arguments),
        "when": [entry("need", NEEDS) for _ in range(rng.randrange(4))],
        "sets": [entry("set", CHANGES) for _ in range(rng.randrange(1, 3))],
    }
    if rng.random() < 0.3:
        raw["moves"] = [f"{rng.choice(arguments)} to {rng.choice(arguments)}"]
    try:
        return parse_skills({"do it": raw}, load_domain().vocabulary)["do it to"]
    except SkillNotationError:
        return None


@pytest.mark.parametrize("seed", range(4))
def test_a_drawn_skill_keeps_a_state_whole(seed: int) -> None:
    rng = random.Random(seed)
    skills = [skill for skill in (drawn_skill(rng) for _ in range(120)) if skill is not None]
    assert len(skills) > 20
    for skill in skills[:25]:
        domain = load_domain().extended(skills={skill.name: skill})
        state = World(replace(own_scene(), domain=domain)).initial()
        for _ in range(6):
            actions = applicable(state)
            own = [action for action in actions if action.skill == skill.name]
            for _ in range(20):
                names = tuple(rng.choice(state.world.names) for _ in skill.parameters)
                action = Action(skill.name, names)
                assert (unmet_precondition(state, action) is None) == (action in own), (skill, action)
            action = rng.choice(own if own and rng.random() < 0.6 else actions)
            assert parse_action(state.world, format_action(state.world, action)) == action
            state = successor(state, action)
            assert [i for i, p in enumerate(state.place) if p == HELD] == ([state.held] if state.held >= 0 else [])
            for entity, category in enumerate(state.world.categories):
                state.root(entity)
                had = [word for word, bit in domain.bits.items() if state.flags[entity] & bit]
                assert all(domain.can_be(category, word) for word in had), (skill, action, category, had)
