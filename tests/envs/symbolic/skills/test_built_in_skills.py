"""The built-in skills as data: what `envs/domain.yaml` says of each, and that it is all that is checked."""

from __future__ import annotations

import random
from importlib import resources
from typing import Any

import pytest

from envs.files import safe_yaml
from envs.scenes.scene_sampler import sample_scene
from envs.symbolic.actions import applicable, successor, unmet_precondition
from envs.symbolic.domain import load_domain
from envs.symbolic.skills.code_generation import compiled_skills
from envs.symbolic.state import Action, World

RAW: dict[str, dict[str, Any]] = safe_yaml.load(
    resources.files("envs").joinpath("domain.yaml").read_text("utf-8"), bundled=True
)["skills"]

# What each skill needs and changes, as predicates of the values in envs/symbolic/skills/values.py.
EXPECTED = {
    "go to": ([], ["robot at"]),
    "pick up": (["hand empty", "reachable"], ["holding"]),
    "put": (["holding", "holds things", "accessible", "fits", "has room"], ["at"]),
    "give": (["holding", "kind person", "fits"], ["at"]),
    "open": (["hand empty", "able joint", "not state open", "not state on"], ["state open"]),
    "close": (["hand empty", "able joint", "state open", "not state on"], ["not state open"]),
    "turn on": (["hand empty", "able switch", "not state on", "if runs closed: not state open"], ["state on"]),
    "turn off": (["hand empty", "able switch", "state on"], ["not state on"]),
    "slice": (["holding what cuts", "able slices", "not state sliced", "in the open", "reachable"], ["state sliced"]),
    "wipe": (["holding what wipes", "able wipeable"], ["not state dirty"]),
    "pour": (
        [
            "holding",
            "filled",
            "if able waterable: filled water",
            "if not able waterable: able fills",
            "if not able waterable: not filled",
            "if not able waterable: reachable",
        ],
        ["if able waterable: state watered", "if not able waterable: filled from", "not filled"],
    ),
    "fold": (["hand empty", "able folds", "not state folded", "reachable"], ["state folded"]),
}


def shown(statement: Any) -> str:
    """Write a precondition or an effect without its terms."""

    def words(atom: Any) -> str:
        kind = atom.terms[0].kind if atom.predicate == "kind" else ""
        return " ".join(filter(None, ("" if atom.positive else "not", atom.predicate, atom.word, kind)))

    guards = " and ".join(map(words, statement.guards))
    return f"if {guards}: {words(statement.atom)}" if guards else words(statement.atom)


def test_every_built_in_skill_is_described() -> None:
    assert list(load_domain().skills) == list(EXPECTED) == list(RAW)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_built_in_skill_needs_and_changes_what_it_says(name: str) -> None:
    skill = load_domain().skills[name]
    assert ([shown(p) for p in skill.preconditions], [shown(e) for e in skill.effects]) == EXPECTED[name]


@pytest.mark.parametrize("name", EXPECTED)
def test_nothing_goes_without_saying_in_a_built_in_skill(name: str) -> None:
    skill = load_domain().skills[name]
    assert len(skill.preconditions) == len(RAW[name].get("when", []))
    assert skill.at == len(skill.parameters) - 1


def test_in_the_default_domain_no_code_is_about_rooms() -> None:
    for compiled in compiled_skills(load_domain()).values():
        assert "room_entity" not in compiled.code
        assert "found_" not in compiled.code


@pytest.mark.parametrize("seed", range(6))
def test_an_action_is_listed_if_and_only_if_nothing_is_unmet(seed: int) -> None:
    rng = random.Random(seed)
    world = World(sample_scene(seed, n_objects=16, geometry=False))
    state = world.initial()
    skills = load_domain().skills
    for _ in range(25):
        listed = applicable(state)
        for skill in skills.values():
            choices = [world.names] * len(skill.parameters)
            if len(choices) == 2:
                choices[0] = (world.names[state.held],) if state.held >= 0 else rng.sample(world.names, 3)
            drawn = [Action(skill.name, tuple(rng.choice(names) for names in choices)) for _ in range(20)]
            if len(choices) == 1:
                drawn = [Action(skill.name, (name,)) for name in world.names]
            for action in drawn:
                assert (unmet_precondition(state, action) is None) == (action in listed), action
        assert set(applicable(state, fixtures_only=True)) == {
            a for a in listed if a.skill != "put" or world.index[a.args[1]] < world.n_fixtures
        }
        state = successor(state, rng.choice(listed))
