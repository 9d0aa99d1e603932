"""Trials: their homes, which steps are counted, and resuming runs."""

from __future__ import annotations

import importlib.util
import json
import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from envs import trials
from envs.errors import EnvsError
from envs.evaluation.job_pool import Record, RecordError, Records, run_jobs
from envs.evaluation.plan_builder import DeadEndError, PlanBuilder
from envs.evaluation.rates import Rate, wilson
from envs.evaluation.state_comparison import Difference, concerns, differences, without_names
from envs.evaluation.trial_definitions import TRIAL_SUITES, define_trial, suite_categories
from envs.evaluation.trial_scenes import (
    PLAN_SEEDS,
    TRIAL_SEEDS,
    domain_of,
    home_for_plans,
    location_fact,
    seed_of,
    small_home,
    surfaces,
)
from envs.symbolic.actions import Action, World, successor, unmet_precondition
from envs.symbolic.domain import load_domain
from tests.envs.homes_for_tests import kitchen, state

physics = pytest.mark.skipif(importlib.util.find_spec("pybullet") is None, reason="pybullet is not installed")


# Trial definitions


@pytest.mark.parametrize("suite", TRIAL_SUITES)
def test_every_category_has_a_trial_whose_steps_are_applicable(suite: str) -> None:
    for category in suite_categories(suite):
        trial = define_trial(suite, category, 0, 0)
        now = World(trial.scene).initial()
        for step in trial.steps:
            assert unmet_precondition(now, step.action) is None, (category, step.action)
            now = successor(now, step.action)
        assert any(step.counted for step in trial.steps)


def test_every_object_category_is_picked_up() -> None:
    assert suite_categories("pick") == list(load_domain().objects)


def test_a_trial_fills_every_place_with_a_door_and_every_movable_container() -> None:
    domain = load_domain()
    wanted = {n for n, f in domain.fixtures.items() if f.enclosed} | {n for n, o in domain.objects.items() if o.holds}
    wanted |= {"sink", "garbage can", "bathtub", "laundry basket", "bookshelf"}
    assert wanted <= set(suite_categories("containers"))


OWN = """
things:
  dog bowl: {like: bowl, size: [0.20, 0.20, 0.07]}
  trophy: {shape: box, size: [0.10, 0.10, 0.25], at: [bookshelf]}
furniture:
  mini fridge: {like: fridge, size: [0.50, 0.50, 0.85]}
rooms:
  kitchen: [countertop]
"""


def test_trials_of_a_home_are_those_of_its_own_kinds(tmp_path: Path) -> None:
    home = tmp_path / "home.yaml"
    home.write_text(OWN, encoding="utf-8")
    domain = domain_of(str(home))
    assert suite_categories("pick", domain) == ["dog bowl", "trophy"]
    assert suite_categories("joints", domain) == ["mini fridge"]
    assert suite_categories("containers", domain) == ["mini fridge", "dog bowl"]
    assert {"pour into dog bowl", "go to mini fridge"} <= set(suite_categories("skills", domain))
    trial = define_trial("pick", "trophy", 0, 0, domain)
    assert trial.scene.domain is domain
    assert [step.action.skill for step in trial.steps if step.counted] == ["pick up", "put"]


def test_a_home_for_plans_has_own_kinds(tmp_path: Path) -> None:
    home = tmp_path / "home.yaml"
    home.write_text(OWN, encoding="utf-8")
    scene = home_for_plans(PLAN_SEEDS[0] + 3, domain_of(str(home)))
    assert {"dog bowl", "trophy"} <= {obj.category for obj in scene.objects}
    assert "mini fridge" in {fixture.category for fixture in scene.fixtures}


