"""What an earlier run left is gone on with, or refused in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from planner.errors import StageError
from planner.io.json_lines import Record, read_lines, read_record, write_lines
from planner.rollouts.resumable_stage import stage


def make(key: str) -> Record:
    return {"id": key}


def test_a_text_with_another_line_separator_is_one_line(tmp_path: Path) -> None:
    lines: list[Record] = [{"id": "a", "text": "one\u2028two\x85three"}, {"id": "b"}]
    write_lines(tmp_path / "x.jsonl", lines)
    assert read_lines(tmp_path / "x.jsonl", ("id",)) == lines


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b'{"id": "a"}\n{\n', "line 2: not JSON"),
        (b"\xff\n", "not a text file"),
        (b"[" * 100_000 + b"\n", "line 1: not JSON"),
        (b"[]\n", "line 1: not an object"),
        (b'{"key": "a"}\n', "line 1: not an object with 'id'"),
        (b'{"id": "b"}\n', "its tasks differ"),
    ],
)
def test_a_damaged_stage_is_an_error_that_says_where(tmp_path: Path, raw: bytes, said: str) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(raw)
    with pytest.raises(StageError, match=said) as caught:
        stage(path, ["a"], make, "x")
    assert str(path) in str(caught.value)


def test_what_is_left_of_a_damaged_stage_that_was_killed_is_an_error_too(tmp_path: Path) -> None:
    (tmp_path / "x.partial.jsonl").write_text("{\n")
    with pytest.raises(StageError, match=r"x\.partial\.jsonl, line 1"):
        stage(tmp_path / "x.jsonl", ["a"], make, "x")


def test_a_record_without_its_keys_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('{"loss": 1}')
    assert read_record(tmp_path / "x.json", ("loss",)) == {"loss": 1}
    with pytest.raises(StageError, match="not an object with 'seed'"):
        read_record(tmp_path / "x.json", ("loss", "seed"))
