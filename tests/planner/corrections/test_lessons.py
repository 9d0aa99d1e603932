"""What was corrected is kept in a file, and teaches what it says and no more."""

from __future__ import annotations

from pathlib import Path

import pytest

from envs.symbolic.domain import load_domain
from planner.corrections.lessons import Lesson, keep_lessons, read_lessons
from planner.corrections.teaching import learned_word, sentences, was_misunderstood
from planner.errors import StageError
from planner.language.mentions import unknown_words


def lesson(said: str, correction: str, understood: str, goal: str) -> Lesson:
    return Lesson(
        home="flat", said=said, corrections=(correction,), understood=(understood,) if understood else (), goal=goal
    )


NICKNAME = lesson("put the gobbler on the shelf", "no, the mug", "cup on shelf", "mug on shelf")
MISHEARD = lesson("bring three plates to the table", "I said three", "plate on dining table", "3 plate on dining table")
CHANGED = lesson("bring me the mug", "no, the glass", "mug with person", "glass with person")
ADDED = lesson("wash the fork", "and the knife too", "clean fork", "clean fork ; clean knife")


def test_lessons_are_added_to_a_file_and_read_for_a_home(tmp_path: Path) -> None:
    path = tmp_path / "runs" / "lessons.jsonl"
    assert read_lessons(path) == []
    keep_lessons(path, [])
    assert not path.exists()
    keep_lessons(path, [NICKNAME])
    keep_lessons(path, [CHANGED])
    assert read_lessons(path) == [NICKNAME, CHANGED] == read_lessons(path, "flat")
    assert read_lessons(path, "villa") == []


@pytest.mark.parametrize(
    "line", ["{}", '{"home": 1, "said": "", "corrections": [], "understood": [], "goal": ""}', "[]"]
)
def test_what_is_no_lesson_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "lessons.jsonl"
    path.write_text(line + "\n", encoding="utf-8")
    with pytest.raises(StageError, match=r"lessons\.jsonl, line 1: "):
        read_lessons(path)


def test_who_was_misunderstood_is_told_from_who_changed_their_mind() -> None:
    domain = load_domain()
    assert [was_misunderstood(x, domain) for x in (NICKNAME, MISHEARD, CHANGED, ADDED)] == [True, True, False, False]
    assert list(sentences(CHANGED, domain)) == ["bring me the mug. no, the glass"]
    assert list(sentences(MISHEARD, domain)) == [
        "bring three plates to the table. i said three", "bring three plates to the table",
    ]  # fmt: skip


def test_a_word_is_learned_where_one_noun_is_unknown_and_one_kind_was_told() -> None:
    domain = load_domain()
    assert learned_word(NICKNAME, domain) == ("gobbler", "mug")
    assert learned_word(MISHEARD, domain) is None and learned_word(ADDED, domain) is None
    assert unknown_words("put the old faithful, please, on my desk") == ["old faithful"]
    assert unknown_words("put the cell phone on the dining table") == []
