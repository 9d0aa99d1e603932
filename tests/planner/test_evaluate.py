from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from envs.goals import parse_goal
from envs.state import State
from planner.answer import Options, Plan
from planner.corpus import SPLITS
from planner.decode import Planner
from planner.draw import goal_is_held_out
from planner.evaluate import main
from planner.held_out import BUILT_IN, TEST_HOMES, TRAIN_HOMES, VALID_HOMES, Trial, draw_trials, family_of, sample_lines
from planner.measure import Prediction, judge, meaning, measure, replay, summarise, ways
from planner.scoring_table import confusion, false_refusals, success_table, worst_families
from planner.tasks import TaskLine

BY_NAME = {split.name: split for split in BUILT_IN}


def trial(flat: State, instruction: str, goal: str | None, **settings: object) -> Trial:
    known: dict[str, object] = {"id": instruction, "split": "all", "family": "test", "start": flat}
    return Trial(instruction=instruction, goal=parse_goal(goal) if goal else None, **known | settings)  # type: ignore[arg-type]


class Counting(Planner):
    """Counts how often a plan is asked for."""

    asked = 0

    def plan(self, instruction: str, state: State, options: Options | None = None) -> Plan:
        self.asked += 1
        return super().plan(instruction, state, options)


def test_seeds_of_homes_are_those_of_the_corpus() -> None:
    assert {"train": TRAIN_HOMES, "valid": VALID_HOMES, "test": TEST_HOMES} == SPLITS


@pytest.mark.parametrize("split", BUILT_IN, ids=[s.name for s in BUILT_IN])
def test_every_built_in_split_draws_what_it_says(split: object) -> None:
    split = next(s for s in BUILT_IN if s == split)
    trials = list(draw_trials(split, 8, seed=3))
    assert len(trials) == 8
    for drawn in trials:
        assert TEST_HOMES[0] <= drawn.start.world.scene.seed < TEST_HOMES[1]
        assert (drawn.goal is None) == split.refusals == (drawn.answer == "refuse")
        if drawn.goal is not None:
            assert goal_is_held_out(drawn.goal) == split.new_goal
            least, most = split.conditions or (1, 99)
            assert least <= len(drawn.goal.conditions) <= most


def test_a_longer_draw_begins_with_the_shorter_one() -> None:
    few, many = (list(draw_trials(BY_NAME["unseen homes"], n, seed=1)) for n in (3, 6))
    assert [t.instruction for t in few] == [t.instruction for t in many[:3]]
    other = list(draw_trials(BY_NAME["unseen homes"], 3, seed=2))
    assert [t.instruction for t in few] != [t.instruction for t in other]


def test_the_scene_of_a_trial_says_all_of_its_state() -> None:
    # The physical home is built from the scene: what a task wants clean must be dirty there too.
    for drawn in draw_trials(BY_NAME["unseen homes"], 40, seed=5):
        assert drawn.start == drawn.start.world.initial()


def test_order_of_conditions_and_states_does_not_change_a_goal() -> None:
    one = parse_goal("cold clean apple in fridge ; mug on desk")
    assert meaning(one) == meaning(parse_goal("mug on desk ; clean cold apple in fridge"))
    assert meaning(one) != meaning(parse_goal("mug on desk ; cold apple in fridge"))
    assert meaning(parse_goal("mug on desk then cup on desk")) != meaning(parse_goal("cup on desk then mug on desk"))


def test_success_is_that_of_the_tasks_goal_not_of_the_gpts(memorised: Planner, flat: State) -> None:
    asked = "put the mug on the table"
    right = measure(memorised, trial(flat, asked, "mug on dining table"), ways())
    wrong = measure(memorised, trial(flat, asked, "mug on countertop"), ways())
    assert all(attempt.success for attempt in right.attempts.values())
    assert right.exact and right.same
    assert wrong.attempts["verified"].status == "verified"
    assert not any(attempt.success for attempt in wrong.attempts.values())
    assert not wrong.same


def test_a_plan_that_needed_no_sample_is_not_decoded_again(memorised: Planner, flat: State) -> None:
    counting = Counting(memorised.model, memorised.tokenizer)
    found = measure(counting, trial(flat, "put the mug on the table", "mug on dining table"), ways(samples=3))
    assert counting.asked == 2  # alone, and constrained
    assert found.attempts["verified"] == found.attempts["constrained"]


def test_a_refusal_is_right_only_where_it_is_asked_for(memorised: Planner, flat: State) -> None:
    joke = "tell me a joke"
    plan = memorised.plan(joke, flat)
    assert judge(plan, trial(flat, joke, None, answer="refuse")).success
    assert not judge(plan, trial(flat, joke, "mug on dining table")).success
    assert not judge(plan, trial(flat, joke, None, answer="ask")).success


