"""Contents of sampled homes."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envs.errors import EnvsError, GoalError, HomeError
from envs.scenes.scene_sampler import sample_scene
from envs.symbolic.actions import World
from envs.symbolic.domain import load_domain
from envs.symbolic.goals import parse_goal
from envs.symbolic.scene import Scene
from envs.symbolic.scoring import holds

DOMAIN = load_domain()
SEEDS = range(200)
FACTS = (
    "2 dirty plate in sink",
    "spoon in cup on coffee table",
    "mug of coffee on desk",
    "every cabinet open",
    "no apple",
    "television on",
    "fruit in bowl",
    "clean fork in drawer",
    "10 book on shelf",
    "toy in box",
    "no ceiling light on",
    "book with person",
    "glass of water on side table",
    "sliced bread on plate on dining table",
    "cold tomato",
    "fridge open",
    "microwave on",
    "key chain in safe",
    "folded towel on bed",
    "2 sock on floor",
    "every lamp off",
)
seeds = st.integers(0, 2**40)


def sample(seed: int) -> Scene:
    return sample_scene(seed, rooms=1 + seed % 8 if seed % 2 else None, geometry=False)


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    return [sample(seed) for seed in SEEDS]


def category(name: str) -> str:
    return name.rpartition(" ")[0]


def test_the_same_seed_gives_the_same_scene() -> None:
    assert sample_scene(11) == sample_scene(11)


def test_another_seed_gives_another_scene() -> None:
    assert sample_scene(11, geometry=False).objects != sample_scene(12, geometry=False).objects


def test_a_scenes_seed_repeats_it() -> None:
    scene = sample_scene(np.random.default_rng(5), rooms=3)
    assert sample_scene(scene.seed, rooms=3) == scene


@pytest.mark.parametrize("seed", range(20))
def test_contents_are_the_same_with_and_without_geometry(seed: int) -> None:
    flat, laid = sample_scene(seed, geometry=False), sample_scene(seed)
    assert flat.objects == laid.objects
    assert [(f.name, f.room, f.states) for f in flat.fixtures] == [(f.name, f.room, f.states) for f in laid.fixtures]
    assert [(r.name, r.kind) for r in flat.rooms] == [(r.name, r.kind) for r in laid.rooms]


def test_every_home_has_a_kitchen(scenes: list[Scene]) -> None:
    assert all(any(room.kind == "kitchen" for room in scene.rooms) for scene in scenes)


@pytest.mark.parametrize("rooms", range(1, 9))
def test_a_home_has_as_many_rooms_as_asked(rooms: int) -> None:
    assert len(sample_scene(rooms, rooms=rooms, geometry=False).rooms) == rooms


def test_too_many_rooms_are_refused() -> None:
    with pytest.raises(HomeError, match="1 to 8 rooms, not 9"):
        sample_scene(0, rooms=9)


def test_a_home_has_as_many_objects_as_asked() -> None:
    assert [len(sample_scene(s, n_objects=30, geometry=False).objects) for s in range(20)] == [30] * 20


def test_names_are_the_category_and_a_number_from_1(scenes: list[Scene]) -> None:
    for scene in scenes:
        numbers: dict[str, list[int]] = {}
        for item in (*scene.fixtures, *scene.objects):
            head, _, number = item.name.rpartition(" ")
            assert head == item.category
            numbers.setdefault(head, []).append(int(number))
        assert all(used == list(range(1, len(used) + 1)) for used in numbers.values())


def test_everything_fits_where_it_is(scenes: list[Scene]) -> None:
    assert all(DOMAIN.fits(o.category, category(o.place)) for scene in scenes for o in scene.objects)


def test_no_place_is_overfull(scenes: list[Scene]) -> None:
    for scene in scenes:
        used, number = Counter[str](), Counter[str]()
        for item in scene.objects:
            used[item.place] += DOMAIN.objects[item.category].units
            number[item.place] += 1
        assert all(n == 1 or used[p] <= DOMAIN.capacity(category(p)) for p, n in number.items())


def test_containers_come_before_what_they_hold(scenes: list[Scene]) -> None:
    for scene in scenes:
        fixture_names = {f.name for f in scene.fixtures}
        for item in scene.objects:
            assert item.place in fixture_names
            fixture_names.add(item.name)


def test_fixtures_stand_in_rooms_of_their_type(scenes: list[Scene]) -> None:
    for scene in scenes:
        kinds = {room.name: room.kind for room in scene.rooms}
        assert all(kinds[f.room] in DOMAIN.fixtures[f.category].rooms for f in scene.fixtures)


def test_objects_in_a_closed_fridge_are_cold(scenes: list[Scene]) -> None:
    closed = [(s, f.name) for s in scenes for f in s.fixtures if f.category == "fridge" and "open" not in f.states]
    assert all("cold" in o.states for scene, name in closed for o in scene.objects if o.place == name)


def test_nothing_that_heats_or_washes_runs(scenes: list[Scene]) -> None:
    quiet = {"microwave", "oven", "stove burner", "toaster", "coffee machine", "sink", "washing machine", "dishwasher"}
    assert not any("on" in f.states for scene in scenes for f in scene.fixtures if f.category in quiet)


def test_reservoirs_have_their_liquid(scenes: list[Scene]) -> None:
    full = [o for scene in scenes for o in scene.objects if DOMAIN.objects[o.category].contains]
    assert full and all(o.liquid == DOMAIN.objects[o.category].contains for o in full)


def test_a_sampled_scene_is_a_settled_world(scenes: list[Scene]) -> None:
    for scene in scenes:
        state = World(scene).initial()
        before = {o.name: o.states for o in scene.objects}
        after = {n: {s for s in DOMAIN.states if state.has(i, s)} for n, i in state.world.index.items() if n in before}
        assert after == before


def test_homes_vary(scenes: list[Scene]) -> None:
    objects = [o for scene in scenes for o in scene.objects]
    assert {o.category for o in objects} == set(DOMAIN.objects)
    assert {f.category for scene in scenes for f in scene.fixtures} == set(DOMAIN.fixtures)
    assert 0.4 < np.mean([any(f.category == "person" for f in scene.fixtures) for scene in scenes]) < 0.6
    assert any(category(o.place) in DOMAIN.objects for o in objects)


@given(seed=seeds, fixture=st.sampled_from(sorted(DOMAIN.fixtures)), number=st.integers(1, 4))
@settings(max_examples=60, deadline=None)
def test_required_fixtures_are_present(seed: int, fixture: str, number: int) -> None:
    scene = sample_scene(seed, need_fixtures={fixture: number}, geometry=False)
    assert sum(f.category == fixture for f in scene.fixtures) >= number


@given(seed=seeds, word=st.sampled_from(sorted({**DOMAIN.objects, **DOMAIN.members})), number=st.integers(1, 6))
@settings(max_examples=60, deadline=None)
def test_required_objects_are_present(seed: int, word: str, number: int) -> None:
    scene = sample_scene(seed, need_objects={word: number}, geometry=False)
    assert sum(o.category in DOMAIN.resolve(word) for o in scene.objects) >= number


@given(seed=seeds, absent=st.sets(st.sampled_from(sorted({**DOMAIN.objects, **DOMAIN.fixtures})), max_size=12))
@settings(max_examples=60, deadline=None)
def test_absent_categories_are_not_present(seed: int, absent: set[str]) -> None:
    scene = sample_scene(seed, absent=absent, geometry=False)
    assert not absent & {item.category for item in (*scene.fixtures, *scene.objects)}


def test_an_absent_class_is_absent_altogether() -> None:
    scene = sample_scene(3, absent=["food"], geometry=False)
    assert not [o for o in scene.objects if "food" in DOMAIN.objects[o.category].classes]


@given(seed=seeds, facts=st.sets(st.sampled_from(FACTS), max_size=6))
@settings(max_examples=80, deadline=None)
def test_required_facts_hold(seed: int, facts: set[str]) -> None:
    initial_state = World(sample_scene(seed, facts=sorted(facts), geometry=False)).initial()
    for fact in facts:
        assert all(holds(initial_state, condition, initial_state) for condition in parse_goal(fact).conditions), fact


@pytest.mark.parametrize(
    ("fact", "message"),
    [
        ("mug on dsek", "desk"),
        ("sofa in mug", "'sofa' is furniture"),
        ("pillow in mug", "does not fit a mug"),
        ("sliced mug", "is never so"),
        ("every plate is dirty", "cannot be a fact of a home"),
        ("holding book", "cannot be a fact of a home"),
    ],
)
def test_a_fact_that_can_never_hold_is_refused(fact: str, message: str) -> None:
    with pytest.raises(GoalError, match=message):
        sample_scene(0, facts=[fact], geometry=False)


def test_a_required_category_cannot_be_absent() -> None:
    with pytest.raises(HomeError, match="both have and lack bed"):
        sample_scene(0, need_fixtures={"bed": 1}, absent=["bed"])


def test_an_unknown_fixture_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(HomeError, match="'fridge'"):
        sample_scene(0, need_fixtures={"frige": 1})


def test_an_unknown_object_is_refused() -> None:
    with pytest.raises(EnvsError, match="aple"):
        sample_scene(0, need_objects={"aple": 1})


# Floors


def strewn(scene: Scene) -> list[str]:
    return [o.category for o in scene.objects if category(o.place) == "floor"]


def test_some_homes_have_objects_on_the_floor(scenes: list[Scene]) -> None:
    assert 0.3 < np.mean([bool(strewn(scene)) for scene in scenes]) < 0.5


def test_objects_on_the_floor_are_plausible(scenes: list[Scene]) -> None:
    lying = [name for scene in scenes for name in strewn(scene)]
    assert set(lying) == set(DOMAIN.sampling.strewn)
    assert not [name for name in lying if {"food", "dishes", "cutlery"} & set(DOMAIN.objects[name].classes)]


def test_a_floor_has_objects_on_it_and_is_the_only_one_of_its_room(scenes: list[Scene]) -> None:
    for scene in scenes:
        floors = [f for f in scene.fixtures if f.category == "floor"]
        assert len(floors) <= 2 and len({f.room for f in floors}) == len(floors)
        assert all(any(o.place == f.name for o in scene.objects) for f in floors)
        kinds = {room.name: room.kind for room in scene.rooms}
        assert all(kinds[f.room] in DOMAIN.sampling.strewn_in for f in floors)


def test_sampling_without_floors_is_unchanged_by_the_floor_feature(scenes: list[Scene]) -> None:
    tidy = [scene for scene in scenes if not strewn(scene)][:30]
    for scene in tidy:
        rooms = 1 + scene.seed % 8 if scene.seed % 2 else None
        assert sample_scene(scene.seed, rooms=rooms, absent=["floor"], geometry=False) == scene


def test_required_floors_are_in_different_rooms() -> None:
    for seed in range(20):
        scene = sample_scene(seed, rooms=3, need_fixtures={"floor": 3}, geometry=False)
        assert len({f.room for f in scene.fixtures if f.category == "floor"}) == 3
