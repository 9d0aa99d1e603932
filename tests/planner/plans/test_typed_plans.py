"""Plans as people type them: read whole, or refused with the step and the nearest one; never half."""

from __future__ import annotations

import json

import pytest

from envs.scenes.home_file import bundled_homes
from envs.simulation.symbolic_home import SymbolicHome
from envs.symbolic.actions import State, World, applicable, format_action
from planner.api import Planner
from planner.errors import PlanTextError
from planner.execution.events import Ended
from planner.plans.plan_text import split_plan
from planner.plans.typed_steps import read_step, read_steps, typed_plan
from planner.world_model.open_home import open_home

STEPS = ["open cabinet 1", "pick up plate 1", "put plate 1 on dining table 1"]


@pytest.fixture(scope="module")
def home() -> State:
    return open_home("family_house", geometry=False)


@pytest.fixture
def world(home: State) -> World:
    return home.world


def read(world: World, text: str) -> list[str]:
    return [format_action(world, action) for action in read_steps(world.initial(), split_plan(text)).actions]


def instruction(world: World, text: str) -> str:
    return read_steps(world.initial(), split_plan(text)).instruction


@pytest.mark.parametrize(
    "separator",
    [" → ", "->", " => ", " --> ", " ⇒ ", " > ", ";", " ; ", " | ", "\n", "\r\n", "\n\n", " [SEP] ", ", ", " then ",
     ", then ", " and then ", ". ", " & ", "\\n", " →\n", ";\n", " - ", "\u2028", " →\u00a0"],
)  # fmt: skip
def test_any_usual_separator_divides_steps(world: World, separator: str) -> None:
    assert read(world, separator.join(STEPS)) == STEPS
    assert read(world, separator.join(STEPS) + separator) == STEPS


@pytest.mark.parametrize(
    "mark",
    ["1. ", "1) ", "(1) ", "#1 ", "1: ", "1 ", "- ", "* ", "• ", "Step 1: ", "step 1. ", "- [ ] ", "- [x] ", "[1/3] "],
)
def test_marks_of_a_list_are_no_part_of_a_step(world: World, mark: str) -> None:
    lines = [mark.replace("1", str(n), 1) + step for n, step in enumerate(STEPS, start=1)]
    assert read(world, "\n".join(lines)) == STEPS
    assert read(world, "\r\n".join(lines) + "\r\n") == STEPS


@pytest.mark.parametrize(
    "text",
    [
        "# tidy up\n\n{0}\n  # then\n{1}   # the clean one\n\n{2}\n",
        "Plan:\n1. {0}\n2. {1}\n3. {2}",
        "```\n{0}\n{1}\n{2}\n```",
        '"{0} → {1} → {2}"',
        "“{0}; {1}; {2}”",
        '"{0}", "{1}", "{2}"',
        "1. {0} 2. {1} 3. {2}",
        "\ufeff{0}\n{1}\n{2}",
        "{0},\n{1},\n{2}.",
        "first {0}, then {1}, finally {2}",
        "[SEP] {0} [SEP] {1} [SEP] {2} [SEP]",
        "**{0}**\n**{1}**\n`{2}`",
    ],
)
def test_what_surrounds_steps_is_left_out(world: World, text: str) -> None:
    assert read(world, text.format(*STEPS)) == STEPS
    assert read(world, text.format(*STEPS).upper()) == STEPS


@pytest.mark.parametrize("data", [STEPS, {"plan": STEPS}, {"plan": [step.upper() for step in STEPS], "goal": None}])
def test_json_is_a_list_of_steps_or_what_the_plan_command_prints(world: World, data: object) -> None:
    text = json.dumps(data)
    assert (
        read(world, text) == read(world, json.dumps(data, indent=2)) == read(world, f"```json\n{text}\n```\n") == STEPS
    )


def test_every_step_of_every_home_is_read_as_it_is_printed() -> None:
    for name in bundled_homes():
        state = open_home(name, geometry=False)
        for action in applicable(state):
            assert read_step(state.world, format_action(state.world, action)) == action


def test_words_that_open_a_step_are_not_torn_out_of_names(world: World) -> None:
    text = "go to TV stand 1 \u2192 fold hand towel 1 \u2192 and then go to TV stand 1"
    assert read(world, text) == ["go to TV stand 1", "fold hand towel 1", "go to TV stand 1"]


def test_what_the_plan_command_prints_is_read_with_goal_and_instruction(world: World) -> None:
    text = (
        f"goal: plate on dining table\nplan: {' → '.join(['set the table', *STEPS])}\nverified (0.09 s, 100 % sure)\n"
    )
    plan = split_plan(text)
    assert plan.goal == "plate on dining table"
    assert read(world, text) == STEPS and instruction(world, text) == "set the table"


