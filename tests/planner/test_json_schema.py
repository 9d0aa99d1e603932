"""`docs/plan.schema.json`: what commands print conforms to it; what is misspelled or of a wrong type does not."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import planner
from envs.symbolic.actions import State
from planner.api import Planner
from planner.calibrate import _as_dict
from planner.cli.execution_flags import ExecutionSettings
from planner.cli.execution_runner import episode_as_dict, execute_and_report
from planner.evaluation.reliability import Bin, CalibrationMetrics, ErrorRateOutcome, Reliability
from planner.evaluation.statistics import Rate
from tests.planner.json_answers import ANSWERS, SCHEMA_FILE, problem, validator
from tests.planner.spoken import BOTH, QUIETLY, TIRED, WHERE, WHERE_HEAVY
from tests.planner.understanding.test_calibration_file import CALIBRATION

Json = Any
MUG = "put the mug on the table"
PLAN: dict[str, Json] = {
    "instruction": "fan off in ten minutes",
    "status": "scheduled",
    "reason": "in 10 minutes",
    "goal": "after 10 min : fan off",
    "options": [],
    "plan": ["turn off fan 1", "close fridge 1"],
    "proof": {
        "conditions": [
            {"condition": "fan off", "phase": 1, "met": True, "first_held": 1, "undone": None, "left_out": False}
        ],
        "rules": [{"rule": "never oven on", "broken_at": None}],
    },
    "look_for": [],
    "confidence": {"goal": 0.9, "plan": 1.0},
    "tried": 1,
    "tokens": 12,
    "seconds": 0.1,
    "home": "studio",
    "when": {"after_s": 600},
    "waits": [{"before_step": 1, "when": {"after_s": 600}}],
    "agenda": 1,
    "added": [2],
    "left_out": 0,
    "written": ["turn off fan 1"],
    "words": [{"text": "fan off in ten minutes,", "became": "fan off"}, {"text": "i'm cold", "became": "context"}],
    "heard": {"words": "fan off", "alternatives": []},
    "seen": [{"file": "a.png", "furniture": "desk", "states": [], "things": ["red mug"], "sure": 0.9}],
}
EPISODE: dict[str, Json] = {
    "success": False,
    "rate": 0.5,
    "met": [True, False],
    "replans": 1,
    "simulated_s": 12.5,
    "waited_s": 600,
    "real_s": 0.1,
    "steps": [
        {
            "subtask": "open cabinet 1",
            "status": "failed",
            "reason": "stuck",
            "duration_s": 1.0,
            "collisions": 0,
            "energy_j": None,
            "blocked_by": "",
        }
    ],
    "shortfall": "",
    "broken": [{"rule": "never open oven", "step": 1}],
    "disturbances": [{"before_step": 1, "what": "mug 1 is on the floor"}],
    "search": {
        "looks": [
            {
                "look": {"wanted": ["mug"], "place": "cabinet 1", "opens": True, "chance": 0.5},
                "before_step": 1,
                "opened": True,
                "found": ["mug 1"],
                "reason": "",
            }
        ],
        "missed": [{"thing": "mug 1", "place": "desk 1", "before_step": 1}],
        "opened": 1,
        "shortfall": ["no mug"],
    },
    "failures": {"stuck": 1},
    "collisions": 0,
    "energy_j": 10.0,
    "backend": "physics",
    "grasp": "assisted",
    "video": "a.mp4",
    "picture": None,
    "filmstrip": None,
    "rerun": None,
}
UNVERIFIED = {
    **{key: value for key, value in PLAN.items() if key not in ("when", "waits", "agenda", "heard", "seen")},
    "status": "unverified",
    "reason": "mug on desk: look for a mug",
    "confidence": None,
    "look_for": [{"wanted": "mug", "every": False, "places": [{"place": "cabinet 1", "chance": 0.4}]}],
    "episode": EPISODE,
}
BARE = {
    **{key: value for key, value in UNVERIFIED.items() if key != "episode"},
    "confidence": None,
    "plan": [],
    "proof": None,
    "look_for": [],
    "added": [],
    "written": [],
}
ANSWERED = {**BARE, "status": "answered", "reason": "On desk 1.", "goal": "? where mug", "answer": "On desk 1."}
NOTED = {**BARE, "status": "noted", "reason": "", "goal": "never oven on", "rules": ["never oven on"]}
ENTRY = {
    "number": 1,
    "goal": "after 10 min : fan off",
    "instruction": "",
    "plan": ["turn off fan 1"],
    "done": 0,
    "problem": "",
}
EXAMPLES: list[tuple[str, Json]] = [
    ("plan", PLAN),
    ("plan", UNVERIFIED),
    ("plan", ANSWERED),
    ("plan", NOTED),
    ("answer", {"status": "answered", "question": "? where mug", "answer": "The mug is on the desk."}),
    ("episode", EPISODE),
    ("agenda", {"agenda": [ENTRY], "outcomes": [{"number": 1, "goal": "fan off", "problem": ""}]}),
    ("cancelled", {"cancelled": ENTRY}),
    ("home_check", {"ok": False, "problems": [{"line": 3, "problem": "unknown fixture"}]}),
    (
        "home_check",
        {
            "ok": True,
            "name": "a",
            "rooms": 1,
            "fixtures": 2,
            "objects": 3,
            "speaker": None,
            "people": ["Anna"],
            "owners": {"Anna": ["mug 1"]},
            "properties": {"color": {"red": ["mug 1"]}},
            "rules": ["never oven on"],
        },
    ),
    (
        "report",
        {
            "report": "a.html",
            "bytes": 5,
            "cycles": 1,
            "proposals": 2,
            "proposals_shown": 2,
            "lacking": [],
            "seconds": 1,
        },
    ),
]
FREE_KEYS = ("failures", "owners", "properties", "color")  # objects whose keys are not fixed


def objects_in(value: Json, free: bool = False) -> Iterator[tuple[dict[str, Json], bool]]:
    """Yield the objects in a value, and whether their keys are free."""
    if isinstance(value, dict):
        yield value, free
        for key, inner in value.items():
            yield from objects_in(inner, key in FREE_KEYS)
    elif isinstance(value, list):
        for inner in value:
            yield from objects_in(inner)


def test_the_schema_is_one_and_every_definition_is_described() -> None:
    schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    named = {reference["$ref"].rpartition("/")[2] for reference in schema["anyOf"]}
    assert named == {name for names in ANSWERS.values() for name in names}
    assert all("description" in definition for name, definition in schema["$defs"].items() if name in named)


@pytest.mark.parametrize(("definition", "value"), EXAMPLES)
def test_an_example_with_every_field_conforms(definition: str, value: Json) -> None:
    assert problem(value, definition) == ""
    assert problem(value, *[name for names in ANSWERS.values() for name in names]) == ""


@pytest.mark.parametrize(("definition", "value"), EXAMPLES)
def test_a_misspelled_field_is_an_error_wherever_it_stands(definition: str, value: Json) -> None:
    places = [(number, key) for number, (inner, free) in enumerate(objects_in(value)) if not free for key in inner]
    assert places
    for number, key in places:
        changed = copy.deepcopy(value)
        inner = list(objects_in(changed))[number][0]
        inner[f"{key}_"] = inner.pop(key)
        assert problem(changed, definition), (number, key)


@pytest.mark.parametrize(("definition", "value"), EXAMPLES)
def test_an_unknown_field_is_an_error_wherever_it_stands(definition: str, value: Json) -> None:
    for number, (_, free) in enumerate(objects_in(value)):
        changed = copy.deepcopy(value)
        list(objects_in(changed))[number][0]["colour" if not free else "x"] = "no such field" if not free else {"a": 1}
        assert problem(changed, definition), number


@pytest.mark.parametrize(("definition", "value"), EXAMPLES)
def test_a_wrong_type_is_an_error_wherever_it_stands(definition: str, value: Json) -> None:
    for number, (inner, _) in enumerate(objects_in(value)):
        for key, found in inner.items():
            wrong: list[Json] = [{"x": 1}] if not isinstance(found, dict) else [[found], "x"]
            wrong += [3.5] if isinstance(found, str | list | dict) else ["1"] if found is not None else []
            wrong += [[*found, None]] if isinstance(found, list) else []
            for other in wrong:
                changed = copy.deepcopy(value)
                list(objects_in(changed))[number][0][key] = other
                assert problem(changed, definition), (number, key, other)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"status": "verifyed"}, "verifyed"),
        ({"status": "verified"}, ""),  # but it says when
        ({"when": None}, ""),
        ({"when": {"after_s": 600, "at": "07:00"}}, ""),
        ({"when": {"every": "07:00"}}, ""),
        ({"goal": None}, ""),
        ({"reason": ""}, ""),
        ({"confidence": {"goal": 1.5, "plan": 1.0}}, "1.5"),
        ({"seconds": -1}, "-1"),
        ({"plan": [""]}, ""),
    ],
)
def test_a_status_says_what_belongs_to_it(changes: dict[str, Json], word: str) -> None:
    assert word in problem({**PLAN, **changes}, "plan") != ""


@pytest.mark.parametrize(
    ("example", "changes"),
    [
        (ANSWERED, {"answer": ""}),
        (ANSWERED, {"goal": "mug on desk"}),
        (ANSWERED, {"plan": ["open fridge 1"]}),
        (ANSWERED, {"rules": ["never oven on"]}),
        (NOTED, {"rules": []}),
        (NOTED, {"answer": "Yes."}),
        (UNVERIFIED, {"answer": "Yes."}),
        (UNVERIFIED, {"rules": ["never oven on"]}),
        (UNVERIFIED, {"words": [{"text": "", "became": "context"}]}),
    ],
)
def test_only_answers_have_an_answer_and_only_noted_rules_are_rules(example: Json, changes: dict[str, Json]) -> None:
    assert problem({**example, **changes}, "plan")


@pytest.mark.parametrize(
    "missing", ["instruction", "status", "goal", "plan", "proof", "look_for", "home", "when", "words"]
)
def test_a_missing_field_is_an_error(missing: str) -> None:
    assert problem({key: value for key, value in PLAN.items() if key != missing}, "plan")


@pytest.mark.usefixtures("readings")
def test_answers_of_every_status_conform(flat: State, model_folder: object) -> None:
    planner = Planner.load(model_folder)  # type: ignore[arg-type]
    statuses = set()
    for instruction in (MUG, "warm the apple", "tell me a joke", "move it", TIRED, QUIETLY, WHERE, WHERE_HEAVY, BOTH):
        plan = planner.plan(instruction, flat)
        statuses.add(plan.status)
        assert problem(json.loads(plan.export("json")), "plan") == ""
    for goal in ("mug on dining table while never open fridge", "1 more mug on dining table", "mug with Anna"):
        plan = planner.plan_goal(goal, flat) if "Anna" not in goal else plan
        statuses.add(plan.status)
        assert problem(json.loads(plan.export("json")), "plan") == ""
    assert statuses >= {"verified", "unverified", "refused", "ask", "answered", "noted"}


def test_an_episode_conforms(flat: State, model_folder: object) -> None:
    plan = Planner.load(model_folder).plan(MUG, flat)  # type: ignore[arg-type]
    settings = ExecutionSettings(backend="symbolic", quiet=True)
    assert plan.goal is not None
    episode = execute_and_report(plan.actions, plan.goal, flat, settings)
    assert problem(json.loads(json.dumps(episode_as_dict(episode, settings))), "episode") == ""


def test_figures_of_a_calibration_conform() -> None:
    record = {"file": "calibration.json"} | _as_dict(CALIBRATION)
    assert problem(json.loads(json.dumps(record)), "calibration") == ""
    reliability = Reliability(bins=(Bin(count=3, confidence=0.5, right=0.6),), ece=0.1, nll=float("nan"))
    rate = Rate(hits=1, total=2)
    outcome = ErrorRateOutcome(
        error_rate=0.1,
        threshold=None,
        covered=rate,
        size=1.5,
        acted=rate,
        right=rate,
        asked=rate,
        offered=rate,
        refused=rate,
    )
    pair = (reliability, reliability)
    report = CalibrationMetrics(name="all", right=rate, goal=pair, plan=pair, acting=(outcome,))
    assert problem(json.loads(json.dumps([report.as_dict()], allow_nan=False)), "calibration_report") == ""


def test_every_command_that_prints_json_is_described() -> None:
    folder = Path(planner.__file__).parent
    commands = {path.stem: path.read_text(encoding="utf-8") for path in folder.glob("*.py")}
    assert {f"planner.{name}" for name, text in commands.items() if '"--json"' in text} == set(ANSWERS)


def test_every_definition_compiles() -> None:
    for names in ANSWERS.values():
        for name in names:
            assert validator(name).is_valid(object()) is False
