"""Who lives in a home, what they ask for, and a day with them; the teacher plans in the GPT's place."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from envs.simulation.symbolic_home import SymbolicHome
from envs.symbolic.actions import Action, State
from envs.symbolic.domain import load_domain
from envs.symbolic.goals import format_goal, parse_goal
from planner.errors import PlannerError
from planner.household.daily_life import search, simulate_day, tasks_of
from planner.household.requests import RequestSampler, to_plain_words
from planner.household.simulated_household import Household, StickyHome, load_nicknames, morning_state, sample_household
from planner.language.normalization import normalize
from planner.language.phrase_patterns import load_words
from planner.world_model.belief import Belief
from planner.world_model.location_prior import COMMON
from planner.world_model.open_home import open_home
from tests.planner.world_model.two_rooms import TWO_ROOMS, TaughtPlanner, two_rooms

FEW_DOORS = "name: hut\nrooms:\n  bedroom: [bed, desk]\nobjects:\n  desk: [pen]\n"


@pytest.fixture(scope="module")
def home() -> State:
    return open_home("family_house", geometry=False)


@pytest.fixture(scope="module")
def household(home: State) -> Household:
    return sample_household(home, 0)


def place(state: State, thing: str) -> str:
    return state.world.names[state.place[state.world.index[thing]]]


def test_a_household_is_repeated_by_its_seed(home: State, household: Household) -> None:
    assert sample_household(home, 0) == household != sample_household(home, 1)


def test_some_things_are_kept_elsewhere_in_closed_furniture_where_they_fit(household: Household) -> None:
    world = household.home.world
    moved = {n: p for n, p in household.usual_places.items() if p != place(household.home, n)}
    assert 0.3 < len(moved) / len(household.usual_places) < 0.9
    for name, kept in moved.items():
        assert world.enclosed[world.index[kept]] and world.fits(world.index[name], world.index[kept])


def test_all_of_a_category_that_is_kept_elsewhere_is_kept_together(household: Household) -> None:
    places: dict[str, set[str]] = {}
    for name, kept in household.usual_places.items():
        if kept != place(household.home, name):
            places.setdefault(name.rpartition(" ")[0], set()).add(kept)
    assert all(len(kept) == 1 for kept in places.values())


def test_nicknames_are_of_things_and_fixtures_that_are_there_and_differ(household: Household) -> None:
    assert set(household.nicknames) <= set(household.home.world.categories)
    assert len(set(household.nicknames.values())) == len(household.nicknames) == 8


def test_no_nickname_is_a_word_that_anything_is_called_by() -> None:
    words, domain = load_words(), load_domain()
    tables = (words.objects, words.fixtures, words.classes, words.liquids)
    known = {name for table in tables for names in table.values() for name in names}
    known |= {*domain.objects, *domain.fixtures, *domain.members, *words.ambiguous}
    assert not known & {name for names in load_nicknames().values() for name in names}


def test_a_home_without_closed_furniture_has_no_habits_to_learn(tmp_path: Path) -> None:
    with pytest.raises(PlannerError, match="no cabinet"):
        sample_household(two_rooms(tmp_path, FEW_DOORS), 0)


def test_most_mornings_a_thing_is_in_its_usual_place(household: Household) -> None:
    mornings = [morning_state(household, random.Random(day)) for day in range(12)]
    usual = [place(state, name) == kept for state in mornings for name, kept in household.usual_places.items()]
    assert 0.75 < sum(usual) / len(usual) < 0.95


def test_a_morning_loses_nothing_and_fills_no_place_beyond_its_room(household: Household) -> None:
    state = morning_state(household, random.Random(5))
    world = state.world
    assert world.names == household.home.world.names
    for i in range(world.n_fixtures):
        inside = state.children(i)
        assert len(inside) < 2 or sum(world.units[t] for t in inside) <= world.capacity[i]


def test_a_door_that_sticks_fails_as_often_as_it_does_and_stays_closed(tmp_path: Path) -> None:
    start = two_rooms(tmp_path)
    tries = Counter[str]()
    for seed in range(100):
        home = StickyHome(start, {"drawer 1": 0.6}, str(seed))
        step = home.execute(Action("open", ("drawer 1",)))
        tries[step.status] += 1
        assert (step.status == "done") == home.state().has(start.world.index["drawer 1"], "open")
        assert step.duration_s > 0
    assert 45 <= tries["failed"] <= 75
    assert StickyHome(start, {"drawer 1": 0.99}, "0").execute(Action("open", ("cabinet 1",))).status == "done"


def test_what_is_asked_for_can_be_done_and_is_not_so_yet(home: State) -> None:
    asker = RequestSampler(random.Random(0))
    for _ in range(20):
        request = asker.sample(home, {})
        assert request is not None and request.instruction == request.plain_instruction == normalize(
            request.instruction
        )
        assert request.category in format_goal(request.goal)


def test_a_nickname_is_said_and_explained(home: State) -> None:
    asker = RequestSampler(random.Random(1))
    for _ in range(10):
        request = asker.sample(home, {"mug": "bucket"}, category="mug")
        assert request is not None and "bucket" in request.instruction
        assert (
            request.plain_instruction == to_plain_words(request.instruction, {"bucket": "mug"}) != request.instruction
        )


def test_held_out_patterns_are_not_those_of_the_days() -> None:
    patterns = [
        {(f.name, p) for f, patterns in RequestSampler(random.Random(0), split).patterns for p in patterns}
        for split in ("train", "test")  # type: ignore[arg-type]
    ]
    assert patterns[0] and patterns[1] and not patterns[0] & patterns[1]


def test_words_are_replaced_whole() -> None:
    assert to_plain_words("put the bucket by the buckets", {"bucket": "mug"}) == "put the mug by the buckets"


def test_a_search_counts_what_is_opened_until_the_thing_is_in_sight(tmp_path: Path) -> None:
    start = two_rooms(tmp_path)
    belief = Belief.of_map(start.world.scene)
    planner = TaughtPlanner()
    episode, opened, found = search(parse_goal("mug on desk"), SymbolicHome(start), belief, planner, "mug")
    assert episode.success and found and opened in (1, 2)
    episode, opened, found = search(parse_goal("plate on desk"), SymbolicHome(start), belief, planner, "plate")
    assert episode.success and found and opened == 0


def test_what_is_nowhere_is_not_found(tmp_path: Path) -> None:
    start = two_rooms(tmp_path, TWO_ROOMS.replace("cabinet 2: [mug, bowl]", "cabinet 2: [bowl]"))
    belief = Belief.of_map(start.world.scene)
    _, opened, found = search(parse_goal("mug on desk"), SymbolicHome(start), belief, TaughtPlanner(), "mug")
    assert not found and opened >= 4


class Listening(TaughtPlanner):
    """Takes what has a nickname in it for something else, and what is said plainly as it is meant."""

    def __init__(self, asked: dict[str, str]) -> None:
        super().__init__()
        self.meant = asked  # which grows


def test_a_day_says_what_was_asked_seen_and_tried_and_nothing_of_what_is_hidden(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = two_rooms(tmp_path)
    usual = {spec.name: spec.place for spec in start.world.scene.objects if spec.place in start.world.names[:11]}
    household = Household(home=start, usual_places=usual, nicknames={"pen": "tugboat"}, stuck_chance={"drawer 1": 0.5})
    asked: dict[str, str] = {}
    sample = RequestSampler.sample

    def remembered(self: RequestSampler, home: State, nicknames: dict[str, str], **wanted: str) -> object:
        request = sample(self, home, nicknames, **wanted)
        if request is not None:
            asked[request.plain_instruction] = format_goal(request.goal)
            asked.setdefault(request.instruction, "book on bed")
        return request

    monkeypatch.setattr(RequestSampler, "sample", remembered)
    record = simulate_day(household, Listening(asked), COMMON, day=1, seed=3)
    assert record.keys() == {"day", "tasks", "seen", "looked", "tried"}
    tasks = tasks_of([record])
    assert len(tasks) == 5 and all(task["goal"] == asked[str(task.get("plainly", task["said"]))] for task in tasks)
    seen, looked = record["seen"], record["looked"]
    assert isinstance(seen, dict) and isinstance(looked, list)
    assert set(seen.values()) <= set(looked)


def test_a_day_is_repeated_by_its_seed(household: Household) -> None:
    few = replace(household, nicknames={})
    assert morning_state(few, random.Random("a")).place == morning_state(few, random.Random("a")).place
