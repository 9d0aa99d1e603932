"""The fuzz targets: `TARGETS` by name.

A target draws its input from a `random.Random` and returns; any exception is a bug. Reading external data may fail
only with one of the project's own errors and a bounded message; the other requirements are in `soundness.py`.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from functools import cache
from pathlib import Path
from random import Random

import numpy as np

from envs.errors import EnvsError, GoalError
from envs.evaluation.job_pool import Records
from envs.scenes.home_file import HomeFileError, dump_home, parse_home
from envs.symbolic.actions import State, World
from envs.symbolic.goals import format_goal, parse_goal
from envs.symbolic.scoring import advance, score
from gpt.data.tokenized_documents import TokenizedDocuments
from gpt.errors import GPTError
from gpt.inference.encoders.audio import AudioEncoder
from gpt.inference.encoders.vision import VisionEncoder
from gpt.weights.encoder_file import SenseKind, load_sense
from planner import home as home_command
from planner import plan as plan_command
from planner import run as run_command
from planner.api import Planner
from planner.cli import dialogue
from planner.errors import CalibrationError, PlannerError
from planner.goals.feasibility import is_feasible, missing, shortage
from planner.io.json_lines import read_lines
from planner.io.paths import released_dir
from planner.perception.ctc_word_decoding import Words
from planner.perception.inputs.pictures import read_picture
from planner.perception.inputs.recordings import read_recording
from planner.plans.options import Options
from planner.tasks.home_splits import sample_home
from planner.tasks.task_files import read_tasks
from planner.tasks.task_homes import home_for
from planner.understanding.calibration_file import read_calibration
from planner.world_model.open_home import open_home
from tests.fuzz import files, model_files, senses, texts
from tests.fuzz.soundness import called, check_message, check_ordinary, check_plan, check_shown, read_json

OUR_ERRORS = (EnvsError, GPTError, PlannerError)
HOMES = ("family_house", "hotel_room", "office_kitchen", "retirement_flat", "shared_flat", "studio")
SMALL_HOMES = ("hotel_room", "studio")
N_SAMPLED_HOMES = 24

Target = Callable[[Random], None]


@cache
def _loaded() -> Planner:
    return Planner.load(released_dir())


@cache
def _planners() -> tuple[tuple[Planner, State], ...]:
    """Homes, and for each a planner that has read it, so that the home is not reread for every instruction."""
    sampled = (sample_home(Random(seed), (11_000_000, 12_000_000)) for seed in range(N_SAMPLED_HOMES))
    states = (*(open_home(name, geometry=False) for name in HOMES), *sampled)
    model, tokenizer, calibration = _loaded().model, _loaded().tokenizer, _loaded().calibration
    return tuple((Planner(model, tokenizer, calibration), state) for state in states)


def _state(rng: Random) -> State:
    return rng.choice(_planners())[1]


@contextmanager
def _only_our_errors() -> Iterator[None]:
    """Allow the input to be refused with one of our own errors."""
    try:
        yield
    except OUR_ERRORS as error:
        assert str(error)
        check_message(str(error))


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        yield Path(folder)


def instructions(rng: Random) -> None:
    """An instruction in a home: the answer to any text is sound."""
    planner, state = rng.choice(_planners())
    instruction = texts.instruction(rng, state)
    options = Options(
        samples=rng.choice((0, 0, 1, 4)),
        temperature=rng.choice((0.0, 0.0, 0.0, 1.0)),
        error_rate=rng.choice((None, None, None, 0.2)),
        seed=rng.randrange(2**31),
    )
    check_ordinary(instruction, planner.prompts)
    check_plan(planner.plan(instruction, state, options), state)


def dialogues(rng: Random) -> None:
    """Bytes on the standard input of `--interactive --json`: the output is one complete JSON object per line."""
    planner, state = rng.choice(_planners())
    lines = [texts.instruction(rng, state) for _ in range(rng.randrange(3))]
    raw = files.damaged("\n".join(lines).encode("utf-8", "replace"), rng)
    stdin = io.TextIOWrapper(io.BytesIO(raw), encoding="utf-8", errors="replace")
    output = io.StringIO()
    ask = rng.randrange(2) == 0
    with redirect_stdout(output):
        dialogue.converse(
            dialogue.read_lines(stdin), planner, state, Options(samples=0), None, as_json=True, ask=ask
        )  # fmt: skip
    for line in output.getvalue().splitlines():
        assert set(read_json(line)) >= {"instruction", "status", "plan", "home"}
    assert len(output.getvalue().splitlines()) <= raw.count(b"\n") + raw.count(b"\r") + 1


def goals(rng: Random) -> None:
    """A text in or near the goal language: parsed, formatted and scored, or refused with a message."""
    state = _state(rng)
    try:
        goal = parse_goal(texts.goal(rng, state))
    except GoalError as error:
        check_message(str(error))
        return
    assert format_goal(parse_goal(format_goal(goal))) == format_goal(goal)
    check_shown(format_goal(goal))
    result = score(goal, advance(goal, 0, state, state), state, state)
    assert len(result.met) == len(goal.conditions)
    if missing(goal, state) is None and shortage(goal, state) is None:
        is_feasible(goal, state)


def homes(rng: Random) -> None:
    """A home file: a valid home, which can be written and read back, or a list of its problems."""
    text = files.home(rng)
    geometry = rng.randrange(20) == 0  # a floor plan takes a hundred times as long
    try:
        scene = parse_home(text, geometry=geometry)
    except HomeFileError as error:
        assert error.problems and all(p.line is None or p.line > 0 for p in error.problems)
        check_message(str(error))
    else:
        state = World(scene).initial()
        check_shown(" ".join((scene.name, *(room.name for room in scene.rooms), *state.world.names)))
        if geometry:
            assert parse_home(dump_home(scene), geometry=False).objects == scene.objects
    if geometry:
        _home_file(rng, text)


def _home_file(rng: Random, text: str) -> None:
    with _folder() as folder:
        path = folder / "home.yaml"
        path.write_bytes(files.damaged(text.encode("utf-8", "replace"), rng))
        code, output = called(home_command.main, ["check", str(path), "--json"])
        assert code == 2 or read_json(output)["ok"] == (code == 0)
        called(home_command.main, ["show", str(path)])


def tasks(rng: Random) -> None:
    """A task file: tasks whose homes can be built, or a list of its problems."""
    with _folder() as folder:
        path = folder / ("tasks.jsonl" + rng.choice(("", ".gz")))
        path.write_bytes(files.tasks(rng, _state(rng)))
        with _only_our_errors():
            for task in read_tasks(path):
                task.instruction.encode()
                with _only_our_errors():
                    home_for(task, geometry=False)


def plans(rng: Random) -> None:
    """A user's plan for `planner.run`: executed as far as possible, or refused with a message."""
    name = rng.choice(SMALL_HOMES)
    state = _opened(name)
    plan, goal = texts.plan(rng, state), texts.goal(rng, state)
    if plan == "-":  # standard input
        return
    flags = ["--json"] * rng.randrange(2) + [f"--goal={goal}"] * rng.randrange(2)
    code, output = called(run_command.main, ["--home", name, "--backend", "symbolic", *flags, "--", plan])
    if "--json" in flags and code != 2:
        read_json(output)


