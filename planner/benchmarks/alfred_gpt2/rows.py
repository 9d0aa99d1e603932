"""The rows of the alfred-gpt2 benchmark, and their notation for the GPT.

A file (optionally `.gz`) has one JSON object per line with `id`, `instruction` and `program`: a list of steps, each a
command and up to two arguments. Other keys are ignored.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from envs.files.bounded_files import ReadError, read_text
from envs.files.strict_json import parse_json
from planner.benchmarks.alfred_gpt2.scores import N_FIELDS, Program, Step
from planner.errors import PlannerError
from planner.tasks.task_files import MAX_BYTES

_SHOWN_PROBLEMS = 5


class BenchmarkError(PlannerError, ValueError):
    """The benchmark's data is missing or damaged, or does not fit the settings."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """A human directive, and the command sequence of the demonstration that it describes."""

    id: str
    instruction: str
    program: Program


def read_rows(path: Path) -> list[Row]:
    """Read a split.

    Raises:
        BenchmarkError: The file cannot be read, has no rows, or has invalid lines, which are listed with numbers.
    """
    try:
        lines = read_text(path, MAX_BYTES).split("\n")
    except ReadError as error:
        raise BenchmarkError(f"cannot be read: {error}") from None
    rows: list[Row] = []
    problems: list[str] = []
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                rows.append(_row(line))
            except ValueError as error:
                problems.append(f"{path}:{number}: {error}")
    if problems:
        more = f"\n... and {len(problems) - _SHOWN_PROBLEMS} more" if len(problems) > _SHOWN_PROBLEMS else ""
        raise BenchmarkError("\n".join(problems[:_SHOWN_PROBLEMS]) + more)
    if not rows:
        raise BenchmarkError(f"{path}: no rows; expected one JSON object per line")
    return rows


def find_split(folder: Path, name: str) -> Path:
    """Return the file of a split, compressed or not.

    Raises:
        BenchmarkError: The folder has neither.
    """
    for ending in (".jsonl.gz", ".jsonl"):
        path = folder / f"{name}{ending}"
        if path.is_file():
            return path
    raise BenchmarkError(f"{folder}: has neither {name}.jsonl.gz nor {name}.jsonl")


def _row(line: str) -> Row:
    record = parse_json(line)
    if not isinstance(record, dict):
        raise ValueError("not a JSON object")
    for key in ("id", "instruction"):
        if not isinstance(record.get(key), str) or not record[key].strip():
            raise ValueError(f"{key!r} is {record.get(key)!r}; expected a text")
    steps = record.get("program")
    if not isinstance(steps, list) or not steps:
        raise ValueError(f"'program' is {steps!r}; expected a list of steps")
    for step in steps:
        is_valid = isinstance(step, list) and 1 <= len(step) <= N_FIELDS and all(isinstance(part, str) for part in step)
        if not is_valid:
            raise ValueError(f"step {step!r}; expected a command and at most two arguments")
    return Row(id=record["id"], instruction=record["instruction"], program=tuple(tuple(step) for step in steps))


class Notation:
    """Converts a program to words for a tokenizer, last step first, and back.

    Written backwards, a plan begins with what the directive states (which object ends where), and ends with what it
    almost never states: where the robot goes first to find the object. So nothing is conditioned on that guess. A
    command or an argument of several words becomes one word ("ButterKnife"), and the next command ends a step.

    Args:
        commands: All possible commands.
        arguments: All possible arguments.

    Raises:
        BenchmarkError: Two of these names have the same notation.
    """

    def __init__(self, commands: Iterable[str], arguments: Iterable[str]) -> None:
        self._commands: dict[str, str] = {}
        self._arguments: dict[str, str] = {}
        for words_to_names, names in ((self._commands, commands), (self._arguments, arguments)):
            for name in names:
                word = _joined(name)
                existing = self._commands.get(word) or self._arguments.get(word)
                if existing is not None or not word:
                    raise BenchmarkError(f"{name!r} and {existing or ''!r} have the same notation")
                words_to_names[word] = name

    @classmethod
    def of(cls, programs: Sequence[Program]) -> Notation:
        """Return the notation of all names in programs."""
        steps = [step for program in programs for step in program]
        return cls(sorted({step[0] for step in steps}), sorted({name for step in steps for name in step[1:]}))

    def write(self, program: Sequence[Step]) -> str:
        """Write a program: " Put Apple Fridge GoTo Fridge"."""
        return "".join(f" {_joined(name)}" for step in reversed(program) for name in step)

    def read(self, text: str) -> Program:
        """Parse a program; an unknown word is kept, and is scored as wrong."""
        steps: list[list[str]] = []
        for word in text.split():
            if word in self._commands or not steps:
                steps.append([self._commands.get(word, word)])
            else:
                steps[-1].append(self._arguments.get(word, word))
        return tuple(tuple(step[:N_FIELDS]) for step in reversed(steps))


def _joined(name: str) -> str:
    return "".join(word[:1].upper() + word[1:] for word in name.split())