@pytest.mark.parametrize(
    ("typed", "step"),
    [
        ("open the cabinet 1", "open cabinet 1"),
        ("Open Cabinet1", "open cabinet 1"),
        ("open_cabinet_1", "open cabinet 1"),
        ("open cabinet #1", "open cabinet 1"),
        ("open cabinet no. 1", "open cabinet 1"),
        ("open cabinet (1)", "open cabinet 1"),
        ("open cabinet 01", "open cabinet 1"),
        ("open\u00a0 cabinet \t1 .", "open cabinet 1"),
        ("please open fridge", "open fridge 1"),
        ("turn on the tv stand", ""),
        ("turn on the television", "turn on television 1"),
        ("pick up plate-1", "pick up plate 1"),
        ("put plate 1 in dining table 1", "put plate 1 on dining table 1"),
        ("put plate 1 onto the dining table", "put plate 1 on dining table 1"),
        ("put the plate 1 on top of dining table 1", "put plate 1 on dining table 1"),
        ("put plate 1 inside the fridge", "put plate 1 in fridge 1"),
        ("put plate 1 on fridge 1", "put plate 1 in fridge 1"),
        ("give plate 1 to the person", "give plate 1 to person 1"),
        ("pour mug 1 in the sink 1", "pour mug 1 into sink 1"),
    ],
)
def test_a_step_is_read_as_people_write_it(world: World, typed: str, step: str) -> None:
    if step:
        assert read(world, typed) == [step]
        assert format_action(world, read_step(world, typed.strip(" ."))) == step


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        (
            "open cabinet",
            "'cabinet' may be any of cabinet 1, cabinet 2, cabinet 3, cabinet 4, cabinet 5: give the number",
        ),
        ("pick up plate 99", "there is no 'plate 99' in this home; it has plate 1, plate 2"),
        ("open cabnet 1", "did you mean 'open cabinet 1'?"),
        ("opn cabinet 1", "did you mean 'open cabinet 1'?"),
        ("open refrigerator 1", "did you mean 'open fridge 1'?"),
        ("open the refrigerator", "did you mean 'open fridge 1'?"),
        ("take plate 1", "did you mean 'pick up plate 1'?"),
        ("pick plate 1 up", "did you mean 'pick up plate 1'?"),
        ("turn television 1 on", "did you mean 'turn on television 1'?"),
        ("switch on television 1", "did you mean 'turn on television 1'?"),
        ("place plate 1 on the couch", "did you mean 'put plate 1 on sofa 1'?"),
        ("hand plate 1 to person 1", "did you mean 'give plate 1 to person 1'?"),
        ("walk to fridge 1", "did you mean 'go to fridge 1'?"),
        ("pick up plate 1 from cabinet 1", "did you mean 'pick up plate 1'?"),
        ("open('fridge')", "did you mean 'open fridge 1'?"),
        ("grab('plate 1')", "did you mean 'pick up plate 1'?"),
        ("pick_up(plate_1)", "did you mean 'pick up plate 1'?"),
        ("putin('plate_1', 'fridge_1')", "did you mean 'put plate 1 in fridge 1'?"),
        ("<char0> [open] <fridge> (1) [0]", "did you mean 'open fridge 1'?"),
        ("[GRAB] <plate> (1)", "did you mean 'pick up plate 1'?"),
        ("put plate 1 dining table 1", "did you mean 'put plate 1 on dining table 1'?"),
        ("put plate 1", "expected 'put {object} {relation} {place}'"),
        ("open spaceship 1", "there is no 'spaceship 1' in this home"),
        ("x" * 400, "starts with no skill of the robot"),
        ("put " + "plate 1 on " * 9000, "is too long to be a step"),
    ],
)
def test_anything_else_is_refused_with_the_nearest_step(world: World, typed: str, says: str) -> None:
    for text, number in (
        (typed, 1),
        (f"open cabinet 1 -> {typed} -> close cabinet 1", 2),
        (f"1. {typed}\n2. {STEPS[0]}", 1),
    ):
        with pytest.raises(PlanTextError, match=f"plan step {number}") as refusal:
            read(world, text)
        assert says in str(refusal.value)


def test_a_step_in_a_file_is_named_with_its_line(world: World) -> None:
    with pytest.raises(PlanTextError, match=r"plan step 2 \(line 4\): there is no 'cup 99'"):
        read(world, "# plan\nopen cabinet 1\n\npick up cup 99\n")


def test_a_piece_that_is_half_a_step_is_not_half_read(world: World) -> None:
    with pytest.raises(PlanTextError, match="plan step 2: 'sit down' starts with no skill"):
        read(world, "open cabinet 1, sit down, pick up plate 1")
    with pytest.raises(PlanTextError, match="plan step 3: there is no 'plate 99'"):
        read(world, "open cabinet 1 → close cabinet 1 then pick up plate 99 → open cabinet 1")