def names(rng: Random) -> None:
    """The value of --home: a home or an error, and never a bundled name that leads to another file."""
    name = rng.choice(("", "studio", "..", "7")) + texts.odd(rng) * rng.choice((1, 1, 200))
    with _only_our_errors():
        open_home(name, geometry=False)


def recipes(rng: Random) -> None:
    """A recipe file: settings, or an error."""
    from planner.corpus.recipe_file import read_recipe  # imports torch

    with _folder() as folder, _only_our_errors():
        path = folder / "recipe.yaml"
        path.write_bytes(files.damaged(files.recipe(rng).encode("utf-8", "replace"), rng))
        read_recipe(str(path))


def records(rng: Random) -> None:
    """Results of an earlier run, of trials or of a cycle: resumed or refused."""
    with _folder() as folder:
        path = folder / "results.jsonl"
        path.write_bytes(files.records(rng))
        with _only_our_errors():
            assert all(isinstance(record, dict) for record in read_lines(path))
        with _only_our_errors(), Records(path, {"seed": 0}, resume=True) as earlier:
            assert all(isinstance(record, dict) for record in earlier.done.values())


def episodes(rng: Random) -> None:
    """Saved documents of episodes: each can be read, or the folder is refused."""
    with _folder() as folder:
        files.write_documents(rng, folder)
        with _only_our_errors():
            documents = TokenizedDocuments.load(folder)
            for begin, end in zip(documents.offsets[:-1], documents.offsets[1:], strict=True):
                assert 0 <= begin <= end <= len(documents.tokens)
                assert all(0 <= token < 2**32 for token in documents.tokens[begin:end].tolist())