@pytest.mark.parametrize(("text", "message"), [(None, "no such file"), ("rooms: {kitchen: [fridge]}", "no kinds")])
def test_a_home_without_own_kinds_is_a_wrong_call(
    text: str | None, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home.yaml"
    if text is not None:
        home.write_text(text, encoding="utf-8")
    try:
        status = trials.main(["pick", "--home", str(home)])
    except SystemExit as stopped:
        status = int(str(stopped.code))
    assert status == 2
    assert message in capsys.readouterr().err


def test_a_trial_definition_is_reproducible() -> None:
    assert define_trial("pick", "mug", 2, 5) == define_trial("pick", "mug", 2, 5)


def test_trials_of_a_category_and_of_a_seed_have_different_homes() -> None:
    homes = {define_trial("pick", "mug", n, seed).scene.seed for n in range(5) for seed in range(3)}
    assert len(homes) == 15


def test_objects_start_in_all_their_usual_places() -> None:
    places = set()
    for number in range(3):
        trial = define_trial("pick", "plate", number, 0)
        places.add(next(o.place for o in trial.scene.objects if o.name == "plate 1").rpartition(" ")[0])
    assert places == {"cabinet", "countertop", "dining table"}


def test_a_picked_up_object_is_put_on_another_open_surface() -> None:
    for number in range(8):
        trial = define_trial("pick", "apple", number, 0)
        source = next(o.place for o in trial.scene.objects if o.name == "apple 1")
        target = trial.steps[-1].action.args[1]
        assert target != source
        assert not load_domain().fixtures[target.rpartition(" ")[0]].enclosed


def test_opening_a_door_on_the_way_is_not_counted() -> None:
    steps = define_trial("containers", "fridge", 0, 0).steps
    assert [step.counted for step in steps if step.action.skill == "open"] in ([""], [])
    assert {step.counted for step in steps} >= {"put in", "take out"}


def test_trial_seeds_are_disjoint_from_training_seeds() -> None:
    seeds = [seed_of(f"pick/mug/{n}", s) for n in range(100) for s in (0, 1)]
    assert all(TRIAL_SEEDS[0] <= seed < TRIAL_SEEDS[1] for seed in seeds)
    assert PLAN_SEEDS[0] >= TRIAL_SEEDS[1] > TRIAL_SEEDS[0] > 12_000_000


def test_small_homes_are_small_and_hold_the_required_objects() -> None:
    scene = small_home(TRIAL_SEEDS[0] + 1, ["cabinet", "desk"], [location_fact("plate", "cabinet")])
    assert {"cabinet", "desk"} <= {f.category for f in scene.fixtures}
    assert len({f.category for f in scene.fixtures}) <= 6
    assert any(o.category == "plate" and o.place.startswith("cabinet") for o in scene.objects)


def test_the_robot_starts_anywhere() -> None:
    starts = {small_home(TRIAL_SEEDS[0] + k, ["desk"]).robot for k in range(6)}
    assert len(starts) == 6
    assert len({yaw for _, _, yaw in starts}) == 6


def test_a_surface_has_no_door_and_accepts_the_object() -> None:
    assert "cabinet" not in surfaces("plate", usual=False)
    assert surfaces("plate", usual=True) == ["countertop", "dining table"]


def test_a_fact_uses_the_word_of_its_place() -> None:
    assert location_fact("egg", "bowl on countertop") == "egg in bowl on countertop"
    with pytest.raises(EnvsError, match="no place 'moon'"):
        location_fact("egg", "moon")


# Action sequences and differences


def test_an_action_sequence_opens_closed_furniture_and_refuses_inapplicable_actions() -> None:
    sequence = PlanBuilder(World(kitchen()).initial())
    with pytest.raises(DeadEndError, match="fridge 1 is closed"):
        sequence.do("pick up", "apple 1")
    assert sequence.uncover("apple 1") == "fridge 1"
    assert sequence.uncover("apple 1") is None
    sequence.do("pick up", "apple 1")
    assert [action.skill for action in sequence.actions] == ["open", "pick up"]


def test_differences_name_the_atom_and_both_values() -> None:
    before = state(["sink 1", "countertop 1"], {"mug 1: dirty": "countertop 1"})
    after = successor(before, Action("pick up", ("mug 1",)))
    assert differences(before, after) == [
        Difference("mug 1", "place", "countertop 1", "the hand"),
        Difference("robot", "held", "nothing", "mug 1"),
        Difference("robot", "at", "nothing", "countertop 1"),
    ]
    assert differences(before, before) == []


def test_only_differences_about_the_arguments_concern_an_action() -> None:
    action = Action("put", ("mug 1", "sink 1"))
    assert concerns(Difference("mug 1", "place", "sink 1", "nothing"), action)
    assert concerns(Difference("robot", "held", "nothing", "mug 1"), action)
    assert not concerns(Difference("cup 1", "place", "sink 1", "nothing"), action)


def test_similar_causes_are_counted_together() -> None:
    world = World(kitchen())
    assert without_names("cannot reach plate 1", world) == without_names("cannot reach milk 1", world)
    assert without_names("plate 1 did not stay in sink 1", world) == "<thing> did not stay in <fixture>"


# Rates


def test_the_interval_of_a_rate_is_wilsons() -> None:
    low, high = wilson(45, 50)
    assert (round(low, 3), round(high, 3)) == (0.786, 0.957)
    assert wilson(0, 0) == (0.0, 1.0)
    assert str(Rate(hits=45, total=50)) == "90.0 % [79, 96]"
    assert str(Rate(hits=0, total=0)) == "-"


# Workers and records


@dataclass(frozen=True, kw_only=True)
class Number:
    value: int

    @property
    def key(self) -> str:
        return str(self.value)


def square(job: Number) -> Record:
    return {"key": job.key, "square": job.value**2}


def dies_at_three(job: Number) -> Record:
    if job.value == 3:
        os._exit(1)
    return square(job)


def test_jobs_run_in_this_process_or_in_others() -> None:
    jobs = [Number(value=k) for k in range(5)]
    alone = list(run_jobs(square, jobs, workers=1))
    assert sorted(run_jobs(square, jobs, workers=2), key=lambda r: str(r["key"])) == alone


def test_a_process_that_dies_costs_only_its_own_job() -> None:
    records = {r["key"]: r for r in run_jobs(dies_at_three, [Number(value=k) for k in range(6)], workers=2)}
    assert records["3"] == {"key": "3", "error": "the process died"}
    assert [records[str(k)].get("square") for k in (0, 1, 2, 4, 5)] == [0, 1, 4, 16, 25]


def test_no_job_starts_after_the_time_limit() -> None:
    assert list(run_jobs(square, [Number(value=1)], workers=1, minutes=0.0)) == []


def test_records_written_before_an_interrupt_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "trials.jsonl"
    with pytest.raises(KeyboardInterrupt), Records(path, {"seed": 0}) as log:
        log.add({"key": "a"})
        raise KeyboardInterrupt
    assert not path.exists()
    with (tmp_path / "trials.jsonl.part").open("a") as part:
        part.write('{"key": "b", "cut o')
    with Records(path, {"seed": 0}, resume=True) as log:
        assert list(log.done) == ["a"]
        log.add({"key": "b"})
    assert [json.loads(line) for line in path.read_text().splitlines()][1:] == [{"key": "a"}, {"key": "b"}]
    assert list(tmp_path.iterdir()) == [path]


def test_a_run_with_different_settings_is_not_continued(tmp_path: Path) -> None:
    path = tmp_path / "trials.jsonl"
    with Records(path, {"seed": 0}):
        pass
    with pytest.raises(RecordError, match="another run"):
        Records(path, {"seed": 1}, resume=True)


# Summaries


def row(counted: str, *, hit: bool, reason: str = "") -> dict[str, object]:
    return {"counted": counted, "hit": hit, "subtask": counted or "open", "status": "done", "reason": reason,
            "cause": reason, "duration_s": 2.0, "cpu_s": 0.5, "collisions": 1}  # fmt: skip


def record(key: str, *rows: dict[str, object]) -> Record:
    return {"key": key, "category": key.split("/")[1], "steps": list(rows), "error": ""}


def test_steps_are_counted_separately_and_together() -> None:
    good = record("pick/mug/0", row("pick up", hit=True), row("put", hit=True))
    bad = record("pick/mug/1", row("pick up", hit=True), row("put", hit=False, reason="it fell"))
    summary = trials.summarize([good, bad])
    assert {label: (t.hits, t.total) for label, t in summary.labels.items()} == {
        "pick up": (2, 2), "put": (1, 2), "all": (1, 2)
    }  # fmt: skip
    assert summary.table["mug"]["put"].causes == {"it fell": 1}
    assert summary.labels["put"].examples == {"it fell": "pick/mug/1: put: it fell"}
    assert summary.labels["all"].simulated_s == 8.0


def test_a_trial_that_could_not_be_prepared_is_not_counted() -> None:
    summary = trials.summarize([record("pick/mug/0", row("", hit=False, reason="stuck"))])
    assert (summary.labels, summary.not_tried, summary.prepared.hits) == ({}, 1, 0)


def test_a_trial_without_a_home_is_an_error() -> None:
    summary = trials.summarize([{"key": "pick/mug/0", "error": "no home"}])
    assert summary.errors == ("pick/mug/0: no home",)


# The command


@physics
def test_the_command_reports_pick_and_put_and_can_be_continued(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "pick.jsonl"
    call = ["pick", "--trials", "1", "--only", "pick/toy block/", "--json", "--out", str(out)]
    assert trials.main(call) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["what"], report["grasp"]) == ("pick", "assisted")
    assert report["labels"]["pick up"]["total"] == 1
    assert report["labels"]["pick up"]["x_real_time"] > 0
    written = out.read_text()
    assert trials.main([*call, "--resume"]) == 0
    assert json.loads(capsys.readouterr().out) == report
    assert out.read_text() == written


def test_the_table_has_a_row_for_each_category(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def pretends(trial: trials.Trial) -> Record:
        return record(trial.key, row("open", hit=trial.category != "safe", reason="stuck"), row("close", hit=True))

    monkeypatch.setattr(trials, "run_trial", pretends)
    assert trials.main(["joints", "--trials", "2"]) == 0
    text = capsys.readouterr().out
    assert all(f"\n{category} " in text for category in suite_categories("joints"))


@pytest.mark.parametrize("call", [["juggle"], ["pick", "--trials", "0"], ["pick", "--only", "unicorn"]])
def test_wrong_usage_is_an_error(call: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        trials.main(call)
    assert caught.value.code == 2
