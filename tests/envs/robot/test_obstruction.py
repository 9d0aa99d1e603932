"""Which open door is reported as blocking an unreachable object."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator

import numpy as np
import pytest

from tests.envs.homes_for_tests import scene

pytestmark = pytest.mark.skipif(importlib.util.find_spec("pybullet") is None, reason="pybullet is not installed")


@pytest.fixture(scope="module")
def home() -> Iterator[object]:
    from envs.simulation.physical_home import PhysicalHome

    fixtures = ["countertop 1", "cabinet 1: open", "cabinet 2", "cabinet 3: open"]
    built = PhysicalHome(scene(fixtures, {"mug 1": "countertop 1"}))
    spec = built.queries.specs["cabinet 1"]
    built.motion.focus = np.array([spec.x, spec.y, 1.0])
    yield built
    built.close()


def is_shut(home, name):
    return lambda: home.engine.joint(name, 0) < 0.01 and home.engine.joint(name, 1) < 0.01


def test_the_door_that_must_be_closed_is_named(home):
    from envs.robot.obstruction import unreachable_error

    failure = unreachable_error(home.motion, "cannot reach mug 1", is_shut(home, "cabinet 1"))
    assert (str(failure), failure.blocked_by) == ("cannot reach mug 1: blocked by cabinet 1", "cabinet 1")


def test_no_door_is_named_if_closing_one_does_not_help(home):
    from envs.robot.obstruction import unreachable_error

    failure = unreachable_error(home.motion, "cannot reach mug 1", lambda: False)
    assert (str(failure), failure.blocked_by) == ("cannot reach mug 1", "")


def test_the_target_fixture_stays_open(home):
    from envs.robot.obstruction import unreachable_error

    assert (
        unreachable_error(home.motion, "cannot", is_shut(home, "cabinet 1"), own_fixture="cabinet 1").blocked_by == ""
    )


def test_finding_the_blocking_door_moves_nothing(home):
    from envs.robot.obstruction import unreachable_error

    before = [home.engine.joint(name, k) for name in ("cabinet 1", "cabinet 3") for k in (0, 1)]
    floor = home.motion.floor.free.copy()
    unreachable_error(home.motion, "cannot", lambda: False)
    assert [home.engine.joint(name, k) for name in ("cabinet 1", "cabinet 3") for k in (0, 1)] == before
    assert (home.motion.floor.free == floor).all()


def test_doors_open_side_by_side_stay_where_they_are(home):
    before = home.state()
    home.motion.robot.wait(240)
    assert home.state() == before
    for name in ("cabinet 1", "cabinet 3"):
        assert home.queries.opening(name) > 0.55
