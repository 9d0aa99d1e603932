"""The demonstration: what is planned of what was seen and heard, and the film of it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from planner import demo
from planner.api import Planner
from planner.io.paths import datasets_dir
from planner.perception.camera_views import pictures
from planner.perception.demo_film import introduction, with_sound
from planner.perception.hearing import Heard, Hearing
from planner.perception.sight import Seen, Sight
from planner.world_model.open_home import open_home


class TrueSight:
    """Sees what is there."""

    def __init__(self, home: Any) -> None:
        from envs.simulation.physical_home import PhysicalHome

        looked = PhysicalHome(home.world.scene)
        self.listings = [picture.listing for picture in pictures(looked)]
        looked.close()

    def see(self, shown: list[Any]) -> tuple[Seen, ...]:
        assert len(shown) == len(self.listings)
        return tuple(Seen(listing=listing, sure=1.0) for listing in self.listings)


def heard_as(words: str) -> Hearing:
    heard = Heard(words=words, alternatives=(), letters=words, written=words)
    return cast("Hearing", SimpleNamespace(hear=lambda samples: heard))


@pytest.mark.usefixtures("espeak")
def test_what_is_seen_and_heard_is_done_in_the_true_home(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = open_home(datasets_dir() / "demo" / "kitchen.yaml")
    sight, planner = cast("Sight", TrueSight(home)), Planner.load()
    code = demo.run_demo(home, "put a fork", tmp_path, sight, heard_as("put a fork on the dining table"), planner,
                     video=False)  # fmt: skip
    assert code == 0
    said = capsys.readouterr().out
    assert "heard: put a fork on the dining table" in said and "success: yes" in said
    result = json.loads((tmp_path / "result.json").read_text())
    assert result["said"] == "put a fork" and result["episode"]["success"]
    assert (tmp_path / "seen.png").stat().st_size > 10_000 and (tmp_path / "command.wav").stat().st_size > 10_000
    code = demo.run_demo(
        home, "x", tmp_path, sight, heard_as("put the piano on the dining table"), planner, video=False
    )
    assert code == 1
    assert "nothing is done" in capsys.readouterr().out


def test_a_film_has_the_sound_over_its_beginning(tmp_path: Path) -> None:
    from imageio_ffmpeg import get_ffmpeg_exe
    from scipy.io import wavfile

    sound = tmp_path / "a.wav"
    wavfile.write(sound, 16_000, (9000 * np.sin(np.arange(16_000) * 0.2)).astype(np.int16))
    parts = [tmp_path / "1.mp4", tmp_path / "2.mp4"]
    for k, part in enumerate(parts):
        introduction(part, [np.full((192, 192, 3), 90 * k, np.uint8)] * 2, ["one", "two"], 1.0)
    with_sound(tmp_path / "film.mp4", parts, sound)
    shown = subprocess.run(
        [get_ffmpeg_exe(), "-i", str(tmp_path / "film.mp4")], capture_output=True, text=True, check=False
    ).stderr
    assert "Video: h264" in shown and "Audio: aac" in shown and "640x480" in shown
    seconds = float(shown.split("Duration: 00:00:")[1].split(",")[0])
    assert 2.0 < seconds < 4.5