def models(rng: Random) -> None:
    """A model folder that may have errors: it is refused, or its plans are sound."""
    instruction = texts.instruction(rng, _opened(SMALL_HOMES[0])) or "set the table"
    with _folder() as folder:
        model_files.write_model(rng, folder / "model")
        flags = ["--home", SMALL_HOMES[0], "--model", str(folder / "model"), "--samples", "0", "--json"]
        if instruction == "-":  # standard input
            return
        code, output = called(plan_command.main, [*flags, "--", instruction])
        if code != 2:
            read_json(output)


def calibrations(rng: Random) -> None:
    """A calibration beside a model: it gives probabilities, or it is refused."""
    with _folder() as folder:
        model_files.write_calibration(rng, folder)
        with _only_our_errors():
            calibration = read_calibration(folder)
            if calibration is None:
                return
            for reading in calibration.goal:
                confidence = calibration.confidence(-rng.random() * 50, reading, verified=rng.randrange(2) == 0)
                assert 0 <= confidence.goal <= 1 and 0 <= confidence.plan <= 1
            try:
                assert 0 < calibration.threshold(rng.choice((0.01, 0.2, 0.9, rng.random()))) <= 1
            except CalibrationError as error:
                check_message(str(error))


def recordings(rng: Random) -> None:
    """A recording is read as valid samples, or refused."""
    with _folder() as folder, _only_our_errors():
        path = folder / "a.wav"
        path.write_bytes(senses.recording(rng))
        samples = read_recording(path)
        assert samples.ndim == 1 and np.isfinite(samples).all() and np.abs(samples).max(initial=0.0) <= 1


def pictures(rng: Random) -> None:
    """A picture is read at the expected size, or refused."""
    with _folder() as folder, _only_our_errors():
        path = folder / "a.png"
        path.write_bytes(senses.picture(rng))
        assert read_picture(path).shape == (192, 192, 3)


def sense_files(rng: Random) -> None:
    """An encoder file can be loaded into its encoder, or it is refused."""
    kind: SenseKind = rng.choice(("sight", "hearing"))
    with _folder() as folder, _only_our_errors():
        path = folder / "a.safetensors"
        path.write_bytes(senses.sense(rng, kind))
        weights = load_sense(path, kind)
        if kind == "sight":
            VisionEncoder(weights)
        else:
            AudioEncoder(weights)
            Words.from_text(str(weights.extra.get("words")))


TARGETS: dict[str, Target] = {
    target.__name__: target
    for target in (
        instructions, dialogues, goals, homes, tasks, plans, names, recipes, records, episodes, models, calibrations,
        recordings, pictures, sense_files,
    )
}  # fmt: skip


@cache
def _opened(name: str) -> State:
    return open_home(name, geometry=False)