@pytest.mark.parametrize(
    "text",
    [
        "set the table → {plan}",
        "set the table, please -> {plan}",
        "Set the table:\n{plan}",
        "put the plate on the table → {plan}",
        "put plate one on the dining table → {plan}",
        "open the curtains and set the table → {plan}",
        "open the cupboard → {plan}",
        "plan: open cabinet 1 → {plan}",
    ],
)
def test_an_instruction_may_stand_before_the_steps(world: World, text: str) -> None:
    text = text.format(plan=" → ".join(STEPS))
    assert read(world, text) == STEPS
    assert instruction(world, text)


@pytest.mark.parametrize(
    "first",
    [
        "open cabnet 1",
        "open cabnet",
        "opn cabinet 2",
        "open refrigerator",
        "open spaceship 3",
        "slice bread 99",
        "take mug 1",
    ],
)
def test_a_misspelled_first_step_is_no_instruction(world: World, first: str) -> None:
    with pytest.raises(PlanTextError, match="plan step 1: "):
        read(world, f"{first} → pick up plate 1 → put plate 1 on dining table 1")


def test_a_step_that_recurs_stays_a_step(world: World) -> None:
    steps = ["open cabinet 1", "close cabinet 1", "open cabinet 1"]
    assert read(world, " -> ".join(steps)) == steps
    assert read(world, ", ".join(steps[:2]) + " -> " + " -> ".join(steps)) == steps[:2] + steps
    assert read(world, "plan: " + " -> ".join(STEPS)) == STEPS


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no subtask"),
        (" ;;\n-> ", "no subtask"),
        ("# only a comment", "no subtask"),
        ("['open cabinet 1']", "double quotes"),
        ("[1, 2]", "a list of subtasks"),
        ('[["open cabinet 1"]]', "a list of subtasks"),
        ("[]", "no subtask"),
        ('{"plan": ["open cabinet 1"], "plan": []}', "'plan' is given twice"),
        ('{"plan": ["open cabinet 1"]}\n{"plan": ["close cabinet 1"]}', "give one plan at a time"),
        ('{"steps": ["open cabinet 1"]}', "no key 'plan'"),
        ('{"plan": [], "status": "refused", "reason": "there is no yacht here"}', "refused: there is no yacht here"),
        ("open cabinet 1\0", "plan step 1"),
        ("open cabinet \udcff1", "plan step 1"),
        ("open cabinet 1;" * 80_000, "more than 1000000 characters"),
    ],
)
def test_what_is_no_plan_is_refused_in_words(world: World, text: str, says: str) -> None:
    with pytest.raises(PlanTextError, match=says):
        read(world, text)


def test_a_plan_of_many_thousand_steps_is_read(world: World) -> None:
    assert len(read(world, "open cabinet 1; close cabinet 1\n" * 5000)) == 10_000


def test_a_typed_plan_is_proven(home: State) -> None:
    plan = typed_plan(split_plan(" → ".join(STEPS)), home, "plate on dining table")
    assert (plan.status, list(plan.steps)) == ("verified", STEPS)
    unproven = typed_plan(split_plan("pick up plate 1"), home, "plate on dining table")
    assert unproven.status == "unverified" and unproven.reason
    with pytest.raises(PlanTextError, match="no goal"):
        typed_plan(split_plan(STEPS[0]), home)


def test_the_library_executes_a_plan_given_as_text(home: State, memorized: Planner) -> None:
    events = list(memorized.run("Open cabinet1; pick up plate 1", SymbolicHome(home), goal="holding plate"))
    assert isinstance(events[-1], Ended) and events[-1].episode.success
    with pytest.raises(PlanTextError, match="plan step 2"):
        memorized.run("open cabinet 1; pick up plate 99", SymbolicHome(home), goal="holding plate")


@pytest.mark.parametrize(
    "steps",
    [
        ["turn on oven 1", "turn off oven 1", "turn on oven 1"],
        ["open cabinet 1", "pick up plate 1", "close cabinet 1", "open cabinet 1", "put plate 1 in cabinet 1"],
    ],
)
def test_the_first_step_of_a_saved_goal_plan_stays_a_step_if_it_comes_again(world: World, steps: list[str]) -> None:
    text = f"goal: anything\nplan: {' → '.join(steps)}\nverified (0.10 s)"
    assert read(world, text) == steps and not instruction(world, text)


@pytest.mark.parametrize("said", ["open cabinet 1", "open cabinet 1 and pick up plate 1"])
def test_an_instruction_in_the_words_of_steps_is_none(world: World, said: str) -> None:
    text = f"goal: anything\nplan: {said} → open cabinet 1 → pick up plate 1\nverified (0.10 s)"
    assert read(world, text) == ["open cabinet 1", "pick up plate 1"] and instruction(world, text) == said
