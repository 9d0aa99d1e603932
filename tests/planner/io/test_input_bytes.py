"""Inputs from files, pipes and standard input."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import pytest

from planner.errors import InputError
from planner.io.input_bytes import is_standard_input, read_input


class _Stream(io.BytesIO):
    def __init__(self, raw: bytes, *, terminal: bool = False) -> None:
        super().__init__(raw)
        self.buffer, self.terminal = self, terminal

    def isatty(self) -> bool:
        return self.terminal


def test_a_file_and_a_pipe_and_standard_input_are_read_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_bytes(b"sound")
    assert read_input(tmp_path / "a", 5) == b"sound"
    reading, writing = os.pipe()
    os.write(writing, b"sound")
    os.close(writing)
    assert read_input(f"/dev/fd/{reading}", 5) == b"sound"
    os.close(reading)
    for name in ("-", "/dev/stdin", "/dev/fd/0"):
        monkeypatch.setattr(sys, "stdin", _Stream(b"sound"))
        assert is_standard_input(name) and read_input(Path(name), 5) == b"sound"


def test_what_cannot_be_read_is_named_with_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "large").write_bytes(bytes(2_000_001))
    for name, reason in {
        "missing": "no such file", "": "is a folder", "empty": "is empty", "large": "larger than 2 MB",
        "a\0b": "null byte",
    }.items():  # fmt: skip
        with pytest.raises(InputError, match=reason) as caught:
            read_input(f"{tmp_path}/{name}", 2_000_000)
        assert str(caught.value).startswith(str(tmp_path))
    with pytest.raises(InputError, match="larger"):
        read_input("/dev/zero", 1000)
    for stream, reason in ((None, "closed"), (_Stream(b"", terminal=True), "terminal"), (_Stream(b""), "empty")):
        monkeypatch.setattr(sys, "stdin", stream)
        with pytest.raises(InputError, match=f"standard input: is .*{reason}"):
            read_input("-", 10)
