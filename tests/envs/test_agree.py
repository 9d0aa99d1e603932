"""Plans that compare the two worlds: how they are drawn, and that every disagreement is found and reported."""

from __future__ import annotations

import importlib.util
import json
import random
from pathlib import Path

import pytest

from envs import agree
from envs.evaluation.agreement_report import as_text, summarize
from envs.evaluation.job_pool import Record
from envs.evaluation.plan_builder import DeadEndError, PlanBuilder
from envs.evaluation.random_plans import CHAINS, draw_action, draw_chain, draw_inapplicable
from envs.evaluation.trial_scenes import PLAN_SEEDS, home_for_plans
from envs.symbolic.actions import Action, State, World, apply, successor, unmet_precondition
from tests.envs.homes_for_tests import kitchen

physics = pytest.mark.skipif(importlib.util.find_spec("pybullet") is None, reason="pybullet is not installed")


@pytest.fixture
def initial_state() -> State:
    return World(kitchen()).initial()


# Plans


def test_random_actions_are_applicable_and_of_all_kinds(initial_state: State) -> None:
    rng = random.Random(0)
    skills = set[str]()
    now = initial_state
    for _ in range(2000):
        action = draw_action(now, rng)
        now = apply(now, action)
        skills.add(action.skill)
    assert skills == set(initial_state.world.domain.skills)


def test_go_to_does_not_dominate_random_actions(initial_state: State) -> None:
    rng = random.Random(0)
    skills = [draw_action(initial_state, rng).skill for _ in range(300)]
    assert skills.count("go to") < 100


def test_inapplicable_actions_have_an_unmet_precondition(initial_state: State) -> None:
    rng = random.Random(0)
    assert all(unmet_precondition(initial_state, draw_inapplicable(initial_state, rng)) is not None for _ in range(100))


@pytest.mark.parametrize("name", CHAINS)
def test_every_kind_of_chain_can_be_drawn_and_executed(initial_state: State, name: str) -> None:
    n_chains = 0
    for seed in range(60):
        sequence = PlanBuilder(initial_state)
        try:
            CHAINS[name](sequence, random.Random(seed))
        except DeadEndError:
            continue
        now = initial_state
        for action in sequence.actions:
            now = apply(now, action)
        assert now == sequence.state
        n_chains += 1
    assert n_chains


def test_a_machine_is_opened_filled_closed_and_run(initial_state: State) -> None:
    plans = [draw_chain(initial_state, random.Random(seed)) for seed in range(200)]
    skills = {tuple(a.skill for a in actions) for name, actions in plans if name == "machine"}
    assert any(s[:6] == ("open", "pick up", "put", "close", "turn on", "turn off") for s in skills)


def test_a_held_object_is_put_away_first(initial_state: State) -> None:
    holding = successor(initial_state, Action("pick up", ("book 1",)))
    name, actions = draw_chain(holding, random.Random(0))
    assert name == "put away"
    assert actions[0].args[0] == "book 1"


def test_the_home_of_a_plan_depends_on_its_seed_only() -> None:
    assert home_for_plans(PLAN_SEEDS[0] + 3) == home_for_plans(PLAN_SEEDS[0] + 3)


# Execution


@physics
def test_a_plan_replays_from_its_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agree, "PLAN_LENGTH", 3)

    def facts(record: Record) -> object:
        return [{k: v for k, v in r.items() if k != "cpu_s"} for r in record["steps"]]  # type: ignore[attr-defined]

    plan = agree.Plan(number=1, seed=0, grasp="assisted")
    once, twice = agree.run_plan(plan), agree.run_plan(plan)
    assert facts(once) == facts(twice)
    assert len(once["steps"]) > 1  # type: ignore[arg-type]


@physics
def test_both_worlds_refuse_in_the_same_words_and_no_time_passes() -> None:
    from envs.simulation.physical_home import PhysicalHome

    home = PhysicalHome(kitchen())
    try:
        rng = random.Random(0)
        inapplicable = [draw_inapplicable(home.state(), rng) for _ in range(40)]
        inapplicable += [Action("pick up", ("unicorn 1",)), Action("polish", ("mug 1",)), Action("put", ("mug 1",))]
        rows = [agree._refusal(home, action) for action in inapplicable]
        assert [row for row in rows if not row["agrees"]] == []
    finally:
        home.close()


