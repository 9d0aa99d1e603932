"""Lessons: what was said in a home, what was understood, and what was meant, in `runs/lessons.jsonl`.

A line is one instruction that was corrected, or whose question was answered. `python -m planner.improve --home` learns
those of its home, for that home alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from planner.errors import StageError
from planner.io.json_lines import Record, read_lines, write_lines

FILE_NAME = "lessons.jsonl"  # in `runs`, where a dialogue keeps them
_KEYS = ("home", "said", "corrections", "understood", "goal")


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """An instruction that was corrected.

    Attributes:
        home: The name of the home.
        said: The instruction.
        corrections: What was said about the answers to it, in order.
        understood: The goals that were taken for its meaning, in order.
        goal: The goal that was meant, in the goal language.
    """

    home: str
    said: str
    corrections: tuple[str, ...]
    understood: tuple[str, ...]
    goal: str

    def as_dict(self) -> Record:
        """Plain data, one line of the file."""
        return {
            "home": self.home, "said": self.said, "corrections": list(self.corrections),
            "understood": list(self.understood), "goal": self.goal,
        }  # fmt: skip


def read_lessons(path: Path, home: str | None = None) -> list[Lesson]:
    """Read the lessons of a file, all or those of one home; a file that is not there has none.

    Raises:
        StageError: The file cannot be read, or a line is no lesson.
    """
    if not path.exists():
        return []
    lessons = [_lesson(record, f"{path}, line {n}") for n, record in enumerate(read_lines(path, _KEYS), start=1)]
    return [lesson for lesson in lessons if home in (None, lesson.home)]


def keep_lessons(path: Path, lessons: Iterable[Lesson]) -> None:
    """Add lessons to a file; it is written beside and renamed.

    Raises:
        StageError: What is there is no file of lessons.
    """
    new = list(lessons)
    if new:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_lines(path, [lesson.as_dict() for lesson in (*read_lessons(path), *new)])


def _lesson(record: Record, where: str) -> Lesson:
    texts = {key: record[key] for key in ("home", "said", "goal")}
    lists = {key: record[key] for key in ("corrections", "understood")}
    if not all(isinstance(text, str) for text in texts.values()) or not all(map(_are_texts, lists.values())):
        raise StageError(f"{where}: no lesson; `home`, `said` and `goal` are texts, the others lists of texts")
    return Lesson(
        home=str(texts["home"]), said=str(texts["said"]), goal=str(texts["goal"]),
        corrections=_texts(lists["corrections"]), understood=_texts(lists["understood"]),
    )  # fmt: skip


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _texts(value: object) -> tuple[str, ...]:
    assert isinstance(value, Sequence)
    return tuple(map(str, value))
