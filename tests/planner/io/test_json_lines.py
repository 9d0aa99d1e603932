"""Files of JSON lines that earlier runs wrote, and what happened to them since."""

from __future__ import annotations

from pathlib import Path

import pytest

from planner.errors import StageError
from planner.io.json_lines import Record, check_fields, read_lines, read_record, write_lines


def test_lines_come_back_as_they_were_written(tmp_path: Path) -> None:
    records: list[Record] = [{"id": "1", "said": "é\u2028\x85"}, {"id": "2", "n": [1, None, {"a": 0.5}]}]
    write_lines(tmp_path / "a.jsonl", records)
    assert read_lines(tmp_path / "a.jsonl", ("id",)) == records


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"id": "\\ud800"}', r"line 2: not JSON \(half of a character"),
        ("[" * 9000, "line 2: not JSON"),
        ("9" * 5000, "line 2: not JSON"),
        ("[]", "line 2: not an object"),
        ('{"x": 1}', "line 2: not an object with 'id'"),
        ("", "line 2: not JSON"),
    ],
)
def test_a_damaged_line_is_named(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(f'{{"id": "1"}}\n{line}\n', encoding="utf-8")
    with pytest.raises(StageError, match=said):
        read_lines(path, ("id",))


def test_a_line_that_a_kill_cut_off_is_skipped(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"id": "1"}\n{"id": "2', encoding="utf-8")
    assert read_lines(path) == [{"id": "1"}]


def test_a_field_of_another_type_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('{"id": 3, "kept": 1}', encoding="utf-8")
    record = read_record(path)
    check_fields(record, {"id": int}, "a.json")
    with pytest.raises(StageError, match=r"a\.json: 'kept' is 1, not a bool; delete"):
        check_fields(record, {"kept": bool}, "a.json")
    with pytest.raises(StageError, match="'goal' is missing"):
        check_fields(record, {"goal": str}, "a.json")
