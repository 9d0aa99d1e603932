"""Skills without a routine in physics: the robot goes there, takes the time, and what they set is true."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import pytest

from envs.simulation.physical_home import PhysicalHome
from envs.skills.declared import has_routine
from envs.symbolic.actions import parse_action, successor
from envs.symbolic.domain import load_domain
from tests.envs.symbolic.skills.own_skills import own_domain, own_scene


@pytest.fixture(scope="module")
def built() -> Iterator[PhysicalHome]:
    home = PhysicalHome(own_scene())
    yield home
    home.close()


@pytest.fixture
def home(built: PhysicalHome) -> PhysicalHome:
    built.reset()
    return built


def execute(home: PhysicalHome, subtask: str) -> None:
    """Execute a subtask, and check that the state is what the symbolic home says."""
    before = home.state()
    action = parse_action(home.world, subtask)
    outcome = home.execute(action)
    assert outcome.status == "done", outcome.reason
    expected = successor(before, action)
    assert home.state().without_distances() == expected.without_distances()


def test_a_room_is_driven_into_and_vacuumed(home: PhysicalHome) -> None:
    time_s = home.time_s
    execute(home, "vacuum kitchen")
    x0, y0, x1, y1 = next(room.rect for room in home.scene.rooms if room.name == "kitchen")
    x, y = home.motion.robot.q[:2]
    assert x0 < x < x1
    assert y0 < y < y1
    assert home.time_s - time_s == pytest.approx(120, abs=1)


def test_what_an_own_skill_moves_and_takes_is_moved_and_taken(home: PhysicalHome) -> None:
    execute(home, "fetch book 1")
    execute(home, "put book 1 on desk 1")
    execute(home, "load book 1 onto cart 1")


def test_an_own_state_and_a_liquid_are_set_where_the_robot_works(home: PhysicalHome) -> None:
    execute(home, "charge cell phone 1")
    execute(home, "fill cup 1 at sink 1")


def test_an_unmet_precondition_is_the_same_as_in_the_symbolic_home(home: PhysicalHome) -> None:
    outcome = home.execute(parse_action(home.world, "mop kitchen"))
    assert (outcome.status, outcome.reason, outcome.duration_s) == ("failed", "not holding what can wipe", 0.0)


def test_a_copied_home_and_a_reset_one_know_the_rooms(home: PhysicalHome) -> None:
    start = home.state()
    execute(home, "vacuum bedroom")
    clone = copy.deepcopy(home)
    assert clone.state() == home.state()
    clone.close()
    assert home.reset() == start


def test_only_built_in_skills_have_a_routine() -> None:
    domain = own_domain()
    assert {name for name, skill in domain.skills.items() if has_routine(skill)} == set(load_domain().skills)
