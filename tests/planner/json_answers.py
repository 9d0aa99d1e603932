"""Checks the JSON that commands print against `docs/plan.schema.json`."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

SCHEMA_FILE = Path(__file__).resolve().parents[2] / "docs" / "plan.schema.json"
# The definitions of what each command may print.
ANSWERS = {
    "planner.plan": ("plan", "answer", "agenda"),
    "planner.run": ("episode", "agenda", "cancelled"),
    "planner.home": ("home_check", "home_show"),
    "planner.evaluate": ("evaluation",),
    "planner.calibrate": ("calibration", "calibration_report"),
    "planner.improve": ("improvement", "adaptation"),
    "planner.report": ("report",),
    "planner.train": ("training", "staged_training"),
}


@cache
def validator(*definitions: str) -> Draft202012Validator:
    """Return what checks for one of some definitions of the schema."""
    schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    references = [{"$ref": f"#/$defs/{name}"} for name in definitions]
    return Draft202012Validator({"$defs": schema["$defs"], "anyOf": references})


def problem(value: object, *definitions: str) -> str:
    """Return what is wrong with an answer; empty if nothing is."""
    error = best_match(validator(*definitions).iter_errors(value))
    return "" if error is None else f"{error.json_path}: {error.message}"


def checked(prog: str, text: str) -> Any:
    """Check all JSON that a command printed, one value or one a line; return the value, or a list of them."""
    definitions = ANSWERS.get(prog.removeprefix("python -m "))
    if definitions is None or not text.strip():  # a benchmark, or wrong usage
        return None
    try:
        values = [json.loads(text)]
    except json.JSONDecodeError:
        values = [json.loads(line) for line in text.splitlines()]
    for value in values:
        assert not (found := problem(value, *definitions)), f"{found}\n{json.dumps(value)[:2000]}"
    return values if len(values) > 1 else values[0]
