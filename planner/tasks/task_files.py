"""Task files: a benchmark as one JSON object per line (`.gz` too).

    {"id": "...", "instruction": "...", "goal": "cold apple in microwave", "home": null, "objects": ["apple", ...]}

`home` is the name of a bundled home, a YAML path, a seed (also as text), or null. Null samples a home from (seed, id)
that has what the goal and `objects` need, respects `facts` and `absent`, and does not satisfy the goal yet. `answer` is
plan, refuse, ask, query (`goal` is a question about the home, `? where wallet`) or rule (`goal` is what shall hold from
now on, `never oven on`). `also` lists goals that are as good. `unread` lists words that goals cannot say: the right
answer is then a question back. Unknown keys are kept and ignored, except `family` (the task type) and `steps` (a
human-written step-by-step description).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Literal, cast, get_args

from envs.errors import MAX_QUOTED_LENGTH, EnvsError, GoalError, HomeError, HomeNameError, nearest, quoted
from envs.files.bounded_files import ReadError, read_text
from envs.files.strict_json import JsonError, parse_json
from envs.scenes.home_file import MAX_SEED, load_home, named_home
from envs.symbolic.domain import Domain, load_domain
from envs.symbolic.goals import Goal, format_query, format_rule, parse_goal, parse_query, parse_rule
from envs.symbolic.scene import Scene
from planner.language.normalization import STEPS

MAX_BYTES = 200_000_000  # size of a task file, decompressed
KEYS = ("id", "instruction", "goal", "home", "objects", "facts", "absent", "answer", "reference")
READ_EXTRAS = ("family", "steps", "unread", "context", "say", "also")  # further keys that are read
KEY_SIMILARITY = 0.86  # of a key that is a misspelling

Answer = Literal["plan", "refuse", "ask", "query", "rule"]
ANSWERS: tuple[Answer, ...] = get_args(Answer)


class TaskError(EnvsError, ValueError):
    """A task file is invalid, or no home can be sampled; the message has one line per problem."""


@dataclass(frozen=True, kw_only=True)
class TaskLine:
    """One task of a task file.

    Attributes:
        goal: The goal of a plan, or what should be done of it after a question back; None for other answers.
        meant: For a query or a rule, the question or the rules in canonical wording.
        also, also_meant: Other goals, questions or rules that are as good.
        extra: Unknown keys.
    """

    id: str
    instruction: str
    goal: Goal | None
    meant: str = ""
    also: tuple[Goal, ...] = ()
    also_meant: tuple[str, ...] = ()
    home: str | Path | int | None = None
    objects: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    answer: Answer = "plan"
    reference: object = None
    extra: dict[str, object] = field(default_factory=dict)

    @property
    def right_answer(self) -> Answer:
        """The right type of answer: a question back where words are unread."""
        return "ask" if self.extra.get("unread") else self.answer

    @property
    def steps(self) -> tuple[str, ...]:
        """The step-by-step description; empty unless it is a list of strings."""
        steps = self.extra.get("steps")
        return tuple(steps) if isinstance(steps, list) and all(isinstance(step, str) for step in steps) else ()


def read_tasks(path: str | Path, domain: Domain | None = None) -> list[TaskLine]:
    """Read a task file; its words are those of the domain, by default the default one, and of the home of each task.

    Raises:
        TaskError: The file is missing or not UTF-8, or has invalid JSON, unknown goal words or duplicate ids. The
            message lists every problem with its line number.
    """
    path = Path(path)
    try:
        text = read_text(path, MAX_BYTES)
    except ReadError as error:
        raise TaskError(f"cannot be read as a task file: {error}") from None
    lines = text.replace("\r\n", "\n").split("\n")  # not splitlines: a JSON text may contain other line separators
    if lines[0].strip() in ("[", "{") and _is_json(text):
        raise TaskError(f"{path}:1: one JSON text over several lines; a task file has one object on each line")
    tasks: list[TaskLine] = []
    problems: list[str] = []
    line_of_id: dict[str, int] = {}
    domain = domain or load_domain()
    scene_of = lru_cache(lambda home: _scene_of(home, domain))
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            task = _task(parse_json(line), path, domain, scene_of)
        except ValueError as error:  # JsonError, GoalError and TaskError
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


def _is_json(text: str) -> bool:
    try:
        parse_json(text)
    except JsonError:
        return False
    return True


def _scene_of(home: str | Path | int | None, domain: Domain) -> Scene | None:
    """Return the home of a file, whose kinds, rooms and people a goal may name; None for others.

    Problems of a file are reported when the home is used.
    """
    if not isinstance(home, Path):
        return None
    try:
        return load_home(home, geometry=False, domain=domain)
    except HomeError:
        return None


def _task(
    raw: object, path: Path, domain: Domain, scene_of: Callable[[str | Path | int | None], Scene | None]
) -> TaskLine:
    if not isinstance(raw, dict):
        raise TaskError(f'expected one object on a line, {{"id": ..., "instruction": ...}}, found {_shown(raw)}')
    _check_keys(raw)

    def words(key: str) -> tuple[str, ...]:
        value = raw.get(key)
        value = [] if value is None else value
        if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
            raise TaskError(f"{key!r} must be a list of strings, found {_shown(value)}")
        return tuple(value)

    answer = raw.get("answer", "plan")
    if answer not in ANSWERS:
        hint = nearest(answer, ANSWERS) if isinstance(answer, str) else ""
        raise TaskError(f"'answer' is {', '.join(ANSWERS[:-1])} or {ANSWERS[-1]}, found {_shown(answer)}{hint}")
    for key, may_be_empty in (("id", False), ("instruction", answer != "plan")):
        if not isinstance(raw[key], str):
            raise TaskError(f"{key!r} must be a string, found {_shown(raw[key])}")
        if not raw[key].strip() and not may_be_empty:
            raise TaskError(f"{key!r} is empty")
    for key in ("unread", "context"):
        words(key)
    goal = raw.get("goal")
    if goal is not None and not isinstance(goal, str):
        raise TaskError(f"'goal' must be a string or null, found {_shown(goal)}")
    if goal is None and answer in ("plan", "query", "rule"):
        raise TaskError(f"a task whose answer is a {answer} needs a 'goal'")
    home = raw.get("home")
    if home is not None and (isinstance(home, bool) or not isinstance(home, (str, int)) or home == ""):
        raise TaskError(f"'home' is a name, a path, a seed or null, found {quoted(home)}")
    if isinstance(home, int) and not 0 <= home <= MAX_SEED:
        raise TaskError(f"'home' is a seed from 0 to 2**62 - 1, found {quoted(home)}")
    home = _home(home, path) if isinstance(home, str) else home
    scene = scene_of(home)
    domain = domain if scene is None else scene.domain
    names = {**domain.objects, **domain.fixtures, **domain.members, **domain.fixture_members}
    for key in ("objects", "absent"):
        for word in words(key):
            if word not in names:
                raise TaskError(f"{key!r}: nothing is called {word!r}{nearest(word, names)}")
    for fact in words("facts"):
        try:
            parse_goal(fact, domain, scene=scene)
        except GoalError as error:
            raise TaskError(f"'facts': {error}") from None
    is_told = goal is not None and answer in ("query", "rule")
    return TaskLine(
        id=raw["id"],
        instruction=raw["instruction"],
        goal=parse_goal(goal, domain, scene=scene) if goal is not None and not is_told else None,
        meant=_meant(goal, cast(Answer, answer), domain, scene) if goal is not None and is_told else "",
        home=home,
        objects=words("objects"),
        facts=words("facts"),
        absent=words("absent"),
        answer=cast(Answer, answer),
        reference=raw.get("reference"),
        extra={k: v for k, v in raw.items() if k not in KEYS},
    )


def _meant(text: str, answer: Answer, domain: Domain, scene: Scene | None) -> str:
    """Return a question or rules in canonical wording."""
    if answer == "query":
        return format_query(parse_query(text, domain, scene=scene), domain)
    rules = (parse_rule(rule.strip(), domain, scene=scene) for rule in text.split(";"))
    return " ; ".join(format_rule(rule, domain) for rule in rules)


def _check_keys(raw: dict[str, object]) -> None:
    for key in ("id", "instruction"):
        if key not in raw:
            raise TaskError(f"has no {key!r}{nearest(key, raw)}")
    for key in raw.keys() - {*KEYS, *READ_EXTRAS}:
        if close := get_close_matches(key.lower(), KEYS, n=1, cutoff=KEY_SIMILARITY):
            hint = f"did you mean {close[0]!r}? A key of your own needs another name"
            raise TaskError(f"unknown key {key!r}; {hint}")


def _shown(value: object) -> str:
    """Return a value as JSON writes it, cut to a length for a message."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MAX_QUOTED_LENGTH else f"{text[:MAX_QUOTED_LENGTH]}…"


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
    return f"{instruction} {STEPS} {'. '.join(cleaned)}" if cleaned else instruction
