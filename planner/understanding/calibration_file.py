"""Reads and writes `calibration.json` in a model folder: a `Calibration`, and the model that it was measured with."""

from __future__ import annotations

import hashlib
import json
import logging
import math
from pathlib import Path

from envs.errors import quoted
from envs.files.bounded_files import ReadError, read_text
from envs.files.strict_json import JsonError, parse_json
from gpt.files import write_text_atomically
from planner.errors import CalibrationError
from planner.understanding.calibration import FEATURES, MAX_WEIGHT, Calibration, Judge

NAME = "calibration.json"
MAX_BYTES = 1_000_000  # larger files are rejected
DECIMALS = 6
_FORMAT = "gpt-home-planner calibration 2"
_logger = logging.getLogger(__name__)


def read_calibration(folder: Path | str) -> Calibration | None:
    """Read the calibration of a model; None if there is none, or if it was measured with other weights.

    Raises:
        CalibrationError: The file cannot be read or is not a calibration.
    """
    path = Path(folder) / NAME
    if not path.exists():
        return None
    try:
        content = parse_json(read_text(path, MAX_BYTES), allow_nan=True)
    except ReadError as error:
        raise CalibrationError(f"not a calibration: {error}; {_remedy(folder)}") from None
    except JsonError as error:
        raise _invalid(path, f"damaged or truncated JSON: {' '.join(str(error).split())[:200]}") from None
    calibration, model = _parse(content, path)
    if model != model_id(folder):
        _logger.warning("%s: was measured with other weights and is not used; %s", path, _remedy(folder))
        return None
    return calibration


def write_calibration(calibration: Calibration, folder: Path | str, *, tasks: str | None, seed: int) -> Path:
    """Write the calibration of a model into its folder and return the file's path.

    Args:
        calibration: The calibration.
        folder: The model folder.
        tasks: The name of the task file that it was measured on; None for the built-in calibration split.
        seed: The seed of the tasks.
    """
    path = Path(folder) / NAME
    content = {
        "format": _FORMAT,
        "model": model_id(folder),
        "tasks": {"file": tasks, "seed": seed},
        "goal": _weights(calibration.goal),
        "plan": _weights(calibration.plan),
        "unverified": round(calibration.unverified, DECIMALS),
        # Round down: if a score were rounded up, its own goal would not reach the threshold.
        "scores": [math.floor(score * 10**DECIMALS) / 10**DECIMALS for score in calibration.scores],
    }
    write_text_atomically(path, json.dumps(content) + "\n")
    return path


def model_id(folder: Path | str) -> str:
    """Return an identifier of a model: the hash of its config, which records how its weights were trained."""
    return hashlib.sha256((Path(folder) / "config.json").read_bytes()).hexdigest()[:16]


def _parse(content: object, path: Path) -> tuple[Calibration, str]:
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        found_format = content.get("format") if isinstance(content, dict) else type(content).__name__
        raise _invalid(path, f"format {quoted(found_format)}, expected {_FORMAT!r}")
    for key in ("model", "goal", "plan", "unverified", "scores"):
        if key not in content:
            raise _invalid(path, f"{key!r} is missing")
    if not isinstance(content["model"], str):
        raise _invalid(path, "model is not a text")
    if not isinstance(content["scores"], list):
        raise _invalid(path, "scores is not a list")
    calibration = Calibration(
        goal=_parse_judge(content["goal"], "goal", path),
        plan=_parse_judge(content["plan"], "plan", path),
        unverified=_parse_number(content["unverified"], 0, 1, "unverified", path),
        scores=tuple(_parse_number(score, 0, 1, f"scores[{i}]", path) for i, score in enumerate(content["scores"])),
    )
    return calibration, content["model"]


def _weights(judge: Judge) -> dict[str, float]:
    return dict(zip(FEATURES, (round(weight, DECIMALS) for weight in judge.weights), strict=True))


def _parse_judge(values: object, name: str, path: Path) -> Judge:
    if not isinstance(values, dict) or set(values) != set(FEATURES):
        raise _invalid(path, f"{name} must have a weight for each of {', '.join(FEATURES)} and nothing else")
    weights = (_parse_number(values[f], -MAX_WEIGHT, MAX_WEIGHT, f"{name}.{f}", path) for f in FEATURES)
    return Judge(weights=tuple(weights))


def _parse_number(value: object, low: float, high: float, name: str, path: Path) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:  # NaN is neither
        raise _invalid(path, f"{name} is {quoted(value)}, not a number in [{low:g}, {high:g}]")
    return float(value)


def _invalid(path: Path, problem: str) -> CalibrationError:
    return CalibrationError(f"{path}: not a calibration: {problem}; {_remedy(path.parent)}")


def _remedy(folder: Path | str) -> str:
    return f"measure it again with python -m planner.calibrate --model {folder}"
