"""The command: files in, tables and predictions out."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path

import pytest

from planner.evaluate import main
from tests.planner.json_answers import checked

TOLD = "put the mug on the table"


@pytest.fixture
def tasks(tmp_path: Path, flat_file: Path) -> Path:
    """A file with each kind of answer, and two tasks that cannot be set."""
    home = str(flat_file)
    return write(
        tmp_path / "tasks.jsonl",
        {"id": "good", "instruction": TOLD, "goal": "mug on dining table", "home": home, "family": "move"},
        {"id": "lost", "instruction": "put the mug away", "goal": "mug in cabinet", "home": "no_such_home.yaml"},
        {"id": "odd", "instruction": "two", "goal": "mug on desk", "absent": ["mug"], "facts": ["mug on bed"]},
        {"id": "joke", "instruction": "tell me a joke", "goal": None, "answer": "refuse", "home": home},
        {"id": "what", "instruction": "move it", "answer": "ask", "home": home},
    )


def write(path: Path, *lines: dict[str, object]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def test_a_task_that_cannot_be_set_is_reported_and_the_others_are_measured(
    model_folder: Path, tasks: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "predictions.jsonl"
    assert main(["--tasks", str(tasks), "--model", str(model_folder), "--out", str(out), "--json"]) == 0
    result = checked("planner.evaluate", capsys.readouterr().out)
    assert [e["id"] for e in result["errors"]] == ["lost", "odd"]
    rates = {s["name"]: s["success"]["verified"]["rate"] for s in result["splits"]}
    assert rates == {"plan": 1.0, "refuse": 1.0, "ask": 1.0}
    assert [s["name"] for s in result["families"]] == ["all", "move"]
    written = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [w["id"] for w in written] == ["good", "joke", "what", "lost", "odd"]
    assert written[0]["verified"]["success"] and "error" in written[3]


def test_a_compressed_file_is_evaluated_like_a_plain_one(
    model_folder: Path, tasks: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    packed = tmp_path / "tasks.jsonl.gz"
    packed.write_bytes(gzip.compress(tasks.read_bytes()))
    found = []
    for path in (tasks, packed):
        assert main(["--tasks", str(path), "--model", str(model_folder), "--goals-only", "--json"]) == 0
        found.append(checked("planner.evaluate", capsys.readouterr().out))
    assert found[0]["confusion"] == found[1]["confusion"]


@pytest.mark.parametrize("repeated", [True, False])
def test_several_files_are_measured_together_and_each_has_a_row(
    model_folder: Path, flat_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], repeated: bool
) -> None:
    line = {"instruction": TOLD, "goal": "mug on dining table", "home": str(flat_file)}
    one = write(tmp_path / "one.jsonl", line | {"id": "a"}, line | {"id": "b", "instruction": "tell me a joke"})
    two = write(tmp_path / "two.jsonl", line | {"id": "c"}, line | {"id": "d", "goal": "mug on countertop"})
    files = ["--tasks", str(one), *(["--tasks"] if repeated else []), str(two)]
    assert main([*files, "--model", str(model_folder), "--goals-only"]) == 0
    rows = {line.split()[0]: line.split()[1] for line in capsys.readouterr().out.splitlines() if line}
    assert (rows["all"], rows[str(one)], rows[str(two)]) == ("4", "2", "2")
    assert main([*files, "--model", str(model_folder), "--goals-only", "--json"]) == 0
    found = checked("planner.evaluate", capsys.readouterr().out)
    assert found["tasks"] == [str(one), str(two)]
    mistakes = [tuple(row[key]["hits"] for key in ("misread", "asked", "refused")) for row in found["files"]]
    assert mistakes == [(0, 0, 1), (1, 0, 0)]
    assert found["all"]["misread"]["hits"] == 1 and found["splits"][0]["misread"]["total"] == 4
    assert main([*files, "--model", str(model_folder), "--goals-only", "--json", "--limit", "1"]) == 0
    assert checked("planner.evaluate", capsys.readouterr().out)["all"]["tasks"] == 2  # one of each file


def test_an_id_that_two_files_share_is_named(
    model_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = {"id": "a", "instruction": "x", "goal": "mug on desk"}
    one, two = write(tmp_path / "one.jsonl", line), write(tmp_path / "two.jsonl", line)
    assert main(["--tasks", str(one), str(two), "--model", str(model_folder)]) == 2
    said = capsys.readouterr().err
    assert f"{two}: id 'a' is in {one}, too" in said and said.count("\n") == 1


def test_goals_alone_have_the_same_tables(model_folder: Path, tasks: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--tasks", str(tasks), "--model", str(model_folder), "--goals-only"]) == 0
    text = capsys.readouterr().out
    rows = [line.split() for line in text.splitlines()]
    (whole,) = [row for row in rows if row[:2] == ["all", "3"]]
    assert whole[2] == "100.0"
    assert "right answer" in text and "GPT alone" not in text
    assert ["move", "1", "100.0"] in [row[:3] for row in rows]


def test_the_inventory_may_be_withheld_and_that_is_said(
    model_folder: Path, tasks: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = []
    for flags in ([], ["--no-inventory"]):
        assert main(["--tasks", str(tasks), "--model", str(model_folder), "--goals-only", *flags]) == 0
        said.append("did not say what the home has" in capsys.readouterr().out)
    assert said == [False, True]


def test_lines_without_steps_are_told_as_they_are(
    model_folder: Path, flat_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = {"instruction": TOLD, "goal": "mug on dining table", "home": str(flat_file)}
    path = write(tmp_path / "t.jsonl", line | {"id": "a", "steps": ["Go to the cabinet."]}, line | {"id": "b"})
    out = tmp_path / "out.jsonl"
    flags = ["--tasks", str(path), "--model", str(model_folder), "--goals-only", "--with-steps", "--out", str(out)]
    assert main(flags) == 0
    assert "1 of 2 tasks have none" in capsys.readouterr().out
    with_steps, without = (json.loads(text) for text in out.read_text(encoding="utf-8").splitlines())
    assert (with_steps["steps"], without["steps"]) == (1, 0)
    assert without["same"]


def test_renamed_homes_stand_beside_the_same_splits_with_known_nouns(
    model_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["--renamed", "--limit", "1", "--goals-only", "--model", str(model_folder), "--json"]
    assert main(command) == 0
    results = checked("planner.evaluate", capsys.readouterr().out)
    names = [row["name"] for row in results["splits"]]
    assert names[:2] == ["unseen homes", "unseen homes, renamed"]
    assert [row["name"] for row in results["nouns"]] == ["known", "never seen"]
    assert results["renamed"] == 1.0


def test_several_models_are_evaluated_and_their_spread_is_told(
    model_folder: Path, tasks: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = shutil.copytree(model_folder, tmp_path / "other")
    flags = ["--tasks", str(tasks), "--model", str(model_folder), "--model", str(other), "--goals-only"]
    assert main(flags) == 0
    assert "100.0 ± 0.0 % (100.0-100.0)" in capsys.readouterr().out
    assert main([*flags, "--json"]) == 0
    found = checked("planner.evaluate", capsys.readouterr().out)
    assert found["models"] == [str(model_folder), str(other)]
    assert found["all"]["tasks"] == 6 and [m["all"]["tasks"] for m in found["by_model"]] == [3, 3]


def test_the_teacher_is_reported_apart(
    model_folder: Path, flat_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = {"id": "joke", "instruction": "tell me a joke", "goal": "mug on dining table", "home": str(flat_file)}
    path = write(tmp_path / "tasks.jsonl", line)
    assert main(["--tasks", str(path), "--model", str(model_folder), "--baseline", "teacher"]) == 0
    shown = capsys.readouterr().out
    assert "teacher reaches: 100.0 %" in shown
    assert "needless refusals: 100.0 %" in shown  # what the teacher can do does not help the GPT


def test_bad_lines_are_named_with_their_numbers(
    model_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = {"id": "a", "instruction": "x", "goal": "mug on desk"}
    path = write(tmp_path / "t.jsonl", good, good, good | {"id": "b", "goal": "mgu on desk"})
    path.write_text(path.read_text(encoding="utf-8") + "{\n", encoding="utf-8")
    assert main(["--tasks", str(path), "--model", str(model_folder)]) == 2
    said = capsys.readouterr().err
    assert all(f"t.jsonl:{number}: " in said for number in (2, 3, 4))


@pytest.mark.parametrize(
    "arguments",
    [
        ["--tasks", "missing.jsonl"],
        ["--limit", "0"],
        ["--samples", "-1"],
        ["--model", "no/such/folder"],
        ["--goals-only", "--physics", "3"],
        ["--goals-only", "--baseline", "teacher"],
        ["--with-steps"],
        ["--renamed", "1.5"],
        ["--renamed", "-1"],
        ["--renamed", "--no-inventory"],
        ["--renamed", "--tasks", "missing.jsonl"],
        ["--model", "a", "--model", "./a"],
        ["--tasks", "a.jsonl", "./a.jsonl"],
    ],
)
def test_wrong_use_is_exit_code_2_and_one_message(
    arguments: list[str], model_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if "--model" not in arguments:
        arguments = [*arguments, "--model", str(model_folder)]
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1 and not captured.out
