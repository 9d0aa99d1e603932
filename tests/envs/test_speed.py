from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable
from types import FrameType

import pytest

from envs import speed
from envs.evaluation.random_plans import draw_actions
from envs.scenes.scene_sampler import sample_scene
from envs.symbolic.actions import World


def test_every_action_of_the_measured_sequence_is_applicable() -> None:
    initial_state = World(sample_scene(speed.SEED, geometry=False)).initial()
    actions = draw_actions(initial_state, 200, random.Random(0))
    assert speed.actions_per_s(initial_state, actions, 1.0, clock=iter([0.0, 0.0, 0.5, 2.0]).__next__) == (200.0, 1.0)


def test_half_of_the_mixture_is_inapplicable() -> None:
    initial_state = World(sample_scene(speed.SEED, geometry=False)).initial()
    rng = random.Random(0)
    mixed = speed.with_inapplicable(initial_state, draw_actions(initial_state, 200, rng), rng)
    assert speed.actions_per_s(initial_state, mixed, 1.0, clock=iter([0.0, 0.0, 0.5, 2.0]).__next__) == (400.0, 0.5)


def instructions_of(work: Callable[[], object]) -> int:
    """Count the interpreter's instructions, a measure of cost that does not depend on the machine's speed."""
    count, before = 0, sys.gettrace()

    def trace(frame: FrameType, event: str, _: object) -> object:
        nonlocal count
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        count += event == "opcode"
        return trace

    sys.settrace(trace)  # type: ignore[arg-type]
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def test_the_symbolic_world_is_fast() -> None:
    initial_state = World(sample_scene(speed.SEED, n_objects=speed.N_OBJECTS, geometry=False)).initial()
    actions = draw_actions(initial_state, 300, random.Random(0))
    clock = iter([0.0, 0.0, 2.0]).__next__  # once through the actions
    count = instructions_of(lambda: speed.actions_per_s(initial_state, actions, 1.0, clock))
    # About 260 per action, with which a current core applies more than 100,000 actions per second.
    assert 50 < count / len(actions) < 800


def test_the_command_prints_json(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for figures in ("physics_figures", "reset_figures", "camera_figures"):
        monkeypatch.setattr(speed, figures, dict)
    monkeypatch.setattr(speed, "N_ACTIONS", 200)
    assert speed.main(["--json", "--seconds", "0.1"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["entities"] > 50 and report["applicable_actions_per_s"] > 0


def test_an_invalid_duration_is_wrong_usage() -> None:
    with pytest.raises(SystemExit) as caught:
        speed.main(["--seconds", "0"])
    assert caught.value.code == 2
