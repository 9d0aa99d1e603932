"""Stage files of a long run: a list of records that survives a kill, each made once and kept in order."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from tqdm import tqdm

from gpt.files import write_text_atomically

Record = dict[str, object]


def read_lines(path: Path) -> list[Record]:
    """Read a file of JSON lines; a last line that a kill cut short is left out."""
    whole, _, _ = path.read_text(encoding="utf-8").rpartition("\n")
    return [json.loads(line) for line in whole.splitlines()]


def write_lines(path: Path, records: Sequence[Record]) -> None:
    """Write a file of JSON lines in one step."""
    write_text_atomically(path, "".join(_line(record) for record in records))


def _line(record: Record) -> str:
    return json.dumps(record, ensure_ascii=False) + "\n"


def stage(path: Path, ids: Sequence[str], make: Callable[[str], Record], name: str) -> list[Record]:
    """Return the records of a stage, in the order of `ids`: read if the stage is done, else made and written.

    While it runs, records are appended to a file beside; after a kill, the ones that are whole there are not made
    again. A record must depend on its id alone, so that an interrupted stage ends with the same bytes.
    """
    if path.exists():
        return read_lines(path)
    beside = path.with_suffix(".partial.jsonl")
    found = {str(record["id"]): record for record in read_lines(beside)} if beside.exists() else {}
    found = {key: found[key] for key in ids if key in found}
    write_lines(beside, list(found.values()))  # what a kill cut short is gone, so the next line starts a line
    with open(beside, "a", encoding="utf-8") as file:
        for key in tqdm([i for i in ids if i not in found], desc=name, unit="task", disable=None):
            found[key] = make(key)
            file.write(_line(found[key]))
            file.flush()
    records = [found[key] for key in ids]
    write_lines(path, records)
    beside.unlink()
    return records