def test_a_wrong_refusal_is_counted_as_false(memorised: Planner, flat: State) -> None:
    trials = [
        trial(flat, "tell me a joke", "mug on dining table"),
        trial(flat, "put the mug on the table", "mug on dining table"),
        trial(flat, "move it", None, answer="ask"),
    ]
    predictions = [measure(memorised, t, ways()) for t in trials]
    assert confusion(predictions)["plan"] == {"plan": 1, "refuse": 1, "ask": 0}
    assert confusion(predictions)["ask"] == {"plan": 0, "refuse": 0, "ask": 1}
    assert (false_refusals(predictions).hits, false_refusals(predictions).total) == (1, 2)


def test_a_reference_plan_is_scored_beside_ours(memorised: Planner, flat: State) -> None:
    steps = ("open cabinet 1", "pick up mug 1", "put mug 1 on dining table 1")
    asked = trial(flat, "put the mug on the table", "mug on dining table", reference=steps)
    assert measure(memorised, asked, ways()).reference is True
    assert measure(memorised, replace(asked, reference=steps[1:]), ways()).reference is False
    assert replay(flat, parse_goal("mug on dining table"), ["fly to the moon"]) is None


def test_length_is_compared_where_both_reach_the_goal(memorised: Planner, flat: State) -> None:
    found = [measure(memorised, trial(flat, "put the mug on the table", "mug on dining table"), ways())]
    steps = len(found[0].attempts["verified"].subtasks)
    assert summarise("all", found, {found[0].trial.id: steps}).longer == 1.0
    assert "/teacher" in success_table([summarise("all", found, {found[0].trial.id: steps})], "split")
    assert "/teacher" not in success_table([summarise("all", found)], "split")


def test_worst_families_show_what_was_told_wanted_and_written(memorised: Planner, flat: State) -> None:
    good = measure(memorised, trial(flat, "put the mug on the table", "mug on dining table", family="good"), ways())
    bad: Prediction = measure(memorised, trial(flat, "tell me a joke", "cold apple", family="bad"), ways())
    shown = worst_families([good, bad])
    assert "bad" in shown and "cold apple" in shown and "tell me a joke" in shown
    assert "good" not in shown


def test_family_is_what_the_file_says_or_the_beginning_of_the_id() -> None:
    line = TaskLine(id="alfred/dev/trial_1", instruction="x", goal=None)
    assert family_of(line) == "alfred/dev"
    assert family_of(replace(line, id="behavior/7")) == "behavior"
    assert family_of(replace(line, extra={"alfred": {"task_type": "pick_heat"}})) == "pick_heat"
    assert family_of(replace(line, extra={"family": "mine"})) == "mine"


def test_a_limit_draws_evenly_and_keeps_the_order() -> None:
    lines = [TaskLine(id=str(i), instruction="x", goal=None) for i in range(100)]
    some = [int(line.id) for line in sample_lines(lines, 10, 0)]
    assert some == sorted(some) and len(set(some)) == 10 and max(some) > 30
    assert sample_lines(lines, None, 0) == lines


def test_a_task_that_cannot_be_set_is_reported_and_the_others_are_measured(
    model_folder: Path, flat_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told, home = "put the mug on the table", str(flat_file)
    lines = [
        {"id": "a/good", "instruction": told, "goal": "mug on dining table", "home": home},
        {"id": "a/lost", "instruction": "put the mug away", "goal": "mug in cabinet", "home": "no_such_home.yaml"},
        {"id": "a/odd", "instruction": "two", "goal": "mug on desk", "absent": ["mug"], "facts": ["mug on bed"]},
        {"id": "b/joke", "instruction": "tell me a joke", "goal": None, "answer": "refuse", "home": home},
    ]
    tasks, out = tmp_path / "tasks.jsonl", tmp_path / "predictions.jsonl"
    tasks.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    arguments = ["--tasks", str(tasks), "--model", str(model_folder), "--out", str(out), "--json"]
    assert main(arguments) == 0
    result = json.loads(capsys.readouterr().out)
    assert [e["id"] for e in result["errors"]] == ["a/lost", "a/odd"]
    assert {s["name"]: s["success"]["verified"]["rate"] for s in result["splits"]} == {"plan": 1.0, "refuse": 1.0}
    written = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [w["id"] for w in written] == ["a/good", "b/joke", "a/lost", "a/odd"]
    assert written[0]["verified"]["success"] and "error" in written[2]


def test_the_teacher_is_reported_apart(
    model_folder: Path, flat_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tasks = tmp_path / "tasks.jsonl"
    line = {"id": "joke", "instruction": "tell me a joke", "goal": "mug on dining table", "home": str(flat_file)}
    tasks.write_text(json.dumps(line) + "\n", encoding="utf-8")
    assert main(["--tasks", str(tasks), "--model", str(model_folder), "--baseline", "teacher"]) == 0
    shown = capsys.readouterr().out
    assert "teacher reaches: 100.0 %" in shown
    assert "false refusals: 100.0 %" in shown  # what the teacher can do does not help the GPT


@pytest.mark.parametrize(
    "arguments", [["--tasks", "missing.jsonl"], ["--limit", "0"], ["--samples", "-1"], ["--model", "no/such/folder"]]
)
def test_wrong_use_is_exit_code_2_and_one_message(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1 and not captured.out
