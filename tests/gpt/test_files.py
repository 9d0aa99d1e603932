"""Files are replaced whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gpt.errors import FileError
from gpt.files import read_text, write_atomically, write_text_atomically


def test_a_file_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.txt"
    for text in ("one", "two"):
        write_text_atomically(path, text)
        assert read_text(path, 100) == text
    assert [p.name for p in path.parent.iterdir()] == ["a.txt"]


def test_a_pipe_or_device_is_never_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(FileError, match=r"pipe: cannot be written: it is a device or a pipe"):
        write_text_atomically(pipe, "x")
    assert pipe.is_fifo()


@pytest.mark.parametrize("name", ["folder", "file/below", "x" * 300, "a\0b"])
def test_what_cannot_be_written_is_named_and_nothing_is_left(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises((FileError, ValueError)):
        write_text_atomically(tmp_path / name, "x")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "folder"]


def test_a_full_disk_is_an_error_with_its_reason(tmp_path: Path) -> None:
    def full(_: Path) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(FileError, match=r"a: cannot be written: No space left on device") as seen:
        write_atomically(tmp_path / "a", full)
    assert seen.value.strerror == "No space left on device"
