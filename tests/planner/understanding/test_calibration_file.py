"""`calibration.json`: written, read back, and rejected when it is damaged or belongs to another model."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from planner.api import Planner
from planner.errors import CalibrationError
from planner.understanding.calibration import FEATURES, Calibration, Judge
from planner.understanding.calibration_file import MAX_BYTES, NAME, read_calibration, write_calibration

CALIBRATION = Calibration(
    goal=Judge(weights=(1.25, 2.0, 0.5, 0.25, -1.0, -0.5, 0.0, -0.125)),
    plan=Judge(weights=(1.5, 1.75, 1.0, 0.0, -1.0, 0.0, 0.25, 0.0)),
    unverified=0.03,
    scores=(0.9999999, 0.5, 0.0),
)


@pytest.fixture
def folder(model_folder: Path, tmp_path: Path) -> Path:
    """A writable copy of a model folder."""
    return Path(shutil.copytree(model_folder, tmp_path / "model"))


def test_a_model_without_a_calibration_has_none(folder: Path) -> None:
    assert read_calibration(folder) is None and Planner.load(folder).calibration is None


def test_a_calibration_survives_a_round_trip(folder: Path) -> None:
    write_calibration(CALIBRATION, folder, tasks=None, seed=0)
    loaded = Planner.load(folder).calibration
    assert loaded is not None
    assert (loaded.goal, loaded.plan, loaded.unverified) == (CALIBRATION.goal, CALIBRATION.plan, CALIBRATION.unverified)
    assert loaded.scores == (0.999999, 0.5, 0.0)  # never rounded up


def test_writing_a_calibration_adds_one_file_only(folder: Path) -> None:
    before = set(folder.iterdir())
    write_calibration(CALIBRATION, folder, tasks="mine.jsonl", seed=3)
    assert set(folder.iterdir()) - before == {folder / NAME}


def test_a_calibration_of_other_weights_is_not_used(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = write_calibration(CALIBRATION, folder, tasks=None, seed=0)
    content = json.loads(path.read_text())
    path.write_text(json.dumps(content | {"model": "0" * 16}))
    assert read_calibration(folder) is None
    assert "measured with other weights" in caplog.text and "planner.calibrate" in caplog.text


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "something"}, "expected 'gpt-home-planner calibration 2'"),
        ({"goal": {"certain": 1.0}}, "a weight for each of certain, goal, right"),
        ({"goal": [1.0]}, "a weight for each"),
        ({"goal": dict.fromkeys(FEATURES, 5000.0)}, "goal.certain is 5000.0, not a number in"),
        ({"plan": dict.fromkeys(FEATURES, True)}, "plan.certain is True"),
        ({"unverified": 1.5}, "unverified is 1.5, not a number in"),
        ({"unverified": "0.1"}, "unverified"),
        ({"scores": "0.1"}, "scores is not a list"),
        ({"scores": [0.1, float("nan")]}, "scores"),
        ({"scores": [0.1, 1e400]}, "scores"),
        ({"model": 3}, "model is not a text"),
    ],
)
def test_a_damaged_calibration_says_what_is_wrong(folder: Path, change: dict[str, object], message: str) -> None:
    path = write_calibration(CALIBRATION, folder, tasks=None, seed=0)
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(CalibrationError, match="not a calibration") as raised:
        Planner.load(folder)
    assert message in str(raised.value) and str(path) in str(raised.value) and "planner.calibrate" in str(raised.value)


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"[]", b'{"format": 1'])
def test_a_file_that_is_not_json_is_refused(folder: Path, raw: bytes) -> None:
    (folder / NAME).write_bytes(raw)
    with pytest.raises(CalibrationError, match="not a calibration"):
        read_calibration(folder)


@pytest.mark.parametrize("key", ["model", "goal", "plan", "unverified", "scores"])
def test_a_missing_part_is_named(folder: Path, key: str) -> None:
    path = write_calibration(CALIBRATION, folder, tasks=None, seed=0)
    content = json.loads(path.read_text())
    del content[key]
    path.write_text(json.dumps(content))
    with pytest.raises(CalibrationError, match=f"'{key}' is missing"):
        read_calibration(folder)


def test_a_file_that_is_too_large_is_not_read(folder: Path) -> None:
    (folder / NAME).write_bytes(b" " * (MAX_BYTES + 1))
    with pytest.raises(CalibrationError, match="larger than"):
        read_calibration(folder)


def test_a_model_with_a_damaged_calibration_can_be_loaded_for_recalibration(folder: Path) -> None:
    (folder / NAME).write_text("{")
    assert Planner.load(folder, calibrated=False).calibration is None
