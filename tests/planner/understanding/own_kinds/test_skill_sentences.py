"""Sentences that follow the text of an own skill mean what it makes true; the GPT reads what stands between them."""

from __future__ import annotations

import pytest

from envs.scenes.home_file import parse_home
from envs.symbolic.goals import parse_goal
from envs.symbolic.state import State, World
from planner.plans.planning_result import ParsedInstruction
from planner.understanding.own_kinds.skill_sentences import read_own_skills

HOME = """
people: [Anna]
things:
  vinyl record: {like: CD, words: [LP]}
  dog bowl: {like: bowl}
furniture:
  record player: {like: side table}
skills:
  vacuum: {text: "vacuum {room}", when: ["hand empty"], sets: ["{room} vacuumed"]}
  charge: {text: "charge {electronics}", when: ["{electronics} on {record player}"], sets: ["{electronics} charged"]}
  load: {text: "load {object} onto {record player}", moves: ["{object} to {record player}"]}
  polish: {text: "polish {object} at {fixture}", sets: ["{object} polished"]}
  groom: {text: "groom {object}", sets: ["{object} groomed"]}
rooms:
  kitchen: [countertop, sink]
  living room: [record player, shelf, person]
objects:
  countertop: [mug, dog bowl]
  shelf: [2 vinyl record, red mug]
"""


@pytest.fixture(scope="module")
def home() -> State:
    return World(parse_home(HOME, geometry=False)).initial()


def gpt(part: str) -> ParsedInstruction:
    """A GPT that knows one sentence."""
    if part == "wash the mug":
        return ParsedInstruction(instruction=part, goal=parse_goal("clean mug"), logprob=-0.1, tokens=3)
    return ParsedInstruction(instruction=part, refusal="what?")


@pytest.mark.parametrize(
    ("said", "goal"),
    [
        ("vacuum the kitchen", "kitchen vacuumed"),
        ("could you vacuum the living room, please", "living room vacuumed"),
        ("vacuum every room", "every room vacuumed"),
        ("vacuum the whole house", "every room vacuumed"),
        ("charge the lp", "charged vinyl record"),
        ("please charge all the records", "every vinyl record is charged"),
        ("charge vinyl record 2", "charged vinyl record"),
        ("load the red mug onto the record player", "red mug on record player"),
        ("vacuum the kitchen and wash the mug", "kitchen vacuumed ; clean mug"),
        ("charge the records", "every vinyl record is charged"),
        ("groom the mug and the dog bowl", "groomed mug ; groomed dog bowl"),
        ("groom the mugs and every vinyl record", "every mug is groomed ; every vinyl record is groomed"),
        ("vacuum the kitchen and the living room", "kitchen vacuumed ; living room vacuumed"),
        ("wash the mug, then vacuum the kitchen", "clean mug then kitchen vacuumed"),
    ],
)  # fmt: skip
def test_what_a_sentence_means(said: str, goal: str, home: State) -> None:
    parsed = read_own_skills(said, home, gpt)
    assert parsed is not None
    assert parsed.goal == parse_goal(goal, scene=home.world.scene)
    assert parsed.instruction == said


@pytest.mark.parametrize(
    "said",
    [
        "wash the mug",
        "do not vacuum the kitchen",
        "polish the mug at the sink",  # the place would be lost
        "vacuuming is fun",
    ],
)
def test_what_is_no_sentence_about_an_own_skill_is_left_to_the_gpt(said: str, home: State) -> None:
    assert read_own_skills(said, home, gpt) is None


def test_a_part_that_is_refused_refuses_the_whole(home: State) -> None:
    parsed = read_own_skills("vacuum the kitchen and sing a song", home, gpt)
    assert parsed is not None
    assert parsed.goal is None
    assert parsed.refusal == "what?"


def test_a_room_that_is_not_there_is_named(home: State) -> None:
    parsed = read_own_skills("vacuum the bathroom", home, gpt)
    assert parsed is not None
    assert parsed.goal is None
    assert parsed.refusal == "there is no bathroom here"


@pytest.mark.parametrize(
    ("said", "known"),
    [
        ("vacuum", "vacuum {room}"),
        ("vacuum the sofa", "vacuum {room}"),
        ("vacuum the kitchen if it is dirty", "vacuum {room}"),
        ("please groom it", "groom {object}"),
        ("wash the mug and groom the unicorn", "groom {object}"),
        ("vacuum the kitchen and the unicorn", "vacuum {room}"),
    ],
)
def test_a_verb_that_only_an_own_skill_has_is_not_guessed_at(said: str, known: str, home: State) -> None:
    parsed = read_own_skills(said, home, gpt)
    assert parsed is not None
    assert parsed.goal is None
    assert parsed.refusal == f"I did not understand that; I know: {known}"


def test_a_gpt_that_was_trained_on_a_skill_reads_its_verb(home: State) -> None:
    assert read_own_skills("vacuum it", home, gpt, home.world.domain.skills) is None
