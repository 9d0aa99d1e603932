"""What many predictions come to, for one model and for several, as text and as plain data. No GPT takes part."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from envs.symbolic.actions import State
from envs.symbolic.goals import parse_goal
from planner.evaluation.measurement import Attempt, Prediction
from planner.evaluation.results import EvaluationSettings, Results, TaskProblem
from planner.evaluation.summary import score, spread, summarize
from planner.evaluation.tables import scores_as_dict, success_table, worst_table
from planner.tasks.held_out_trials import EvaluationTask
from tests.planner.json_answers import problem

Make = Callable[..., Prediction]
SETTING = EvaluationSettings(
    tasks=("t.jsonl",), models=("a",), weights="fp32", seed=0, samples=4, inventory=True, steps=False, goals_only=False
)
STATUS = {"plan": "verified", "refuse": "refused", "ask": "ask", "query": "answered", "rule": "noted"}


@pytest.fixture
def make(flat: State) -> Make:
    """Make a prediction of a task whose right answer is `answer` and to which `kind` was answered."""

    def made(name: str, *, ok: bool = True, kind: str = "", answer: str = "plan", family: str = "f") -> Prediction:
        goal = parse_goal("mug on dining table") if answer == "plan" else None
        trial = EvaluationTask(
            id=name, split=answer, family=family, instruction=f"asked {name}", start=flat, goal=goal,
            answer=answer,  # type: ignore[arg-type]
        )  # fmt: skip
        kind = kind or answer
        same = ok and kind == answer == "plan"
        attempt = Attempt(
            status=STATUS[kind], kind=kind, reason="", subtasks=("pick up mug 1",) * 3, success=ok and kind == answer,
            rate=float(ok), seconds=0.1, tried=int(kind == "plan"), tokens=9,
        )  # fmt: skip
        text = "mug on dining table" if kind == "plan" else ""
        return Prediction(trial=trial, goal_text=text, exact=same, same=same, attempts={"alone": attempt})

    return made


def several(make: Make, *outcomes: str) -> list[list[Prediction]]:
    """Each string is a model, each letter a task: y if it was reached, else n."""
    return [[make(f"{i}", ok=letter == "y", family=f"f{i}") for i, letter in enumerate(o)] for o in outcomes]


def shown(predictions: Sequence[Sequence[Prediction]], **settings: object) -> str:
    names = tuple("abcdef"[: len(predictions)])
    return str(Results(setting=replace(SETTING, models=names, **settings), predictions=predictions))  # type: ignore[arg-type]


def test_silent_misreads_needless_questions_and_needless_refusals_are_counted_apart(make: Make) -> None:
    answers = [make(str(i), kind=kind) for i, kind in enumerate(("plan", "refuse", "refuse", "ask"))]
    answers += [make("done wrongly", ok=False), make("answered wrongly", answer="query", ok=False)]
    answers += [make("not asked", answer="ask", kind="plan"), make("not refused", answer="refuse", kind="rule")]
    answers += [make("refused instead of asked", answer="ask", kind="refuse")]  # wrong, but nothing was done
    found = score(answers).whole
    assert found.misread.hits == 4 and found.misread.total == 9
    assert (found.asked.hits, found.refused.hits) == (1, 2)
    assert found.asked.total == found.refused.total == 6  # where neither a question nor a refusal is right


def test_an_unverified_plan_is_no_misread(make: Make) -> None:
    wrong = make("a", ok=False)
    unverified = replace(wrong, attempts={"alone": replace(wrong.last, status="unverified")})
    assert wrong.last.is_misread and not unverified.last.is_misread
    assert [wrong.as_dict()["misread"], unverified.as_dict()["misread"]] == [True, False]


def test_kinds_of_answer_are_a_table_of_right_against_given(make: Make) -> None:
    predictions = [make("a"), make("b", kind="ask"), make("c", answer="ask"), make("d", answer="refuse", kind="plan")]
    lines = [" ".join(line.split()) for line in shown([predictions]).splitlines()]
    table = lines[lines.index("right answer said plan said refuse said ask right kind") + 1 :]
    assert table[:3] == ["plan 1 0 1 50.0 % [9, 91]", "refuse 1 0 0 0.0 % [0, 79]", "ask 0 0 1 100.0 % [21, 100]"]
    assert table[3].startswith("silent misreads (") and table[3].endswith(": 25.0 % [5, 70]")
    assert table[4].startswith("needless questions (") and table[4].endswith(": 50.0 % [9, 91]")
    assert table[5] == "needless refusals: 0.0 % [0, 66]"


def test_kinds_of_answer_that_do_not_occur_are_not_shown(make: Make) -> None:
    told = [make("a", answer="query"), make("b", answer="plan", kind="rule")]
    lines = [" ".join(line.split()) for line in shown([told]).splitlines()]
    table = lines[lines.index("right answer said plan said query said rule right kind") + 1 :]
    assert [line.split()[0] for line in table[:3]] == ["plan", "query", "silent"]
    assert set(score(told).confusion) == {"plan", "refuse", "ask", "query", "rule"}  # programs get all of them


def test_each_of_several_task_files_has_a_row(make: Make) -> None:
    def of_file(name: str, file: str, *, ok: bool = True) -> Prediction:
        prediction = make(name, ok=ok)
        return replace(prediction, trial=replace(prediction.trial, file=file))

    predictions = [of_file("a", "one.jsonl"), of_file("b", "one.jsonl", ok=False), of_file("c", "two.jsonl")]
    results = Results(setting=replace(SETTING, tasks=("one.jsonl", "two.jsonl")), predictions=[predictions])
    rows = {line.split()[0]: line.split() for line in str(results).splitlines() if line}
    assert rows["one.jsonl"][1] == "2" and rows["two.jsonl"][1] == "1"
    found = json.loads(json.dumps(results.as_dict(), allow_nan=False))
    assert not problem(found, "evaluation")
    assert [(row["name"], row["misread"]["rate"]) for row in found["files"]] == [("one.jsonl", 0.5), ("two.jsonl", 0.0)]
    assert [line["file"] for line in results.lines()] == ["one.jsonl", "one.jsonl", "two.jsonl"]
    pair = Results(
        setting=replace(results.setting, models=("a", "b")), predictions=[predictions, predictions],
    )  # fmt: skip
    assert "two.jsonl" in pair.as_dict()["spread"]["files"]  # type: ignore[index]
    assert not problem(json.loads(json.dumps(pair.as_dict(), allow_nan=False)), "evaluation")


def test_the_whole_file_and_each_family_have_goals_and_success(make: Make) -> None:
    predictions = [make("a", family="x"), make("b", family="y", ok=False)]
    lines = [re.split(r"\s{2,}", line) for line in shown([predictions]).splitlines()]
    (header,) = {tuple(line[1:]) for line in lines if "goal exact" in line}
    for name, rate, misread in (("all", "50.0 %", "50.0 %"), ("x", "100.0 %", "0.0 %"), ("y", "0.0 %", "100.0 %")):
        (row,) = [dict(zip(header, line[1:], strict=True)) for line in lines if line[:1] == [name]]
        assert all(row[key].startswith(rate) for key in ("goal exact", "same goal", "GPT alone", "conditions"))
        assert row["misread"].startswith(misread)
        assert row["asked"].startswith("0.0 %") and row["refused"].startswith("0.0 %")


def test_worst_families_come_first_with_what_was_asked_right_and_understood(make: Make) -> None:
    found = score([
        *(make(f"g{i}", family="good") for i in range(3)), make("h", family="half"),
        make("i", family="half", ok=False), make("bad", family="worse", kind="refuse"),
    ])  # fmt: skip
    assert [w.family for w in found.worst] == ["worse", "half"]
    text = worst_table(found.worst)
    assert "asked bad" in text and "mug on dining table" in text and "no goal (refused)" in text


def test_at_most_ten_worst_families_are_shown(make: Make) -> None:
    assert len(score([make(str(i), family=str(i), ok=False) for i in range(15)]).worst) == 10


def test_length_is_compared_where_both_reach_the_goal(make: Make) -> None:
    found = [make("a"), make("b", ok=False)]
    assert summarize("all", found, {"a": 3, "b": 1}).longer == 1.0
    assert "/teacher" in success_table([summarize("all", found, {"a": 3})], "split")


def test_a_column_of_nothing_is_not_shown(make: Make) -> None:
    alone = make("a")
    bare = replace(alone, attempts={"understood": replace(alone.last, rate=math.nan, tried=0)})
    table = success_table([summarize("all", [bare])], "split")
    assert "right answer" in table
    assert not any(word in table for word in ("/teacher", "conditions", "steps"))


def test_several_models_are_pooled_and_their_spread_is_told(make: Make) -> None:
    predictions = several(make, "yyyy", "yynn", "yyyn")
    scores = [score(p) for p in predictions]
    found = spread(scores)["all"]["all"]["goal_same"]
    assert (found.mean, found.range) == (0.75, (0.5, 1.0))
    assert found.half_width == pytest.approx(4.303 * 0.25 / math.sqrt(3), abs=1e-3)
    text = shown(predictions)
    assert "75.0 % [47, 91]" in text  # 9 of 12
    assert "75.0 ± 62.1 % (50.0-100.0)" in text
    assert all(f"\n{name}  " in text for name in "abc")


def test_every_figure_has_its_spread(make: Make) -> None:
    found = spread([score(p) for p in several(make, "yn", "yy")])
    figures = {"goal_exact", "goal_same", "success_alone", "conditions_alone", "p50_s", "p95_s", "steps"}
    assert all(figures <= set(row) for section in ("all", "splits", "families") for row in found[section].values())
    assert set(found["families"]) == {"f0", "f1"}
    assert {"misread", "asked", "refused"} <= set(found["all"]["all"])
    assert set(found["answers"]) == {"right_kind"}


def test_results_say_which_precision_the_weights_had(make: Make) -> None:
    predictions = several(make, "yn")
    assert Results(setting=SETTING, predictions=predictions).as_dict()["weights"] == "fp32"
    assert "int8" not in shown(predictions)
    assert "rounded to int8" in shown(predictions, weights="int8")


def test_one_model_has_no_spread(make: Make) -> None:
    results = Results(setting=SETTING, predictions=several(make, "yn"))
    assert "spread" not in results.as_dict() and "±" not in str(results)


def test_results_are_plain_data_without_nan(make: Make) -> None:
    results = Results(
        setting=replace(SETTING, models=("a", "b")), predictions=several(make, "yn", "nn"), lengths={},
        problems=[TaskProblem(id="x", reason="why")], episodes=[],
    )  # fmt: skip
    found = json.loads(json.dumps(results.as_dict(), allow_nan=False))
    assert not problem(found, "evaluation")
    assert found["all"]["goal_same"]["rate"] == 0.25
    assert [m["all"]["goal_same"]["rate"] for m in found["by_model"]] == [0.5, 0.0]
    assert found["worst"][0]["asked"] == "asked 1"
    assert found["errors"] == [{"id": "x", "reason": "why"}]
    assert found["confusion"] == scores_as_dict(results.pooled)["confusion"]


def test_predictions_name_their_model_and_problems_come_last(make: Make) -> None:
    setting = replace(SETTING, models=("a", "b"))
    problems = [TaskProblem(id="x", reason="why")]
    lines = list(Results(setting=setting, predictions=several(make, "y", "n"), problems=problems).lines())
    assert [(line.get("model"), line["id"]) for line in lines] == [("a", "0"), ("b", "0"), (None, "x")]


def test_the_number_of_tasks_without_steps_is_said(make: Make) -> None:
    plain, told = make("a"), make("b")
    told = replace(told, trial=replace(told.trial, steps=("go",)))
    assert "1 of 2 tasks have none" in shown([[plain, told]], steps=True)
    assert "have none" not in shown([[plain, told]])


def test_nothing_measured_is_still_a_result() -> None:
    results = Results(setting=SETTING, predictions=[[]], problems=[TaskProblem(id="x", reason="why")])
    assert "errors: 1 tasks" in str(results)
    assert not problem(json.loads(json.dumps(results.as_dict(), allow_nan=False)), "evaluation")
