"""Homes as large as a home file may be: the work of reading and writing grows with their contents, not faster."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from unittest.mock import Mock

import pytest

from envs.errors import HomeError
from envs.scenes import floor_plan
from envs.scenes.home_file import dump_home, load_home, parse_home
from envs.scenes.large_homes import large_home
from envs.symbolic.scene import ObjectSpec, Scene
from envs.symbolic.state import World


def calls_of(work: Callable[[], object]) -> int:
    """Count the calls of Python functions in some work, which is done once before."""
    work()
    count = 0

    def counted(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


def contents(scene: Scene) -> tuple[object, ...]:
    objects: list[ObjectSpec] = sorted(scene.objects, key=lambda item: item.name)
    return scene.rooms, scene.fixtures, objects, scene.people


@pytest.fixture(scope="module")
def large() -> Scene:
    return large_home()


def test_the_largest_home_has_what_a_file_may_have_and_reads_back_as_itself(large: Scene) -> None:
    assert (len(large.rooms), len(large.fixtures), len(large.objects)) == (30, 200, 2000)
    assert contents(parse_home(dump_home(large), geometry=False)) == contents(large)
    assert contents(large_home(1)) != contents(large)


def test_the_largest_home_gets_a_floor_plan_and_a_speaker_and_reads_back_with_them(large: Scene) -> None:
    laid_out = load_home(parse_home(dump_home(large)), speaker=True)
    assert len(laid_out.fixtures) == 201
    assert parse_home(dump_home(laid_out)).fixtures == laid_out.fixtures


def test_one_fixture_more_than_a_home_may_have_is_refused_unless_it_is_the_speaker() -> None:
    text = "rooms: {kitchen: [50 shelf, 50 shelf, 50 shelf, 50 shelf, %s]}"
    assert len(parse_home(text % "person", geometry=False).fixtures) == 201
    for one_more in ("shelf", "2 person"):
        with pytest.raises(HomeError, match=r"fixtures; a home has at most 20[01]"):
            parse_home(text % one_more, geometry=False)


def test_more_objects_than_the_furniture_holds_are_refused() -> None:
    with pytest.raises(HomeError, match="no place for 50 objects"):
        large_home(rooms=1, fixtures=1, objects=50)


@pytest.mark.parametrize(
    "work",
    [
        lambda scene: parse_home(dump_home(scene), geometry=False),
        dump_home,
        lambda scene: World(scene).initial(),
    ],
    ids=["read", "write", "start"],
)
def test_four_times_the_objects_are_four_times_the_work(work: Callable[[Scene], object]) -> None:
    small, large = (large_home(objects=number) for number in (500, 2000))
    assert calls_of(lambda: work(large)) <= 4.2 * calls_of(lambda: work(small))


def test_furniture_that_stands_apart_is_not_compared_corner_by_corner(monkeypatch: pytest.MonkeyPatch) -> None:
    text = dump_home(parse_home(dump_home(large_home(objects=0))))
    compared = Mock(side_effect=floor_plan._overlap)
    monkeypatch.setattr(floor_plan, "_overlap", compared)
    parse_home(text)
    assert compared.call_count < 10  # of 20,000 pairs


def test_furniture_that_stands_in_other_furniture_is_still_found() -> None:
    text = (
        "rooms: {office: {rect: [0, 0, 6, 6], fixtures: [{desk: {pose: [2, 2, 30]}}, {desk: {pose: [2.5, 2, 75]}}, "
        "{shelf: {pose: [4.5, 4.5, 0]}}, {shelf: {pose: [4.6, 4.9, 45]}}]}}"
    )
    with pytest.raises(HomeError) as error:
        parse_home(text)
    assert "desk 2 overlaps desk 1" in str(error.value)
    assert "shelf 2 overlaps shelf 1" in str(error.value)
