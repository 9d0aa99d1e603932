"""Which own names of a home are shown with an instruction."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from envs.symbolic.domain import Domain, load_domain
from envs.symbolic.kinds.spoken_words import own_kinds
from envs.symbolic.renamed_kinds import with_names
from envs.symbolic.skills.notation import new_states, parse_skills
from envs.symbolic.state import State, World
from planner.io.paths import datasets_dir
from planner.prompts import text_format
from planner.prompts.own_names import MAX_NAMES, mentions, own_names, own_states, resembles
from planner.tasks.home_splits import SPLITS, sample_home

NAMES = ("dog bowl", "blender", "fish tank", "zorp bowl", "bow", "haik", "rack", "haik rack")
WORDS = {"blender": ("smoothie maker",)}


@pytest.mark.parametrize(
    ("instruction", "expected"),
    [
        ("put the smoothie maker on the haik", ["blender", "haik"]),
        ("put the haik on the blender", ["haik", "blender"]),  # in the order of the instruction
        ("wash the dogbowl", ["dog bowl"]),
        ("clean the fish-tank", ["fish tank"]),
        ("put the dog bolw in the fish tnak", ["dog bowl", "fish tank"]),
        ("two dog bowls", ["dog bowl"]),
        ("the haik rack", ["haik rack"]),  # not the haik, not the rack
        ("the blendr", ["blender"]),
        ("put the maker away", ["blender"]),
        ("wash the bowl", ["dog bowl", "zorp bowl"]),  # both may be meant; never the bow
        ("two dog bowls and a bowl", ["dog bowl", "zorp bowl"]),
        ("Dog Bowl!", ["dog bowl"]),
        ("put the apple on the desk", []),
        ("", []),
        ("???", []),
    ],
)
def test_names_that_an_instruction_may_mean_are_found(instruction: str, expected: list[str]) -> None:
    assert [m.name for m in mentions(instruction, NAMES, WORDS)] == expected


def test_few_names_are_shown_in_a_home_of_many() -> None:
    names = [f"{word} bowl" for word in ("ab", "cd", "ef", "gh", "ij", "kl", "mn", "op", "qr", "st", "uv")]
    assert len(mentions("wash the bowl and the ij bowl", names, {})) <= MAX_NAMES
    assert "ij bowl" in [m.name for m in mentions("wash the bowl and the ij bowl", names, {})]


@pytest.mark.parametrize(
    ("word", "other", "expected"),
    [
        ("blender", "blendr", True),
        ("blender", "bblender", True),
        ("blender", "blednre", False),
        ("blender", "belnder", True),
        ("blender", "blonder", True),
        ("blender", "lender", True),
        ("bow", "bowl", False),
        ("haik", "hike", False),
        ("blender", "cylinder", False),
    ],
)
def test_one_typing_error_is_seen_through(word: str, other: str, expected: bool) -> None:
    assert resembles(word, other) is expected
    assert resembles(other, word) is expected


def test_furniture_is_shown_behind_its_relation_and_synonyms_behind_the_name(flat: State) -> None:
    state = with_names(flat, {"mug": "haik", "dining table": "wold", "cabinet": "grun"}, {"haik": ("sluff",)})
    assert own_names("put the sluff on the wold", state.world) == "haik = sluff , on wold"
    assert own_names("put the haik in the grun", state.world) == "haik , in grun"


def test_the_inventory_leaves_own_kinds_out(flat: State) -> None:
    state = with_names(flat, {"mug": "haik", "dining table": "wold"})
    assert text_format.inventory(state) == "apple fork plate cabinet countertop desk lamp fridge person"


def test_a_home_without_own_kinds_is_shown_none() -> None:
    for seed in range(5):
        state = sample_home(random.Random(seed), SPLITS["test"])
        assert own_names("put the bowl on the table and the mug in the sink", state.world) == ""


def with_vacuuming(domain: Domain) -> Domain:
    described = {"flup": {"text": "flup {room}", "when": [], "sets": ["{room} zarked"], "duration_s": 9}}
    skills = parse_skills(described, domain.vocabulary)
    return domain.extended(skills=skills, states=new_states(skills, domain.states))


def test_own_states_are_shown_with_the_skill_that_sets_them_and_rooms_with_them(flat: State) -> None:
    domain = with_vacuuming(flat.world.domain)
    world = World(replace(flat.world.scene, domain=domain))
    assert own_names("flup the kitchen", world) == "zarked = flup , kitchen"
    assert own_names("get the kitchen zarked", world) == "kitchen , zarked"
    assert own_names("put the mug on the table", world) == ""
    assert text_format.inventory(world.initial()) == text_format.inventory(flat)


def test_a_domain_that_stands_alone_has_nothing_of_its_own() -> None:
    workshop = load_domain(datasets_dir() / "domains" / "workshop.yaml")
    for domain in (workshop, with_vacuuming(workshop)):
        assert not own_kinds(domain)
    assert not own_states(workshop)


def test_an_instruction_without_own_names_has_the_old_format() -> None:
    assert text_format.goal_document("x", "y") == text_format.goal_document("x", "y", "")
    assert [s.special_token for s in text_format.goal_document("x", "y", "haik")] == [
        "[SEP]",
        "[HINT]",
        "[SEP]",
        "[SEP]",
    ]
