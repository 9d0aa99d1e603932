"""Videos, captions and filmstrips."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from envs.recording.video import (
    DARK,
    FAILURE_COLOR,
    GAP_PX,
    SUCCESS_COLOR,
    Filmstrip,
    Video,
    captioned,
    filmstrip,
    labeled,
    render_view,
    write_png,
)

GREY = np.full((120, 160, 3), 128, np.uint8)
LONG = "put medicine bottle 11 on toilet paper hanger 2 " * 6


class StubHome:
    """Renders gray frames and records the views."""

    def __init__(self) -> None:
        self.engine, self.camera, self.drawn = SimpleNamespace(ticks=0), SimpleNamespace(), []

    def render(self, width: int, height: int, view: str = "room") -> np.ndarray:
        self.drawn.append(view)
        return np.full((height, width, 3), 128 if view == "overhead" else 64, np.uint8)


def test_a_caption_covers_the_lower_edge_only():
    frame = captioned(GREY, "open cabinet 1")
    assert frame.shape == GREY.shape
    assert (frame[:60] == GREY[:60]).all() and not (frame[-10:] == GREY[-10:]).all()
    assert (captioned(GREY, "") == GREY).all()


@pytest.mark.parametrize("text", ["a", "open cabinet 1", LONG, "x" * 300])
def test_no_letter_of_a_caption_touches_the_edge(text):
    frame = captioned(GREY, text)
    bright = frame.max(axis=2) > 200
    assert bright.any()
    assert not bright[:, :2].any() and not bright[:, -2:].any() and not bright[-2:].any()


@pytest.mark.parametrize("status", ["done", f"failed: {LONG}"])
def test_cards_have_the_same_size_for_any_text(status):
    short, long = (
        labeled(GREY, "1  open cabinet 1", "done", SUCCESS_COLOR),
        labeled(GREY, f"2  {LONG}", status, FAILURE_COLOR),
    )
    assert short.shape == long.shape
    assert (long[[0, -1]] == np.array(DARK)).all() and (long[:, [0, -1]].reshape(-1, 3) != 255).any()


def test_done_and_failed_subtasks_have_their_colors():
    done, failed = labeled(GREY, "1  x", "done", SUCCESS_COLOR), labeled(GREY, "1  x", "failed: y", FAILURE_COLOR)
    assert (done == np.array(SUCCESS_COLOR)).all(-1).any() and (failed == np.array(FAILURE_COLOR)).all(-1).any()


@pytest.mark.parametrize(("count", "rows", "columns"), [(1, 1, 1), (3, 1, 3), (4, 1, 4), (5, 2, 4)])
def test_a_filmstrip_is_read_row_by_row(count, rows, columns):
    sheet = filmstrip([np.full((10, 20, 3), k, np.uint8) for k in range(count)])
    assert sheet.shape == (rows * (10 + GAP_PX) + GAP_PX, columns * (20 + GAP_PX) + GAP_PX, 3)
    for k in range(count):
        assert (sheet[GAP_PX + k // columns * (10 + GAP_PX), GAP_PX + k % columns * (20 + GAP_PX)] == k).all()


def test_an_empty_filmstrip_is_an_error():
    with pytest.raises(ValueError, match="at least one frame"):
        filmstrip([])


def test_a_split_picture_shows_the_home_and_the_robots_view():
    home = StubHome()
    frame = render_view(home, (40, 30), "split")
    assert frame.shape == (30, 80, 3) and home.drawn == ["overhead", "robot"]
    assert (frame[:, :40] == 128).all() and (frame[:, 40:] == 64).all()


def test_a_filmstrip_draws_once_per_subtask_and_keeps_the_video_camera(tmp_path: Path):
    home = StubHome()
    camera = home.camera
    strip = Filmstrip(tmp_path / "strip.png", home, size=(40, 30))
    strip.add("open cabinet 1", done=True)
    strip.add("pick up mug 1", done=False, reason="it slipped")
    assert len(home.drawn) == 2 and home.camera is camera
    assert strip.save() and (tmp_path / "strip.png").is_file()


def test_a_filmstrip_without_subtasks_is_not_written(tmp_path: Path):
    assert not Filmstrip(tmp_path / "strip.png", StubHome()).save()
    assert list(tmp_path.iterdir()) == []


def test_a_picture_is_saved_losslessly(tmp_path: Path):
    from PIL import Image

    write_png(tmp_path / "deep" / "grey.png", GREY)
    assert (np.asarray(Image.open(tmp_path / "deep" / "grey.png")) == GREY).all()


@pytest.mark.skipif(importlib.util.find_spec("imageio_ffmpeg") is None, reason="imageio-ffmpeg is not installed")
@pytest.mark.parametrize("view", ["room", "split"])
def test_a_video_has_every_frame_that_was_due(tmp_path: Path, view):
    from imageio_ffmpeg import count_frames_and_secs

    home = StubHome()
    with Video(tmp_path / "v.mp4", home, size=(64, 48), view=view, fps=10, speed=2.4) as video:
        video.caption = "open"
        for _ in range(24):
            video.tick()
            home.engine.ticks += 12
        assert not (tmp_path / "v.mp4").exists()
    assert count_frames_and_secs(tmp_path / "v.mp4")[0] == 5


def test_an_interrupted_video_leaves_no_file(tmp_path: Path):
    with pytest.raises(KeyError), Video(tmp_path / "v.mp4", StubHome(), size=(64, 48)) as video:
        video.add_frame()
        raise KeyError
    assert list(tmp_path.iterdir()) == []
