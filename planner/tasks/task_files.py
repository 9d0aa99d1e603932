"""Task files: a benchmark as one JSON object per line (`.gz` too).

    {"id": "...", "instruction": "...", "goal": "cold apple in microwave", "home": null, "objects": ["apple", ...]}

`home` is the name of a bundled home, a YAML path, a seed (also as text), or null. Null samples a home from (seed, id)
that has what the goal and `objects` need, respects `facts` and `absent`, and does not satisfy the goal yet. `answer` is
plan, refuse or ask. Unknown keys are kept and ignored, except `family` (the task type) and `steps` (a human-written
step-by-step description).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, cast

from envs.errors import EnvsError, HomeNameError, quoted
from envs.files.bounded_files import ReadError, read_text
from envs.scenes.home_file import MAX_SEED, named_home
from envs.symbolic.goals import (
    Goal,
    parse_goal,
)

MAX_BYTES = 200_000_000  # size of a task file, decompressed

Answer = Literal["plan", "refuse", "ask"]


class TaskError(EnvsError, ValueError):
    """A task file is invalid, or no home can be sampled; the message has one line per problem."""


@dataclass(frozen=True, kw_only=True)
class TaskLine:
    """One task of a task file. `extra` keeps unknown keys."""

    id: str
    instruction: str
    goal: Goal | None
    home: str | Path | int | None = None
    objects: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    answer: Answer = "plan"
    reference: object = None
    extra: dict[str, object] = field(default_factory=dict)

    @property
    def steps(self) -> tuple[str, ...]:
        """The step-by-step description; empty unless it is a list of strings."""
        steps = self.extra.get("steps")
        return tuple(steps) if isinstance(steps, list) and all(isinstance(step, str) for step in steps) else ()


def read_tasks(path: str | Path) -> list[TaskLine]:
    """Read a task file.

    Raises:
        TaskError: The file is missing or not UTF-8, or has invalid JSON, unknown goal words or duplicate ids. The
            message lists every problem with its line number.
    """
    path = Path(path)
    try:
        lines = read_text(path, MAX_BYTES).split("\n")  # not splitlines: a JSON text may contain other line separators
    except ReadError as error:
        raise TaskError(f"cannot be read as a task file: {error}") from None
    tasks: list[TaskLine] = []
    problems: list[str] = []
    line_of_id: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            content = json.loads(line)
            if "\\u" in line:
                json.dumps(content, ensure_ascii=False).encode()
            task = _task(content, path)
        except json.JSONDecodeError as error:
            problems.append(f"{path}:{number}: not JSON: {error.msg} at column {error.colno}")
            continue
        except RecursionError:
            problems.append(f"{path}:{number}: not a task: nested too deeply")
            continue
        except UnicodeEncodeError:
            problems.append(f"{path}:{number}: half of a character (an unpaired surrogate) is in a text")
            continue
        except ValueError as error:  # GoalError and TaskError too
            problems.append(f"{path}:{number}: {error}")
            continue
        if task.id in line_of_id:
            problems.append(f"{path}:{number}: id {task.id!r} was used on line {line_of_id[task.id]}")
        line_of_id.setdefault(task.id, number)
        tasks.append(task)
    if problems:
        overflow = [f"... and {len(problems) - 20} more"] if len(problems) > 20 else []
        raise TaskError("\n".join(problems[:20] + overflow))
    if not tasks:
        raise TaskError(f"{path}: has no task")
    return tasks


def _task(raw: object, path: Path) -> TaskLine:
    if not isinstance(raw, dict):
        raise TaskError(f"expected an object, found {type(raw).__name__}")

    def words(key: str) -> tuple[str, ...]:
        value = raw.get(key) or []
        if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
            raise TaskError(f"{key!r} must be a list of strings, found {quoted(value)}")
        return tuple(value)

    for key in ("id", "instruction"):
        if not isinstance(raw.get(key), str):
            raise TaskError(f"{key!r} must be a string, found {quoted(raw.get(key))}")
    answer = raw.get("answer", "plan")
    if answer not in ("plan", "refuse", "ask"):
        raise TaskError(f"'answer' is plan, refuse or ask, found {quoted(answer)}")
    goal = raw.get("goal")
    if goal is not None and not isinstance(goal, str):
        raise TaskError(f"'goal' must be a string or null, found {quoted(goal)}")
    if goal is None and answer == "plan":
        raise TaskError("a task whose answer is a plan needs a 'goal'")
    home = raw.get("home")
    if home is not None and (isinstance(home, bool) or not isinstance(home, (str, int)) or home == ""):
        raise TaskError(f"'home' is a name, a path, a seed or null, found {quoted(home)}")
    if isinstance(home, int) and not 0 <= home <= MAX_SEED:
        raise TaskError(f"'home' is a seed from 0 to 2**62 - 1, found {quoted(home)}")
    known_keys = {"id", "instruction", "goal", "home", "objects", "facts", "absent", "answer", "reference"}
    return TaskLine(
        id=raw["id"],
        instruction=raw["instruction"],
        goal=parse_goal(goal) if goal is not None else None,
        home=_home(home, path) if isinstance(home, str) else home,
        objects=words("objects"),
        facts=words("facts"),
        absent=words("absent"),
        answer=cast(Answer, answer),
        reference=raw.get("reference"),
        extra={k: v for k, v in raw.items() if k not in known_keys},
    )


def _home(name: str, tasks: Path) -> int | Path:
    """Return a seed, or a file's path, which may be relative to the task file. A missing file is reported when read."""
    try:
        home = named_home(name, tasks.parent)
        if isinstance(home, Path) and home.exists() and not home.is_file():  # a device or a pipe might never end
            raise TaskError(f"'home' is a file, a bundled name, a seed or null, found {quoted(name)}")
    except HomeNameError as error:
        raise TaskError(f"'home': {error}") from None
    except (OSError, ValueError) as error:
        if isinstance(error, TaskError):
            raise
        raise TaskError(f"'home' is not a valid path: {quoted(name)}") from None
    return home


def with_steps(instruction: str, steps: Sequence[str]) -> str:
    """Return an instruction followed by its step-by-step description, on one line, in the GPT's input format."""
    cleaned = [text for step in steps if (text := " ".join(step.split()).rstrip(" .,;:!?"))]
    instruction = " ".join(instruction.split())
    return f"{instruction} steps: {'. '.join(cleaned)}" if cleaned else instruction
