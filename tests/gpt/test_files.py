"""Outputs of `gpt` are written whole or not at all, and refused before the work where they cannot be written."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from gpt import average, gpt2, speed
from gpt.errors import FileError, GPTError
from gpt.files import check_output, read_text, write_atomically, write_text_atomically


@pytest.fixture
def taken(tmp_path: Path) -> Path:
    (tmp_path / "file").write_text("mine")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "folder", "message"),
    [
        ("file", True, "is a file; give a folder to write to"),
        (".", False, "is a folder; give a file to write"),
        ("file/below", True, "file is a file, not a folder"),
        ("file/below/x.json", False, "file is a file, not a folder"),
        ("x" * 300, True, "File name too long"),
        ("nowhere/below", True, "nowhere is a symbolic link to nothing"),
    ],
)
def test_an_output_that_cannot_be_written_is_named(taken: Path, name: str, folder: bool, message: str) -> None:
    (taken / "nowhere").symlink_to(taken / "gone")
    with pytest.raises(FileError, match=message) as caught:
        check_output(taken / name, folder=folder)
    assert "\n" not in str(caught.value)


def test_a_check_creates_nothing(tmp_path: Path) -> None:
    check_output(tmp_path / "a" / "b", folder=True)
    check_output(tmp_path / "a" / "b.json", folder=False)
    check_output(tmp_path, folder=True)
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(FileError, match="no permission to write in"):
        check_output(tmp_path / "x", folder=True)


@pytest.mark.parametrize("name", [".", "file/below.json"])
def test_a_failed_write_is_an_error_of_the_package_and_leaves_nothing(taken: Path, name: str) -> None:
    with pytest.raises(FileError, match=r"cannot be written: (Is a directory|File exists|Not a directory)") as caught:
        write_text_atomically(taken / name, "text")
    assert isinstance(caught.value, GPTError) and isinstance(caught.value, OSError) and caught.value.strerror
    assert [path.name for path in taken.iterdir()] == ["file"]


@pytest.mark.parametrize(
    "command",
    [
        lambda out: gpt2.main(["weights", out]),
        lambda out: average.main([out, "one", "two"]),
        lambda out: speed.main(["--out", out]),
        lambda out: speed.main(["--decode", "--preset", "tiny", "--out", out]),
    ],
)
def test_every_command_refuses_an_output_that_is_a_file(
    taken: Path, capsys: pytest.CaptureFixture[str], command: Callable[[str], int]
) -> None:
    for out in ("file", "file/below"):
        assert command(str(taken / out)) == 2
        error = capsys.readouterr().err
        assert "is a file" in error and error.count("\n") == 1
    assert (taken / "file").read_text() == "mine"


def test_a_file_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.txt"
    for text in ("one", "two"):
        write_text_atomically(path, text)
        assert read_text(path, 100) == text
    assert [p.name for p in path.parent.iterdir()] == ["a.txt"]


def test_a_pipe_or_device_is_never_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(FileError, match="pipe: is a device or a pipe, which is not replaced"):
        check_output(pipe, folder=False)
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
