from __future__ import annotations

import pytest

from envs.errors import DomainError
from envs.symbolic.domain import Domain, load_domain

ALFRED_PICKABLE = """
alarm clock; apple; baseball bat; basketball; book; bowl; box; bread; butter knife; candle; CD;
cell phone; cloth; credit card; cup; dish sponge; egg; fork; glass bottle; hand towel; kettle;
key chain; knife; ladle; laptop; lettuce; mug; newspaper; pan; pen; pencil; pepper shaker; pillow;
plate; plunger; pot; potato; remote control; salt shaker; soap bar; soap bottle; spatula; spoon;
spray bottle; statue; tennis racket; tissue box; toilet paper; tomato; vase; watch; watering can;
wine bottle
"""
ROOM_KINDS = {"kitchen", "living room", "bedroom", "bathroom", "office", "dining room", "hall", "laundry room"}


@pytest.fixture(scope="module")
def domain() -> Domain:
    return load_domain()


def test_the_domain_is_read_once() -> None:
    assert load_domain() is load_domain()


def test_every_pickable_type_of_alfred_exists(domain: Domain) -> None:
    names = " ".join(ALFRED_PICKABLE.split()).split("; ")
    assert len(names) == 53
    assert not [name for name in names if name not in domain.objects]


def test_there_are_over_a_hundred_objects_and_forty_fixtures(domain: Domain) -> None:
    assert len(domain.objects) > 100
    assert len(domain.fixtures) > 40


def test_every_state_of_a_process_and_of_a_negation_is_known(domain: Domain) -> None:
    words = {*domain.states, *domain.negations}
    assert {w for p in domain.processes for w in (*p.when, *p.set, *p.clear)} <= words
    assert set(domain.negations.values()) <= set(domain.states)


def test_every_liquid_that_something_contains_or_a_process_fills_is_known(domain: Domain) -> None:
    liquids = {category.contains for category in domain.objects.values()} | {p.fill for p in domain.processes}
    assert liquids - {None} <= set(domain.liquids)


def test_every_liquid_can_be_obtained(domain: Domain) -> None:
    liquids = {category.contains for category in domain.objects.values()} | {p.fill for p in domain.processes}
    assert set(domain.liquids) - liquids <= {"tea"}  # tea only occurs ready-made in a cup


def test_every_category_that_a_fixture_accepts_is_an_object_or_a_class(domain: Domain) -> None:
    for fixture in domain.fixtures.values():
        for word in fixture.accepts:
            assert domain.resolve(word), fixture.name


def test_every_fixture_stands_in_a_kind_of_room_that_homes_have(domain: Domain) -> None:
    assert {room for fixture in domain.fixtures.values() for room in fixture.rooms} <= ROOM_KINDS


def test_a_fixture_that_must_be_closed_for_its_process_can_be_closed(domain: Domain) -> None:
    for process in domain.processes:
        for name in process.at:
            fixture = domain.fixtures[name]
            assert fixture.joint is not None or not {"open", "closed"} & set(process.when), name
            assert fixture.switch or not {"on", "off"} & set(process.when), name


def test_every_object_fits_everywhere_it_is_kept(domain: Domain) -> None:
    assert not [(o.name, f) for o in domain.objects.values() for f in o.at if not domain.fits(o.name, f)]


def test_every_region_lies_within_its_fixture(domain: Domain) -> None:
    for fixture in domain.fixtures.values():
        if fixture.region is not None:
            assert fixture.region.size[0] <= fixture.size[0], fixture.name
            assert fixture.region.size[1] <= fixture.size[1], fixture.name


def test_no_name_contains_a_word_that_joins_subtasks_or_goals(domain: Domain) -> None:
    joints = {"on", "in", "with", "into", "to", "of", "then", "is", "except", "every", "no", "holding"}
    assert not [name for name in (*domain.objects, *domain.fixtures) if joints & set(name.split())]


def test_no_name_begins_with_a_state_or_a_number(domain: Domain) -> None:
    states = {*domain.states, *domain.negations}
    firsts = {name.split()[0] for name in (*domain.objects, *domain.fixtures)}
    assert not firsts & states
    assert not [word for word in firsts if word.isdigit()]


def test_a_spoon_fits_in_a_cup(domain: Domain) -> None:
    assert domain.fits("spoon", "cup")


def test_a_pillow_does_not_fit_in_a_cup(domain: Domain) -> None:
    assert not domain.fits("pillow", "cup")


def test_nothing_fits_into_its_own_category(domain: Domain) -> None:
    assert not [name for name in domain.objects if domain.fits(name, name)]


def test_a_toaster_takes_bread_only(domain: Domain) -> None:
    assert [name for name in domain.objects if domain.fits(name, "toaster")] == ["bread"]


def test_nothing_fits_a_fixture_without_a_region(domain: Domain) -> None:
    assert not domain.fits("apple", "television")
    assert domain.capacity("television") == 0


def test_anything_means_every_object(domain: Domain) -> None:
    assert set(domain.resolve("anything")) == set(domain.objects)


def test_an_unknown_word_is_an_error_that_offers_the_nearest(domain: Domain) -> None:
    with pytest.raises(DomainError, match="did you mean 'plate'"):
        domain.resolve("plaet")
