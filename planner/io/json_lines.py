"""Reads and writes the files of a long run: one JSON object per file, or one per line."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from envs.errors import quoted
from envs.files.bounded_files import ReadError, read_text
from envs.files.strict_json import JsonError, parse_json
from gpt.files import write_text_atomically
from planner.errors import StageError

Record = dict[str, object]

MAX_BYTES = 200_000_000  # a cycle of the largest size writes a few MB


def read_lines(path: Path, keys: Sequence[str] = ()) -> list[Record]:
    """Read a file of JSON lines; an incomplete last line, left by a killed process, is skipped.

    Args:
        path: The file.
        keys: Keys that every line must have.

    Raises:
        StageError: The file cannot be read, or a line is not a record with these keys.
    """
    *lines, _ = _read_text(path).split("\n")  # not splitlines: a JSON text may contain other line separators
    return [_parse_record(line, f"{path}, line {number}", keys) for number, line in enumerate(lines, start=1)]


def read_record(path: Path, keys: Sequence[str] = ()) -> Record:
    """Read a file with one JSON object.

    Raises:
        StageError: The file cannot be read, or is not a record with these keys.
    """
    return _parse_record(_read_text(path), str(path), keys)


def _read_text(path: Path) -> str:
    try:
        return read_text(path, MAX_BYTES)
    except ReadError as error:
        raise StageError(str(error)) from None


def _parse_record(text: str, location: str, keys: Sequence[str]) -> Record:
    try:
        record = parse_json(text, allow_nan=True)
    except JsonError as error:
        raise StageError(f"{location}: not JSON ({str(error)[:80]}); delete the file to regenerate it") from None
    missing = [key for key in keys if not isinstance(record, dict) or key not in record]
    if not isinstance(record, dict) or missing:
        expected = f"with {', '.join(map(repr, missing))}" if missing else "in braces"
        raise StageError(f"{location}: not an object {expected}; delete the file to regenerate it")
    return record


def check_fields(record: Record, types: Mapping[str, type], where: str) -> None:
    """Check the types of fields, of a file that may have been changed since it was written.

    Raises:
        StageError: A field is missing or of another type; the message begins with `where`.
    """
    for key, expected in types.items():
        if type(record.get(key)) is not expected:
            seen = f"is {quoted(record[key])}, not a {expected.__name__}" if key in record else "is missing"
            raise StageError(f"{where}: {key!r} {seen}; delete the file to regenerate it")


def write_lines(path: Path, records: Sequence[Record]) -> None:
    """Write a file of JSON lines atomically."""
    write_text_atomically(path, "".join(as_line(record) for record in records))


def as_line(record: Record) -> str:
    """Return a record as a line of JSON."""
    return json.dumps(record, ensure_ascii=False) + "\n"
