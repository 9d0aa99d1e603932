from __future__ import annotations

import json
import random

import pytest

from envs import speed
from envs.evaluation.random_plans import applicable_walk
from envs.scenes.scene_sampler import sample_scene
from envs.symbolic.actions import World


def test_the_walk_that_is_measured_is_applicable_throughout() -> None:
    start = World(sample_scene(speed.SEED, geometry=False)).initial()
    walk = applicable_walk(start, 200, random.Random(0))
    assert speed.actions_per_s(start, walk, 0.01)[1] == 1.0


def test_half_of_the_mixture_is_inapplicable() -> None:
    start = World(sample_scene(speed.SEED, geometry=False)).initial()
    rng = random.Random(0)
    mixed = speed.with_inapplicable(start, applicable_walk(start, 200, rng), rng)
    assert speed.actions_per_s(start, mixed, 0.01)[1] == 0.5


def test_the_symbolic_world_is_fast() -> None:
    figures = speed.symbolic_figures(0.5)
    assert float(figures["applicable_actions_per_s"]) > 20_000  # a fifth of what we promise: test machines are busy


def test_the_command_prints_json(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed, "physics_figures", dict)
    assert speed.main(["--json", "--seconds", "0.1"]) == 0
    assert json.loads(capsys.readouterr().out)["entities"] > 50


def test_a_senseless_time_is_wrong_usage() -> None:
    with pytest.raises(SystemExit) as caught:
        speed.main(["--seconds", "0"])
    assert caught.value.code == 2
