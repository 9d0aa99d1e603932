"""Questions about a home that is known in part are answered from what was seen, and when."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from envs.symbolic.goals import parse_goal, parse_query
from envs.symbolic.state import State
from planner.api import Planner
from planner.exploration.belief_answers import answer_from_belief
from planner.exploration.information_needs import information_needs
from planner.plan import main
from planner.world_model.belief import Belief
from planner.world_model.memory import BeliefError, keep, know, parse_statement, remember
from tests.envs.homes_for_tests import after
from tests.planner.world_model.two_rooms import sought, two_rooms

HOME = """\
name: two rooms
people: [Anna, Ben]
rooms:
  kitchen: [countertop, 2 cabinet, fridge, dining table, ceiling light: ["on"], person]
  bedroom: [bed, 2 drawer, desk, window: [open], desk lamp: ["on"]]
objects:
  cabinet 2: [red mug, 2 plate]
  countertop: [blue mug, Ben's cell phone]
  fridge: [2 cold egg, milk]
  drawer 2: [wallet, Anna's cell phone]
  desk: [book]
"""


@pytest.fixture
def start(tmp_path: Path) -> State:
    return two_rooms(tmp_path, HOME)


@pytest.fixture
def at_start(start: State) -> Belief:
    return Belief.of_map(start.world.scene).observe(start)


@pytest.fixture
def later(start: State, at_start: Belief) -> Belief:
    """The robot opened drawer 2 in the bedroom, went back to the kitchen, and 12 minutes have passed."""
    state = after(start, "open drawer 2")
    belief = at_start.observe(state, time_s=30.0)
    state = after(state, "close drawer 2", "open cabinet 2")
    return belief.observe(state, time_s=750.0)


def ask(belief: Belief, question: str) -> str:
    return answer_from_belief(parse_query(question, scene=belief.scene), belief)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("? where blue mug", "The blue mug is on the countertop in the kitchen."),
        ("? where mug", "The mug is on the countertop in the kitchen."),
        ("? where red mug", "I have not seen a red mug; mugs are often in cabinets or on the desk."),
        ("? where wallet", "I have not seen a wallet; wallets are often on the desk."),
        ("? where Anna's book", "I have not seen Anna's book; books are often on the desk or on the bed."),
        ("? where scissors", "I have not seen scissors; scissors are often on the desk or in drawers."),
        ("? what in fridge", "I have not looked into the fridge yet."),
        ("? what on bed", "I have not looked at the bed yet."),
        ("? what on countertop", "On the countertop are Ben's cell phone and a blue mug."),
        ("? what on dining table", "There is nothing on the dining table."),
        ("? whether window open", "I have not seen the window yet."),
        ("? whether ceiling light on", "Yes: the ceiling light is on."),
        ("? whether fridge open", "No: the fridge is closed."),
        ("? how many plate", "I know of no plates here. I have not looked "),
        ("? how many mug in kitchen", "I know of one mug in the kitchen. I have not looked into cabinet 1, cabinet"),
        ("? how many mug on countertop", "I know of one mug on the countertop."),
        ("? whether wallet in drawer", "I do not know: I know of no wallets in the drawers. I have not looked into"),
        ("? whether not wallet in drawer", "I do not know: I know of no wallets in the drawers. I have not looked"),
        ("? whether no wallet in drawer", "I do not know: I know of no wallets in the drawers. I have not looked into"),
        ("? whether exactly 1 mug in kitchen", "I do not know: I know of one mug in the kitchen. I have not looked"),
        ("? whether at most 2 mug in kitchen", "I do not know: I know of one mug in the kitchen. I have not looked"),
        ("? whether 2 mug in kitchen", "I do not know: I know of one mug in the kitchen. I have not looked into"),
        ("? whether every mug on countertop", "I do not know: the mug is on the countertop in the kitchen. I have"),
        ("? whether every mug on dining table", "No: the mug is not on the dining table."),
        ("? whether no mug on countertop", "No: I know of one mug on the countertop."),
        ("? whether at most 0 mug on countertop", "No: I know of one mug on the countertop."),
        ("? whether mug on countertop", "Yes: I know of one mug on the countertop."),
        ("? whether not mug on countertop", "No: I know of one mug on the countertop."),
        ("? whether mug in kitchen", "Yes: I know of one mug in the kitchen. I have not looked into"),
        ("? whether plate on dining table", "No: I know of no plates on the dining table."),
        ("? whether lamp on", "Yes: the ceiling light is on."),
        ("? whether every lamp on", "I do not know: the ceiling light is on. I have not seen the desk lamp yet."),
        ("? whether no lamp off", "I do not know: the ceiling light is on. I have not seen the desk lamp yet."),
        ("? whether every lamp off", "No: the ceiling light is on."),
        ("? whether lamp off", "I do not know: the ceiling light is on. I have not seen the desk lamp yet."),
        ("? whether ceiling light off and wallet in drawer", "No: the ceiling light is on and I know of no wallets"),
        ("? whether ceiling light on and wallet in drawer", "I do not know: the ceiling light is on and I know of no"),
    ],
)  # fmt: skip
def test_at_first_the_robot_knows_what_it_sees(at_start: Belief, question: str, expected: str) -> None:
    words = ask(at_start, question)
    assert words == expected or (not expected.endswith(".") and words.startswith(expected)), words


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("? where wallet", "I last saw the wallet in drawer 2 in the bedroom, 12 minutes ago."),
        (
            "? where Anna's cell phone",
            "I last saw Anna's cell phone in drawer 2 in the bedroom, 12 minutes",
        ),
        ("? where book", "I last saw the book on the desk in the bedroom, 12 minutes ago."),
        ("? where red mug", "The red mug is in cabinet 2 in the kitchen."),
        (
            "? where cell phone",
            "I know of 2 cell phones: Ben's cell phone on the countertop in the kitchen and Anna's cell phone in "
            "drawer 2 in the bedroom, seen 12 minutes ago.",
        ),
        (
            "? what in drawer",
            "When I last looked, 12 minutes ago, there were Anna's cell phone and a wallet in the drawers.",
        ),
        ("? whether window open", "Yes: the window was open when I last saw it, 12 minutes ago."),
        ("? whether desk lamp on", "Yes: the desk lamp was on when I last saw it, 12 minutes ago."),
        ("? whether drawer open", "Yes: drawer 2 in the bedroom was open when I last saw it, 12 minutes ago."),
        ("? how many wallet", "I know of one wallet here, last seen 12 minutes ago."),
        ("? whether wallet in drawer", "Yes: I know of one wallet in the drawers, last seen 12 minutes ago."),
    ],
)
def test_what_was_seen_before_is_told_with_its_time(later: Belief, question: str, expected: str) -> None:
    assert ask(later, question).startswith(expected), ask(later, question)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "a moment"), (1, "1 second"), (59, "59 seconds"), (60, "1 minute"), (719, "12 minutes"), (3600, "1 hour"),
     (7100, "2 hours"), (86400, "1 day"), (5 * 86400, "5 days")],
)  # fmt: skip
def test_times_are_told_in_whole_units(later: Belief, seconds: float, words: str) -> None:
    assert ask(replace(later, time_s=30.0 + seconds), "? where book").endswith(f"bedroom, {words} ago.")


def test_what_a_person_told_is_told_as_such(at_start: Belief) -> None:
    belief = parse_statement(at_start, ["the wallet is in drawer 2", "Anna's cell phone on bed"])
    assert ask(belief, "? where wallet") == (
        "You told me that the wallet is in drawer 2 in the bedroom, which is closed."
    )
    assert (
        ask(belief, "? where Anna's cell phone") == "You told me that Anna's cell phone is on the bed in the bedroom."
    )


def test_where_everything_was_looked_at_there_is_none(start: State, at_start: Belief) -> None:
    names = frozenset(spec.name for spec in start.world.scene.fixtures)
    belief = replace(at_start, looked=names, contents_seen_s=dict.fromkeys(names, 0.0))
    assert ask(belief, "? where umbrella") == "There is no umbrella here: I have looked everywhere."


def test_times_and_properties_are_remembered_in_the_next_run(start: State, later: Belief, tmp_path: Path) -> None:
    path = tmp_path / "memory.json"
    keep(path, later)
    again = know(start, memory=path)
    assert (again.time_s, again.things["wallet 1"].seen_s) == (750.0, 30.0)
    assert again.things["cell phone 2"].properties == ("Anna's",)
    assert ask(again, "? where Anna's cell phone").endswith("12 minutes ago.")
    assert ask(know(start, memory=path, time_s=7950.0), "? where wallet").endswith("2 hours ago.")
    raw = path.read_bytes()
    keep(path, remember(path, Belief.of_map(start.world.scene)))
    assert path.read_bytes() == raw


def test_a_memory_without_times_says_where_but_not_when(start: State, later: Belief, tmp_path: Path) -> None:
    path = tmp_path / "memory.json"
    keep(path, later)
    data = json.loads(path.read_text())
    for key in ("time_s", "contents_seen_s", "states_seen_s"):
        del data[key]
    for thing in data["things"].values():
        thing.pop("seen_s", None)
    path.write_text(json.dumps(data))
    belief = know(start, memory=path)
    assert ask(belief, "? where wallet") == "I last saw the wallet in drawer 2 in the bedroom."
    assert ask(belief, "? whether window open") == "Yes: the window was open when I last saw it."


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("time_s", -1, "time_s: a time is a number of seconds"),
        ("time_s", "now", "time_s: a time is a number of seconds"),
        ("time_s", True, "time_s: a time is a number of seconds"),
        ("contents_seen_s", {"drawer 2": 10**9}, "contents_seen_s: drawer 2: a time is a number of seconds"),
        ("contents_seen_s", {"attic 1": 1}, "`contents_seen_s` must be an object with names of fixtures"),
        ("states_seen_s", [], "`states_seen_s` must be an object"),
        ("things", {"mug 1": {"place": "desk 1", "seen_s": -3}}, "mug 1: a time is a number of seconds"),
        ("things", {"mug 1": {"place": "desk 1", "properties": ["shiny"]}}, "mug 1: `properties` must be colors"),
        ("things", {"mug 1": {"place": "desk 1", "properties": "red"}}, "mug 1: `properties` must be colors"),
    ],
)
def test_a_damaged_memory_is_refused(
    start: State, later: Belief, tmp_path: Path, key: str, value: object, message: str
) -> None:
    path = tmp_path / "memory.json"
    keep(path, later)
    path.write_text(json.dumps(json.loads(path.read_text()) | {key: value}))
    with pytest.raises(BeliefError, match=message.replace("`", "`")):
        know(start, memory=path)


def test_time_passes_with_the_skills_of_a_search(start: State) -> None:
    episode, _ = sought("wallet on desk", start)
    assert episode.success and episode.search is not None
    belief = episode.search.belief
    assert belief.time_s == pytest.approx(episode.simulated_s) and belief.time_s > 0


def test_an_object_with_a_property_is_searched_for_where_another_is_known(start: State, at_start: Belief) -> None:
    (need,) = information_needs(parse_goal("red mug on desk").conditions[0], at_start)
    assert (need.label, need.properties, need.number) == ("red mug", ("red",), 1)
    assert not information_needs(parse_goal("blue mug on desk").conditions[0], at_start)
    episode, _ = sought("red mug on desk", start)
    assert episode.success


@pytest.mark.parametrize(
    ("goal", "label"),
    [("book beside red mug", "red mug"), ("book in red mug", "red mug"), ("book beside wallet", "wallet")],
)
def test_what_something_goes_beside_or_into_is_searched_for(
    start: State, at_start: Belief, goal: str, label: str
) -> None:
    labels = {need.label for need in information_needs(parse_goal(goal).conditions[0], at_start)}
    assert label in labels
    if "beside" in goal:
        episode, _ = sought(goal, start)
        assert episode.success


def test_a_goal_is_planned_for_on_the_belief(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], model_folder: Path, start: State
) -> None:
    arguments = ["--home", str(tmp_path / "two_rooms.yaml"), "--model", str(model_folder), "--observe"]
    assert main(["--goal", "red mug on desk", *arguments]) == 1
    assert "needs to look for red mug: probably in" in capsys.readouterr().out


def test_a_question_is_answered_from_belief_by_the_command_and_the_library(
    tmp_path: Path, at_start: Belief, capsys: pytest.CaptureFixture[str]
) -> None:
    home = str(tmp_path / "two_rooms.yaml")
    arguments = ["--home", home, "--observe", "--tell", "wallet in drawer 2"]
    assert main(["--goal", "? where wallet", *arguments]) == 0
    told = "You told me that the wallet is in drawer 2 in the bedroom, which is closed."
    assert capsys.readouterr().out.strip() == told
    assert main(["--goal", "? where wallet", *arguments, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["answer"] == told
    assert main(["--goal", "? where wallet", "--home", home]) == 0
    assert capsys.readouterr().out == "The wallet is in drawer 2 in the bedroom, which is closed.\n"
    assert main(["--goal", "? where wallet", "--home", home, "--execute"]) == 2
    assert "a question cannot be combined with --execute" in capsys.readouterr().err
    assert Planner.answer(None, "? where blue mug", at_start) == "The blue mug is on the countertop in the kitchen."  # type: ignore[arg-type]
