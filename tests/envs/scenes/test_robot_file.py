"""Robot files: what they say, every problem at once with its line, and the names of bundled robots."""

from __future__ import annotations

from pathlib import Path

import pytest

from envs.errors import RobotError
from envs.scenes.robot_file import RobotFileError, bundled_robots, load_robot, parse_robot
from envs.symbolic.domain import Hand, load_domain

HELPER = """\
name: hallway helper
skills: [go to, pick up, put, give, open, close]
hand: {width_m: 0.08, payload_kg: 1.5}
reach: {min_m: 0.2, max_m: 1.2}
own skills:
  vacuum: {text: "vacuum {room}", when: ["hand empty"], sets: ["{room} vacuumed"], duration_s: 120}
"""


def problems(text: str) -> list[str]:
    with pytest.raises(RobotFileError) as caught:
        parse_robot(text)
    return str(caught.value).splitlines()


def test_a_robot_has_what_its_file_says() -> None:
    robot = parse_robot(HELPER)
    assert (robot.name, robot.skills) == ("hallway helper", ("go to", "pick up", "put", "give", "open", "close"))
    assert robot.hand == Hand(width_m=0.08, payload_kg=1.5, reach_m=(0.2, 1.2))
    assert [skill.text for skill in robot.own_skills.values()] == ["vacuum {room}"]


def test_a_file_that_says_nothing_of_skills_describes_a_robot_with_all_of_them() -> None:
    robot = parse_robot("name: any", name="file")
    assert robot.skills is None and robot.hand is None
    assert robot.in_domain(load_domain()) is load_domain()


def test_a_robot_is_called_like_its_file_if_that_gives_no_name() -> None:
    assert parse_robot("without: [slice]", name="no knife").name == "no knife"


def test_an_empty_list_of_skills_leaves_none() -> None:
    assert not parse_robot("skills: []").in_domain(load_domain()).skills


def test_an_own_skill_is_named_by_its_text_not_by_its_key() -> None:
    robot = parse_robot('skills: [go to, play]\nown skills: {play: {text: "play with {toy}", sets: ["{toy} happy"]}}')
    assert list(robot.own_skills) == ["play with"]
    assert robot.skills == ("go to",)


def test_an_own_skill_may_be_about_a_kind_that_only_some_homes_have() -> None:
    robot = parse_robot('own skills: {feed: {text: "feed {hamster}", sets: ["{hamster} fed"]}}')
    assert "feed" in robot.in_domain(load_domain()).skills


def test_every_problem_is_found_at_once_with_its_line() -> None:
    assert problems(
        "name: x\nskills: [go to, slise, slice, slice]\nhand: {width_m: 8, payload: 3}\n"
        'reach: {min_m: 1.2, max_m: 0.3}\nown skills:\n  vac: {txt: "vac {room}"}\n'
    ) == [
        "line 2: skills: no skill is called 'slise'; did you mean 'slice' or 'close'?",
        "line 2: skills: 'slice' appears twice",
        "line 3: hand: unknown key 'payload'; did you mean 'payload_kg'?",
        "line 3: hand.width_m: at most 1 m, found 8; 8 looks like centimeters",
        "line 4: reach: min_m (1.2) must be below max_m (0.3)",
        "line 6: skill 'vac': txt: unknown key 'txt'; did you mean 'text'?",
        "line 6: skill 'vac': needs a text, such as `vac {object}`; found nothing",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the file is empty; a robot has a `name:` and `skills:`"),
        ("- a", "line 1: a robot file has the keys name, skills, without, hand, reach, own skills"),
        ("skill: [put]", "line 1: a robot: unknown key 'skill'; did you mean 'skills'"),
        ("skills: put", "line 1: skills: expected a list such as [a, b], found 'put'; write [put]"),
        ("skills: [juggle]", "line 1: skills: no skill is called 'juggle'; known: go to"),
        ("skills: [put]\nwithout: [pour]", "line 2: without: 'pour' is not among its `skills` anyway"),
        ("hand: {width_m: -1}", "line 1: hand.width_m: expected more than 0 m, found -1"),
        ("hand: {width_m: wide}", "line 1: hand.width_m: expected a number, found 'wide'"),
        ("hand: {payload_kg: 1500}", "line 1: hand.payload_kg: at most 100 kg, found 1500; 1500 looks like grams"),
        ("hand: {width_m: .nan}", "line 1: hand.width_m: expected a number, found '.nan'"),
        ("reach: {max_m: 9}", "line 1: reach.max_m: at most 3 m, found 9; 9 looks like centimeters"),
        (f"name: {'x' * 61}", "line 1: name: 61 characters; at most 60"),
        ('own skills: {slice: {text: "slice {object}", sets: ["{object} sliced"]}}',
         "line 1: skill 'slice': text: 'slice {object}' begins like the built-in skill 'slice'"),
        ("name: [\n", "line 2: "),
    ],
)  # fmt: skip
def test_a_wrong_file_says_what_would_do(text: str, said: str) -> None:
    assert problems(text)[0].startswith(said)


def test_the_bundled_robots_are_those_of_the_commands_help() -> None:
    assert list(bundled_robots()) == ["fetcher", "guide", "panda"]
    assert load_robot("panda").in_domain(load_domain()) is load_domain()
    assert "pick up" not in load_robot("guide").in_domain(load_domain()).skills
    assert "open" not in load_robot("fetcher").in_domain(load_domain()).skills


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("gide", "no robot is called 'gide'; did you mean 'guide'?"),
        ("", "a robot's name is empty"),
        ("guide.yaml", "guide.yaml: no such file or directory; the bundled robot is called 'guide'"),
    ],
)
def test_a_name_of_no_robot_offers_the_nearest(name: str, said: str) -> None:
    with pytest.raises(RobotError, match=said.replace("?", r"\?")):
        load_robot(name)


def test_a_message_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "bot.yaml"
    path.write_text("skils: [put]\n", encoding="utf-8")
    with pytest.raises(RobotFileError, match=r"bot\.yaml: line 1: a robot: unknown key 'skils'"):
        load_robot(path)
