"""What is thrown at the project, and what must hold of every answer: `TARGETS` by name.

A target draws its input from a `random.Random` and returns; whatever it raises is a bug. Reading from outside may fail
only with one of the project's own errors, in a bounded message; what is shown has no control character in it; a plan
can be carried out step by step in the symbolic world, and is `verified` exactly if its goal then holds.
"""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from functools import cache
from pathlib import Path
from random import Random
from xml.etree import ElementTree

from envs.errors import EnvsError, GoalError
from envs.goals import format_goal, parse_goal
from envs.homes import HomeFileError, dump_home, parse_home
from envs.scoring import advance, score
from envs.state import State, World, apply, format_action, parse_action, unmet
from envs.workers import RecordError, Records
from gpt.errors import GPTError
from planner import dialogue
from planner import home as home_command
from planner import plan as plan_command
from planner import run as run_command
from planner.answer import Options, Plan
from planner.decode import Planner
from planner.errors import PlannerError
from planner.exports import ExportError, export
from planner.feasible import is_feasible, missing, shortage
from planner.homes import open_home, scene_named
from planner.paths import released_dir
from planner.splits import sample_home
from planner.tasks import home_for, read_tasks
from tests.fuzz import files, model_files, texts

OURS = (EnvsError, GPTError, PlannerError)
LONGEST_MESSAGE = 20_000  # characters
HOMES = ("family_house", "hotel_room", "office_kitchen", "retirement_flat", "shared_flat", "studio")

Target = Callable[[Random], None]


@cache
def _planner() -> Planner:
    return Planner.load(released_dir())


@cache
def _homes() -> tuple[State, ...]:
    sampled = [sample_home(Random(seed), (11_000_000, 12_000_000)) for seed in range(24)]
    return (*(open_home(name, geometry=False) for name in HOMES), *sampled)


def instructions(rng: Random) -> None:
    """An instruction in a home: whatever is said, the answer is sound."""
    state = rng.choice(_homes())
    plan = _planner().plan(texts.instruction(rng, state), state, Options(samples=rng.choice((0, 0, 1, 4))))
    check_plan(plan, state)


def dialogues(rng: Random) -> None:
    """Bytes on the standard input of `--interactive --json`: one whole JSON object a line comes back."""
    state = rng.choice(_homes())
    said = [texts.instruction(rng, state) for _ in range(rng.randrange(3))]
    raw = files.damaged("\n".join(said).encode("utf-8", "replace"), rng)
    typed = io.TextIOWrapper(io.BytesIO(raw), encoding="utf-8", errors="replace")
    shown = io.StringIO()
    with redirect_stdout(shown):
        dialogue.converse(dialogue.lines_of(typed), _planner(), state, Options(samples=0), None, as_json=True)
    for line in shown.getvalue().splitlines():
        assert set(_read_json(line)) >= {"instruction", "status", "plan", "home"}
    assert len(shown.getvalue().splitlines()) <= raw.count(b"\n") + raw.count(b"\r") + 1


def goals(rng: Random) -> None:
    """A text in the goal language, or nearly: read and written back, judged, or refused in words."""
    state = rng.choice(_homes())
    try:
        goal = parse_goal(texts.goal(rng, state))
    except GoalError as error:
        _check_message(str(error))
        return
    again = parse_goal(format_goal(goal))
    assert format_goal(again) == format_goal(goal)
    _check_shown(format_goal(goal))
    result = score(goal, advance(goal, 0, state, state), state, state)
    assert len(result.met) == len(goal.conditions)
    if missing(goal, state) is None and shortage(goal, state) is None:
        is_feasible(goal, state)


def homes(rng: Random) -> None:
    """A home file: a sound home, which can be written and read back, or a list of what is wrong with it."""
    written = files.home(rng)
    geometry = rng.randrange(20) == 0
    try:
        scene = parse_home(written, geometry=geometry)
    except HomeFileError as error:
        assert error.problems and all(p.line is None or p.line > 0 for p in error.problems)
        _check_message(str(error))
    else:
        state = World(scene).initial()
        _check_shown(" ".join((scene.name, *(room.name for room in scene.rooms), *state.world.names)))
        if geometry:
            assert parse_home(dump_home(scene), geometry=False).objects == scene.objects
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "home.yaml"
        path.write_bytes(files.damaged(written.encode("utf-8", "replace"), rng))
        as_json = ["--json"] * rng.randrange(2)
        code, out, _ = _called(home_command.main, ["check", str(path), *as_json] if geometry else ["show", str(path)])
        assert code in ((0, 1, 2) if geometry else (0, 1, 2))
        if as_json and geometry and code != 2:
            _read_json(out)


