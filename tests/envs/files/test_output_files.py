"""A result that cannot be written is refused before the work, in one line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from envs.errors import EnvsError
from envs.evaluation.job_pool import Records
from envs.files.output_files import WriteError, check_output_file
from envs.gallery import main as gallery


@pytest.fixture
def taken(tmp_path: Path) -> Path:
    (tmp_path / "file").write_text("mine")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (".", "is a folder; give a file to write"),
        ("file/out.json", "cannot be written: .*file is a file, not a folder"),
        ("file/below/out.json", "cannot be written: Not a directory"),
        ("x" * 300 + "/out.json", "cannot be written: File name too long"),
    ],
)
def test_an_output_that_cannot_be_written_is_named(taken: Path, name: str, message: str) -> None:
    with pytest.raises(WriteError, match=message) as caught:
        check_output_file(taken / name)
    assert isinstance(caught.value, EnvsError) and "\n" not in str(caught.value)
    with pytest.raises(WriteError):
        Records(taken / name, {"what": "a test"})
    assert (taken / "file").read_text() == "mine"


def test_a_pipe_or_device_is_never_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(WriteError, match="pipe: is a device or a pipe, which is not replaced"):
        check_output_file(pipe)
    assert pipe.is_fifo()


def test_a_missing_folder_is_created(taken: Path) -> None:
    check_output_file(taken / "new" / "folder" / "out.json")
    assert (taken / "new" / "folder").is_dir()
    check_output_file(taken / "file")  # an existing file is replaced
    assert (taken / "file").read_text() == "mine"


def test_the_gallery_refuses_a_folder_before_it_draws(taken: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert gallery([str(taken)]) == 2
    assert capsys.readouterr().err == f"python -m envs.gallery: {taken}: is a folder; give a file to write\n"
