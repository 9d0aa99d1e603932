"""Every command that writes a file refuses, before the work and with exit code 2, a path that it cannot write."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from planner import evaluate, run, train
from planner.benchmarks import improvement, whole_plans
from planner.benchmarks.sight import __main__ as sight
from planner.errors import OutputError
from planner.io.command import writable, writable_file
from planner.world_model import usual_places

Main = Callable[[list[str]], int]
RUN = ["open cabinet 1", "--home", "studio", "--goal", "cabinet open"]


@pytest.fixture
def taken(tmp_path: Path) -> Path:
    (tmp_path / "file").write_text("mine")
    return tmp_path


@pytest.mark.parametrize(
    ("main", "args"),
    [
        (evaluate.main, ["--out"]),
        (usual_places.main, ["--homes", "1", "--out"]),
        (improvement.main, ["model", "--out"]),
        (whole_plans.main, ["--out"]),
        (sight.main, ["--pictures"]),
        (run.main, [*RUN, "--video"]),
        (run.main, [*RUN, "--filmstrip"]),
        (run.main, [*RUN, "--rerun"]),
    ],
)
def test_a_folder_where_a_file_is_needed_is_refused(
    taken: Path, capsys: pytest.CaptureFixture[str], main: Main, args: list[str]
) -> None:
    if "--rerun" in args:
        pytest.importorskip("rerun")
    for name in (".", "file/below"):
        assert main([*args, str(taken / name)]) == 2
        error = capsys.readouterr().err
        assert error.count("\n") == 1 and str(taken) in error
    assert (taken / "file").read_text() == "mine"


@pytest.mark.parametrize(("main", "args"), [(train.main, ["--out"]), (run.main, [*RUN, "--out"])])
def test_a_file_where_a_folder_is_needed_is_refused(
    taken: Path, capsys: pytest.CaptureFixture[str], main: Main, args: list[str]
) -> None:
    for name in ("file", "file/below"):
        assert main([*args, str(taken / name)]) == 2
        assert "cannot be written to" in capsys.readouterr().err
    assert (taken / "file").read_text() == "mine"


def test_an_output_is_checked_without_writing_it(taken: Path) -> None:
    assert writable_file(taken / "new" / "x.json") == taken / "new" / "x.json"
    assert not (taken / "new" / "x.json").exists()
    with pytest.raises(OutputError, match=r"is a folder; name a file to write"):
        writable_file(taken)
    with pytest.raises(OutputError, match=r"cannot be written to \(it is a file\)"):
        writable(taken / "file")
    with pytest.raises(OutputError, match="too long"):
        writable_file(taken / ("x" * 300))
