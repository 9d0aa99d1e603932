"""Where things may be, and where to look next."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest

from envs.symbolic.actions import State
from envs.symbolic.domain import load_domain
from planner.exploration.information_needs import InformationNeed
from planner.exploration.search_order import (
    SearchAction,
    hypothesize,
    location_probabilities,
    most_likely,
    nearest,
    search_actions,
)
from planner.io.paths import datasets_dir
from planner.tasks.home_splits import SPLITS, sample_home
from planner.world_model import usual_places
from planner.world_model.belief import Belief
from planner.world_model.open_home import open_home
from planner.world_model.usual_places import count_places, format_places, load_usual_places, main, training_homes
from tests.envs.homes_for_tests import after
from tests.planner.world_model.two_rooms import seen_at_start, two_rooms

MUG = InformationNeed(label="mug", words=("mug",))
SHIRT = InformationNeed(label="shirt", words=("shirt",))


@pytest.fixture
def start(tmp_path: Path) -> State:
    return two_rooms(tmp_path)


def look(chance: float, cost_s: float) -> SearchAction:
    return SearchAction(fixture="cabinet 1", opens=True, shows=frozenset(), chance=chance, cost_s=cost_s)


def test_chances_are_of_places_not_looked_at_and_add_up_to_one(start: State) -> None:
    belief = seen_at_start(start)
    found = location_probabilities(MUG, belief)
    assert sum(found.values()) == pytest.approx(1.0)
    assert not found.keys() & belief.looked


def test_a_place_that_a_thing_does_not_fit_has_no_chance(start: State) -> None:
    backpack = location_probabilities(InformationNeed(label="backpack", words=("backpack",)), seen_at_start(start))
    assert backpack and "drawer 1" not in backpack and not load_domain().fits("backpack", "drawer")


def test_a_place_that_cannot_be_got_to_has_no_chance(start: State) -> None:
    belief = seen_at_start(start)
    assert "cabinet 1" in location_probabilities(MUG, belief)
    assert "cabinet 1" not in location_probabilities(MUG, belief, frozenset({"cabinet 1"}))


def test_when_all_places_were_looked_at_none_is_left(start: State) -> None:
    belief = replace(seen_at_start(start), looked=frozenset(start.world.names))
    assert (location_probabilities(MUG, belief), search_actions([MUG], belief)) == ({}, [])


def test_a_place_that_is_remembered_without_it_is_less_likely(start: State) -> None:
    belief = seen_at_start(start)
    again = replace(belief, remembered=frozenset({"cabinet 2"}))
    assert (
        location_probabilities(MUG, again)["cabinet 2"]
        < location_probabilities(MUG, belief)["cabinet 2"]
        == location_probabilities(MUG, belief)["cabinet 1"]
    )


def test_all_that_lies_openly_in_another_room_is_one_look(start: State) -> None:
    open_ones = [found for found in search_actions([SHIRT], seen_at_start(start)) if not found.opens]
    assert len(open_ones) == 1 and {"bed 1", "desk 1", "side table 1"} <= open_ones[0].shows


def test_what_is_open_need_not_be_opened(start: State) -> None:
    belief = seen_at_start(after(start, "open wardrobe 1", "close wardrobe 1", "open wardrobe 1", "go to fridge 1"))
    belief = replace(belief, fixtures={**belief.fixtures, "wardrobe 1": frozenset({"open"})})
    assert all(not found.opens for found in search_actions([SHIRT], belief) if found.fixture == "wardrobe 1")


def test_the_likeliest_look_is_the_one_of_most_chance_for_its_time() -> None:
    far, near = look(0.6, 60.0), look(0.3, 10.0)
    assert (most_likely([far, near]), nearest([far, near])) == (near, near)
    assert most_likely([look(0.6, 12.0), near]) == look(0.6, 12.0)


def test_the_way_to_a_place_costs_time() -> None:
    belief = Belief.of_map(open_home("studio").world.scene)
    costs = {found.fixture: found.cost_s for found in search_actions([MUG], belief) if found.opens}
    assert len(set(costs.values())) == len(costs) > 2


def test_things_are_imagined_where_the_next_look_goes(start: State) -> None:
    belief = seen_at_start(start)
    fridge = next(found for found in search_actions([MUG], belief) if found.fixture == "fridge 1")
    (known,) = hypothesize([MUG], belief, fridge).values()
    assert (known.place, known.source) == ("fridge 1", "imagined")


def test_as_many_are_imagined_as_are_wanted_each_with_a_name_of_its_own(start: State) -> None:
    assert set(hypothesize([replace(MUG, number=2)], seen_at_start(start))) == {"mug 1", "mug 2"}


# Where things usually are


def test_the_counts_are_of_training_homes_and_of_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    spans = []

    def spy(rng: random.Random, span: tuple[int, int], **more: object) -> State:
        spans.append(span)
        return sample_home(rng, span)

    monkeypatch.setattr("planner.tasks.home_splits.sample_home", spy)
    assert len(list(training_homes(3, 0))) == 3
    assert set(spans) == {SPLITS["train"]}


def test_what_is_kept_is_what_counting_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first homes of the file's own seed: none of their counts may be above the file's."""
    part, whole = count_places(training_homes(20, 0)), load_usual_places()
    assert whole.homes == usual_places.DEFAULT_HOMES
    for category, counts in part.things.items():
        assert all(n <= whole.things[category].get(key, 0) for key, n in counts.items())


def test_a_thing_in_a_thing_is_counted_where_that_is(start: State) -> None:
    counted = count_places([start])
    assert counted.things["watch"] == {"side table|bedroom": 1}
    assert (counted.homes, counted.fixtures["cabinet|kitchen"]) == (1, 2)


def test_a_rate_is_things_a_fixture(start: State) -> None:
    counted, domain = count_places([start]), load_domain()
    assert counted.rate("mug", "cabinet", "kitchen", domain) == pytest.approx(0.5, abs=0.01)
    assert counted.rate("shirt", "stove burner", "kitchen", domain) == 0.0


def test_what_was_never_counted_is_likelier_where_the_domain_says_it_is_kept(start: State) -> None:
    counted, domain = count_places([start]), load_domain()
    first, *_ = domain.objects["spoon"].at
    other = next(f for f in domain.fixtures if f not in domain.objects["spoon"].at and domain.fits("spoon", f))
    assert counted.rate("spoon", first, "kitchen", domain) > counted.rate("spoon", other, "kitchen", domain) > 0


def test_every_category_has_a_place(start: State) -> None:
    usual, domain = load_usual_places(), load_domain()
    assert all(any(usual.rate(c, f, "kitchen", domain) > 0 for f in domain.fixtures) for c in domain.objects)


def test_counting_writes_the_file_that_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "usual.json"
    assert main(["--homes", "2", "--seed", "1", "--out", str(out)]) == 0
    assert "in 2 homes" in capsys.readouterr().out
    assert out.read_text(encoding="utf-8") == format_places(count_places(training_homes(2, 1)))


def test_the_file_is_in_the_form_that_counting_writes() -> None:
    text = (datasets_dir() / "places" / "usual.json").read_text(encoding="utf-8")
    assert text == format_places(load_usual_places()) and json.loads(text)["homes"] == usual_places.DEFAULT_HOMES


def test_no_homes_are_no_counts(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--homes", "0"]) == 2
    assert "--homes must be at least 1" in capsys.readouterr().err
