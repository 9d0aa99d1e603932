"""The flags of every command: any values and combinations are used, or refused with a message and exit code 2."""

from __future__ import annotations

import argparse
import importlib
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from pathlib import Path
from random import Random
from unittest import mock

from envs.scenes.home_file import dump_home
from envs.scenes.scene_sampler import sample_scene
from tests.fuzz.inputs import files, texts
from tests.fuzz.soundness import called
from tests.fuzz.targets.contract import scratch_folder, some_state

COMMANDS = (
    "planner.plan", "planner.run", "planner.home", "planner.evaluate", "planner.calibrate", "planner.report",
    "planner.improve", "planner.train", "planner.world_model.usual_places", "envs.agree", "envs.trials", "gpt.average",
    "gpt.deepen",
    "gpt.gpt2", "planner.benchmarks.alfred_gpt2.__main__", "planner.benchmarks.searching",
    "planner.benchmarks.own_home", "planner.benchmarks.recovery", "planner.benchmarks.plan_length",
    "planner.benchmarks.latency.__main__", "planner.perception.training.__main__",
)  # fmt: skip
WORK = (  # what a command calls once it has accepted its flags, and what takes long or has effects
    "planner.api.Planner.load", "planner.cli.execution_runner.execute_and_report", "planner.improve.improve",
    "planner.household.adaptation.improve_home", "planner.rollouts.open_workers", "planner.corpus.builder.build_corpus",
    "planner.world_model.usual_places.count_places", "envs.evaluation.job_pool.run_jobs",
    "planner.benchmarks.alfred_gpt2.sequence_gpt.RowText.learn", "planner.perception.training.train_sight.train_sight",
    "planner.perception.training.train_hearing.train_hearing", "planner.perception.inputs.microphone.listen",
    "webbrowser.open", "planner.perception.hearing.Hearing.load", "planner.perception.sight.Sight.load",
)  # fmt: skip
NUMBERS = (
    "0", "1", "2", "7", "-1", "99999999999999999999", "0.5", "1e3", "nan", "inf", "-inf", "1e400", "", "٣", " 3", "1_0",
    "0x10", "--", "true", "9" * 5000,
)  # fmt: skip
FILES = ("home.yaml", "tasks.jsonl", "empty", "folder", "missing", "missing/a.mp4", "a.png", "", "x" * 300, ".", "a b")


class _AcceptedError(Exception):
    """The command has accepted its flags and begins to work."""


class _ParserFoundError(Exception):
    def __init__(self, parser: argparse.ArgumentParser) -> None:
        super().__init__()
        self.parser = parser


@cache
def _parser_of(command: str) -> argparse.ArgumentParser:
    def stop(self: argparse.ArgumentParser, *_: object) -> None:
        raise _ParserFoundError(self)

    with mock.patch.object(argparse.ArgumentParser, "parse_args", stop):
        try:
            importlib.import_module(command).main([])
        except _ParserFoundError as found:
            return found.parser
    raise AssertionError(f"{command} parses no flags")


def flags(rng: Random) -> None:
    """Flags of any command, many of them wrong: used, or refused with a message and exit code 2."""
    command = rng.choice((*COMMANDS[:8], *COMMANDS))
    argv = _arguments(rng, _parser_of(command))
    with scratch_folder() as folder:
        _write_inputs(rng, folder)
        with _inside(folder), ExitStack() as stack:
            main = importlib.import_module(command).main
            for name in WORK:
                stack.enter_context(mock.patch(name, side_effect=_AcceptedError()))
            for read in ("read", "readline"):
                stack.enter_context(mock.patch(f"sys.stdin.{read}", return_value="", create=True))
            with suppress(_AcceptedError):
                try:
                    called(main, argv)
                except SystemExit as ended:  # argparse
                    assert ended.code in (0, 2)


def _write_inputs(rng: Random, folder: Path) -> None:
    (folder / "home.yaml").write_text(_home(), encoding="utf-8")
    (folder / "tasks.jsonl").write_bytes(files.tasks(rng, some_state(rng)))
    (folder / "empty").touch()
    (folder / "folder").mkdir()


@cache
def _home() -> str:
    return dump_home(sample_scene(5, rooms=1, n_objects=12))


@contextmanager
def _inside(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def _arguments(rng: Random, parser: argparse.ArgumentParser) -> list[str]:
    argv: list[str] = []
    optional = [a for a in parser._actions if a.option_strings and not isinstance(a, argparse._HelpAction)]
    positional = [a for a in parser._actions if not a.option_strings]
    for action in rng.sample(optional, min(len(optional), rng.choice((0, 1, 2, 3, 5)))):
        if action.dest in ("gui", "open"):
            continue
        argv += [action.option_strings[0], *_values(rng, action)]
    for action in positional:
        if isinstance(action, argparse._SubParsersAction):
            verb = rng.choice(sorted(action.choices))
            argv += [verb, *_arguments(rng, action.choices[verb])]
        elif rng.randrange(6):
            argv += _values(rng, action)
    return argv


def _values(rng: Random, action: argparse.Action) -> list[str]:
    if action.nargs == 0:
        return []
    count = (
        rng.choice((1, 1, 2)) if action.nargs in ("+", "*") else action.nargs if isinstance(action.nargs, int) else 1
    )
    return [_value(rng, action) for _ in range(count)]


def _value(rng: Random, action: argparse.Action) -> str:
    if action.choices and rng.randrange(8):
        return str(rng.choice(list(action.choices)))
    if rng.randrange(12) == 0:
        return _harmless(texts.odd(rng))
    if action.type is Path or action.dest in ("home", "model", "adapter", "recipe", "tokenizer", "file", "out"):
        return rng.choice((*FILES, "studio", "7"))
    if action.type in (int, float) or callable(action.type):
        return rng.choice(NUMBERS)
    return rng.choice(
        (_harmless(texts.odd(rng)), "a=1", "train.steps=5", "alfred:tasks.jsonl", "mug 1 in cabinet 1", "x")
    )


def _harmless(text: str) -> str:
    """Return the text as an argument that cannot name a file outside of the current folder."""
    return text.replace("..", "_").replace("\0", "_").lstrip("/")
