"""Recordings for the Rerun viewer."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from envs.recording import rerun_recording
from envs.recording.rerun_recording import Recording, RecordingError, check_installed
from envs.symbolic.actions import parse_action
from tests.envs.homes_for_tests import scene


def test_a_missing_package_is_named_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rerun_recording.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(RecordingError, match=r"rerun-sdk: pip install 'gpt-home-planner\[rerun\]'"):
        check_installed()


@pytest.fixture
def home():
    for package in ("pybullet", "rerun"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed")
    from envs.simulation.physical_home import PhysicalHome

    built = PhysicalHome(scene(["countertop 1", "cabinet 1: open"], {"mug 1": "countertop 1", "book 1": "cabinet 1"}))
    yield built
    built.close()


def test_a_recording_has_bodies_robot_joints_and_text(home, tmp_path: Path) -> None:
    path = tmp_path / "out.rrd"
    with Recording(path, home) as recording:
        recording.log_text("1/1 pick up mug 1")
        assert home.execute(parse_action(home.world, "pick up mug 1"), on_tick=recording.tick).status == "done"
        assert not path.exists()
    assert [p.name for p in tmp_path.iterdir()] == ["out.rrd"]
    data = path.read_bytes()
    assert data.startswith(b"RRF")
    for entity in (b"mug", b"cabinet", b"robot", b"joints", b"subtask"):
        assert entity in data


def test_an_interrupted_recording_leaves_no_file(home, tmp_path: Path) -> None:
    with pytest.raises(KeyError), Recording(tmp_path / "out.rrd", home):
        raise KeyError
    assert list(tmp_path.iterdir()) == []
