"""What `--image` and `--audio` do with inputs that cannot be planned with."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from planner.perception.image_labels import Item, Listing
from planner.perception.sight import Seen, Sight
from planner.plan import main as plan
from tests.planner.json_answers import checked


@pytest.fixture
def sights(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let sight see a mug in the red part of a picture, and doubt pictures that are more blue than red."""

    class Eyes:
        def see(self, pictures: list[np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]) -> tuple[Seen, ...]:
            listing = Listing("desk", (), (Item("mug"),))
            doubts = ["it is blue" if picture[..., 2].mean() > picture[..., 0].mean() else "" for picture in pictures]
            return tuple(Seen(listing=listing, sure=0.9, doubt=doubt) for doubt in doubts)

    monkeypatch.setattr(Sight, "load", lambda *_: Eyes())


def picture(path: Path, color: str) -> str:
    Image.new("RGB", (96, 96), color).save(path)
    return str(path)


@pytest.mark.usefixtures("sights")
def test_a_doubted_picture_is_named_and_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    red, blue = picture(tmp_path / "red.png", "red"), picture(tmp_path / "blue.png", "blue")
    assert plan(["pick up the mug", "--image", red, blue, "--json"]) in (0, 1)
    shown = capsys.readouterr()
    assert [view["file"] for view in checked("planner.plan", shown.out)["seen"]] == [red]
    assert f"not planned with: {blue}: it is blue" in shown.err


@pytest.mark.usefixtures("sights")
def test_without_a_picture_left_there_is_no_plan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    blue = picture(tmp_path / "blue.png", "blue")
    assert plan(["pick up the mug", "--image", blue]) == 2
    shown = capsys.readouterr()
    assert not shown.out and f"no picture can be planned with: {blue}: it is blue" in shown.err


@pytest.mark.usefixtures("sights")
def test_the_same_picture_twice_is_one_piece_of_furniture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    red, copy = picture(tmp_path / "red.png", "red"), picture(tmp_path / "copy.bmp", "red")
    assert plan(["pick up the mug", "--image", red, red, copy, "--json"]) in (0, 1)
    shown = capsys.readouterr()
    assert len(checked("planner.plan", shown.out)["seen"]) == 1
    assert shown.err.count("the same picture as") == 2


@pytest.mark.usefixtures("sights")
def test_a_picture_is_read_from_standard_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    raw = Path(picture(tmp_path / "red.png", "red")).read_bytes()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))
    assert plan(["pick up the mug", "--image", "-", "--json"]) in (0, 1)
    assert checked("planner.plan", capsys.readouterr().out)["seen"][0]["file"] == "-"


@pytest.mark.parametrize(
    "command",
    [["--audio", "-", "--image", "-"], ["-", "--image", "-"], ["x", "--image", "-", "/dev/stdin"],
     ["x", "--ask", "--image", "-"], ["--audio", "-", "--ask"]],
)  # fmt: skip
def test_standard_input_is_read_once(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert plan(command) == 2
    assert "both read standard input" in capsys.readouterr().err


def test_what_is_no_recording_is_one_line_from_a_pipe_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"RIFF no recording")))
    assert plan(["--audio", "-"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "standard input: cannot be read as a recording" in line