@physics
def test_a_wrong_symbolic_world_is_detected(monkeypatch: pytest.MonkeyPatch) -> None:
    from envs.evaluation import state_comparison
    from envs.simulation.physical_home import PhysicalHome

    home = PhysicalHome(kitchen())
    try:
        monkeypatch.setattr(
            state_comparison, "successor", lambda before, action: before
        )  # a symbolic world without effects
        attempt = state_comparison.attempt(home, Action("turn on", ("sink 1",)))
        assert attempt.done
        assert ("sink 1", "on", "false", "true") in attempt.differences
    finally:
        home.close()


@physics
def test_a_crash_in_a_skill_is_reported_as_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    from envs.evaluation import state_comparison
    from envs.simulation import physical_home

    def breaks(*_: object) -> None:
        raise IndexError("out of range")

    home = physical_home.PhysicalHome(kitchen())
    try:
        monkeypatch.setattr(physical_home, "perform", breaks)
        attempt = state_comparison.attempt(home, Action("turn on", ("sink 1",)))
        assert (attempt.status, attempt.differences) == ("crashed", ())
        assert attempt.reason.startswith("IndexError in test_agree.py:")
    finally:
        home.close()


# Summaries


def row(skill: str, status: str = "done", differences: tuple[tuple[str, ...], ...] = ()) -> dict[str, object]:
    return {"skill": skill, "category": "mug", "subtask": f"{skill} mug 1", "status": status, "reason": "",
            "cause": "it slipped" if status == "failed" else "", "differences": [list(d) for d in differences],
            "duration_s": 3.0, "cpu_s": 1.0, "collisions": 0}  # fmt: skip


FELL_OUT = (("cup 1", "place", "sink 1", "nothing"),)


def records() -> list[Record]:
    words = {"physical": "a", "symbolic": "b", "agrees": False}
    refusal = {"status": "refused", "subtask": "open mug 1", "ticks": 0, **words}
    steps = [
        row("pick up"),
        row("put", differences=FELL_OUT),
        row("pick up", "failed", FELL_OUT),
        row("pick up"),
        refusal,
    ]
    return [{"key": "7", "home": 5, "steps": steps, "error": "", "started_right": True}]


def test_disagreements_are_counted_by_skill_and_category_with_an_example_plan() -> None:
    summary = summarize(records())
    assert summary.disagreements == {"put mug: place": 1}
    example = summary.examples["put mug: place"]
    assert example == "plan 7: pick up mug 1 → put mug 1: cup 1 place: nothing, not sink 1"
    assert (summary.agree["put"].hits, summary.agree["pick up"].hits) == (0, 2)
    assert example in as_text(summary)


def test_a_failure_is_counted_with_its_changes_and_whether_the_next_action_succeeded() -> None:
    summary = summarize(records())
    assert (summary.done["pick up"].hits, summary.done["pick up"].total) == (2, 3)
    assert summary.done["pick up"].causes == {"it slipped": 1}
    assert summary.changed == {"pick up: place": 1}
    assert (summary.resumed.hits, summary.resumed.total) == (1, 1)


def test_refusals_with_different_wording_are_shown() -> None:
    summary = summarize(records())
    assert summary.refused == [False]
    assert "physics 'a' after 0 ticks; symbolic 'b'" in as_text(summary)


# The command


@physics
def test_the_command_writes_plans_and_prints_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agree, "PLAN_LENGTH", 2)
    out = tmp_path / "plans.jsonl"
    assert agree.main(["--plans", "1", "--json", "--out", str(out)]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["plans"] == 1
    assert report["all_done"]["total"] > 0
    assert len(out.read_text().splitlines()) == 2


@pytest.mark.parametrize("call", [["--plans", "0"], ["--workers", "0"], ["--grasp", "magic"]])
def test_wrong_usage_is_an_error(call: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        agree.main(call)
    assert caught.value.code == 2