def tasks(rng: Random) -> None:
    """A task file: tasks whose homes can be made, or a list of what is wrong with it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ("tasks.jsonl" + rng.choice(("", ".gz")))
        raw = files.tasks(rng, rng.choice(_homes()))
        path.write_bytes(raw)
        try:
            found = read_tasks(path)
        except OURS as error:
            _check_message(str(error))
            return
        for task in found:
            json.dumps(task.instruction, ensure_ascii=False).encode()
            try:
                home_for(task, geometry=False)
            except OURS as error:
                _check_message(str(error))


def plans(rng: Random) -> None:
    """A plan that somebody wrote, for `planner.run`: carried out as far as it goes, or refused in words."""
    state, name = _file_homes()[rng.randrange(len(_file_homes()))]
    stated = ["--goal", texts.goal(rng, state)] if rng.randrange(2) else []
    argv = [texts.plan(rng, state), "--home", name, "--backend", "symbolic", *stated]
    if any(a.startswith("-") and a not in ("--home", "--backend", "--goal", "-") for a in argv) or "-" in argv:
        return  # an option, not a plan
    code, out, _ = _called(run_command.main, [*argv, *["--json"] * (rng.randrange(2))])
    if "--json" in argv and code != 2:
        _read_json(out)


def names(rng: Random) -> None:
    """What is given as --home: a home, or none, and never a bundled name that leads elsewhere."""
    name = rng.choice(("", "studio", "..", "7")) + texts.odd(rng) * rng.choice((1, 1, 200))
    try:
        scene_named(name, geometry=False)
    except OURS as error:
        _check_message(str(error))


def recipes(rng: Random) -> None:
    """A recipe file: settings, or what is wrong with it."""
    from planner.recipe import read_recipe  # imports torch

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "recipe.yaml"
        path.write_bytes(files.damaged(files.recipe(rng).encode("utf-8", "replace"), rng))
        try:
            read_recipe(str(path))
        except OURS as error:
            _check_message(str(error))


def records(rng: Random) -> None:
    """Results of an earlier run: gone on with, or refused."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "results.jsonl"
        path.write_bytes(files.records(rng))
        try:
            with Records(path, {"seed": 0}, resume=True) as found:
                assert all(isinstance(record, dict) for record in found.done.values())
        except RecordError as error:
            _check_message(str(error))


def models(rng: Random) -> None:
    """A model folder that may lie: it is refused, or it plans, and then soundly."""
    said = texts.instruction(rng, _file_homes()[0][0]).replace("\0", "").lstrip("-") or "set the table"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model"
        model_files.write_model(rng, path)
        code, out, err = _called(
            plan_command.main, [said, "--home", _file_homes()[0][1], "--model", str(path), "--samples", "0", "--json"]
        )
        assert "Warning" not in err
        if code != 2:
            _read_json(out)


TARGETS: dict[str, Target] = {
    target.__name__: target
    for target in (instructions, dialogues, goals, homes, tasks, plans, names, recipes, records, models)
}


@cache
def _file_homes() -> tuple[tuple[State, str], ...]:
    return tuple((open_home(name, geometry=False), name) for name in ("hotel_room", "studio"))


# What must hold


def check_plan(plan: Plan, state: State) -> None:
    """A plan is sound, and so is what is shown of it in every format."""
    assert plan.status in ("verified", "unverified", "refused", "ask")
    assert (plan.goal is None) == (plan.status in ("refused", "ask"))
    assert plan.reason or plan.status == "verified"
    reached = False
    if plan.goal is None:
        assert not plan.actions and not plan.subtasks
    else:
        assert parse_goal(plan.goal_text) == plan.goal
        now, phase = state, advance(plan.goal, 0, state, state)
        for subtask, action in zip(plan.subtasks, plan.actions, strict=True):
            assert parse_action(state.world, subtask) == action and format_action(state.world, action) == subtask
            assert unmet(now, action) is None, f"{subtask}: {unmet(now, action)}"
            now = apply(now, action)
            phase = advance(plan.goal, phase, now, state)
        reached = score(plan.goal, phase, now, state).success
    assert reached == (plan.status == "verified")
    shown = io.StringIO()
    with redirect_stdout(shown):
        dialogue.print_plan(plan)
    assert shown.getvalue().count("\n") == (1 if plan.goal is None else 3)
    _check_shown(shown.getvalue())
    assert _read_json(export(plan, state, "json"))["status"] == plan.status
    if plan.goal is not None:
        ElementTree.fromstring(export(plan, state, "bt"))
        _check_shown(export(plan, state, "mermaid"))
        try:
            problem = export(plan, state, "pddl")
        except ExportError:
            return
        bare = "\n".join(line.partition(";")[0] for line in problem.splitlines())
        assert bare.count("(") == bare.count(")")


def _called(main: Callable[[list[str]], int], argv: list[str]) -> tuple[int, str, str]:
    """Call a command; its exit code, and what it printed."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    with redirect_stdout(out), redirect_stderr(err):
        code = main(argv)
    shown, said = (found.buffer.getvalue().decode("utf-8") for found in _flushed(out, err))  # type: ignore[attr-defined]
    assert code in (0, 1, 2), code
    _check_shown(shown)
    _check_message(said)
    assert (code == 2) <= bool(said)
    return code, shown, said


def _flushed(*streams: io.TextIOWrapper) -> tuple[io.TextIOWrapper, ...]:
    for stream in streams:
        stream.flush()
    return streams


def _check_shown(shown: str) -> None:
    """Nothing in it moves a cursor, changes colours or turns the direction of writing around."""
    bad = [c for c in shown if not c.isprintable() and c != "\n"]
    assert not bad, bad
    shown.encode("utf-8")


def _check_message(said: str) -> None:
    from planner.terminal import printable

    _check_shown(printable(said))
    assert len(said) <= LONGEST_MESSAGE, f"{len(said)} characters: {said[:200]}"


def _read_json(line: str) -> dict[str, object]:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    found = json.loads(line, parse_constant=refuse)
    assert isinstance(found, dict)
    return found

