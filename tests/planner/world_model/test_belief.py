"""What the robot knows, and how what it sees and does changes that."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from envs.symbolic.actions import Action, State, parse_action
from envs.symbolic.disturbances import Disturbance, disturbed_state
from planner.world_model.belief import HAND, Belief, Known, free_name
from tests.envs.homes_for_tests import after
from tests.planner.world_model.two_rooms import seen_at_start, two_rooms


@pytest.fixture
def start(tmp_path: Path) -> State:
    return two_rooms(tmp_path)


def watched(start: State, *subtasks: str) -> tuple[Belief, State]:
    """What is known after some subtasks, each of which was watched, and what is true then."""
    belief = seen_at_start(start)
    for subtask in subtasks:
        start = after(start, subtask)
        belief = belief.after(parse_action(start.world, subtask)).observe(start)
    return belief, start


def test_the_map_alone_says_nothing_of_things_or_of_states(start: State) -> None:
    dirty = replace(start.world.scene.fixtures[0], states=frozenset({"dirty"}))
    scene = replace(start.world.scene, fixtures=(dirty, *start.world.scene.fixtures[1:]))
    belief = Belief.of_map(scene)
    assert (belief.things, belief.fixtures, belief.scene.objects) == ({}, {}, ())
    assert not any(fixture.states for fixture in belief.scene.fixtures)


def test_at_the_start_only_what_is_in_sight_is_known(start: State) -> None:
    assert set(seen_at_start(start).things) == {"plate 1", "glass 1"}


def test_a_closed_containers_contents_are_unknown_until_it_is_opened(start: State) -> None:
    belief, _ = watched(start)
    assert "mug 1" not in belief.things and "cabinet 2" not in belief.looked
    belief, _ = watched(start, "open cabinet 2")
    assert belief.things["mug 1"].place == "cabinet 2" and "cabinet 2" in belief.looked


def test_states_and_liquids_are_seen_with_the_thing(start: State) -> None:
    assert seen_at_start(start).things["glass 1"].states == {"dirty"}


def test_what_was_seen_is_remembered_once_it_is_hidden_or_left_behind(start: State) -> None:
    belief, _ = watched(start, "open cabinet 2", "close cabinet 2", "go to bed 1")
    assert belief.things["mug 1"].place == "cabinet 2" and belief.things["plate 1"].place == "countertop 1"
    assert belief.room == "bedroom"


def test_what_moved_while_nobody_looked_is_noticed_on_return(start: State) -> None:
    belief, now = watched(start, "go to bed 1")
    now = disturbed_state(now, Disturbance(kind="move", name="plate 1", place="dining table 1"))
    assert belief.observe(now).things["plate 1"].place == "countertop 1"
    now = after(now, "go to fridge 1")
    assert belief.observe(now).things["plate 1"].place == "dining table 1"


def test_what_is_gone_is_no_longer_known_to_be_anywhere(start: State) -> None:
    belief, now = watched(start, "go to bed 1")
    now = after(disturbed_state(now, Disturbance(kind="move", name="plate 1", place="cabinet 1")), "go to fridge 1")
    assert "plate 1" not in belief.observe(now).things


def test_when_something_is_gone_the_places_out_of_sight_count_as_not_looked_at(start: State) -> None:
    belief, now = watched(start, "open drawer 1", "go to bed 1")
    assert {"drawer 1", "countertop 1"} <= belief.looked
    now = disturbed_state(now, Disturbance(kind="move", name="book 1", place="wardrobe 1"))
    belief = belief.observe(now)
    assert "drawer 1" not in belief.looked and "drawer 1" in belief.remembered and "bed 1" in belief.looked


def test_what_the_robot_carries_off_itself_is_not_missed(start: State) -> None:
    belief, _ = watched(start, "open cabinet 2", "pick up mug 1")
    assert belief.things["mug 1"].place == HAND and "cabinet 2" in belief.looked
    belief, _ = watched(start, "open cabinet 2", "pick up mug 1", "put mug 1 on desk 1")
    assert belief.things["mug 1"].place == "desk 1" and "cabinet 2" in belief.looked


def test_what_goes_on_behind_a_closed_door_by_the_robots_own_doing_is_known(start: State) -> None:
    into = ("open microwave 1", "open fridge 1", "pick up apple 1", "put apple 1 in microwave 1")
    belief, _ = watched(start, *into, "close microwave 1", "turn on microwave 1")
    assert "hot" in belief.things["apple 1"].states


def test_an_action_that_cannot_have_been_done_as_believed_changes_nothing_but_by_sight(start: State) -> None:
    belief = seen_at_start(start)
    assert belief.after(Action("pick up", ("mug 1",))) is belief
    assert belief.after(Action("close", ("cabinet 1",))) is belief


def test_a_thing_in_a_container_goes_where_the_container_goes(start: State) -> None:
    belief, _ = watched(start, "go to bed 1", "pick up box 1", "put box 1 on dining table 1")
    assert (belief.things["watch 1"].place, belief.root("watch 1")) == ("box 1", "dining table 1")


def test_with_a_container_that_is_gone_its_contents_are_gone(start: State) -> None:
    belief, now = watched(start, "go to bed 1", "go to fridge 1")
    now = after(disturbed_state(now, Disturbance(kind="move", name="box 1", place="cabinet 1")), "go to bed 1")
    assert not {"box 1", "watch 1"} & belief.observe(now).things.keys()


def test_the_start_is_remembered_as_it_was_when_it_was_first_seen(start: State) -> None:
    belief, _ = watched(start, "pick up plate 1", "put plate 1 on dining table 1")
    now, first = belief.states()
    plate = now.world.index["plate 1"]
    assert now.world.names[now.place[plate]] == "dining table 1"
    assert first.world.names[first.place[plate]] == "countertop 1"


def test_what_is_told_is_known_until_it_is_seen_not_to_be_so(start: State) -> None:
    told = {"mug 1": Known(category="mug", place="cabinet 1", source="told")}
    belief = Belief.of_map(start.world.scene).with_statements(told).observe(start)
    assert belief.things["mug 1"].place == "cabinet 1"
    assert "mug 1" not in belief.observe(after(start, "open cabinet 1")).things


def test_imagined_things_are_in_the_state_and_not_in_the_belief(start: State) -> None:
    belief = seen_at_start(start)
    now, _ = belief.states({"mug 1": Known(category="mug", place="cabinet 1", source="imagined")})
    assert "mug 1" in now.world.index and "mug 1" not in belief.states()[0].world.index


def test_a_free_name_is_one_that_nothing_known_has(start: State) -> None:
    belief = seen_at_start(start)
    assert (free_name(belief, "plate"), free_name(belief, "mug"), free_name(belief, "plate", {"plate 2"})) == (
        "plate 2", "mug 1", "plate 3",
    )  # fmt: skip


def test_what_is_seen_to_be_apart_is_believed_until_it_is_moved(start: State) -> None:
    index = start.world.index
    pair = tuple(sorted((index["plate 1"], index["glass 1"])))
    measured = start._replace(apart=frozenset({(pair[0], pair[1])}))
    belief = seen_at_start(measured)
    believed, _ = belief.states()
    names = believed.world.index
    assert names["glass 1"] not in believed.neighbors(names["plate 1"])
    assert seen_at_start(start).states()[0].neighbors(names["plate 1"]) == [names["glass 1"]]
    moved = belief.after(parse_action(start.world, "pick up plate 1"))
    assert not moved.apart
    assert not belief.observe(start).apart  # what is seen now counts
