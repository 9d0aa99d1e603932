"""The steps back to an earlier state: what was moved, switched and opened is as it was; the rest is named."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from envs.symbolic.actions import Action, State, applicable, parse_action, successor
from envs.symbolic.goals import format_goal
from envs.symbolic.state import DIRTY, ON, OPEN
from planner.corrections.undoing import Undone, undo
from planner.tasks.home_splits import sample_home
from planner.verification.plan_verification import verify
from tests.planner.world_model.two_rooms import two_rooms


def after(state: State, *steps: str) -> State:
    for step in steps:
        state = successor(state, parse_action(state.world, step))
    return state


def replayed(now: State, undone: Undone) -> State:
    for action in undone.actions:
        now = successor(now, action)
    return now


@pytest.fixture
def start(tmp_path: Path) -> State:
    return two_rooms(tmp_path)


def test_what_was_moved_is_put_back_and_doors_are_closed_again(start: State) -> None:
    now = after(start, "open cabinet 2", "pick up mug 1", "put mug 1 on dining table 1")
    undone = undo(start, now)
    assert replayed(now, undone) == undone.final and undone.final.place == start.place
    assert undone.final.flags == start.flags and undone.stays == ()
    assert undone.goal is not None and format_goal(undone.goal) == "mug in cabinet ; cabinet closed"
    assert verify(now, undone.goal, undone.actions, initial_state=now).ok


def test_what_is_held_is_put_where_it_was(start: State) -> None:
    now = after(start, "open cabinet 2", "pick up mug 1", "go to desk 1")
    undone = undo(start, now)
    assert undone.final.place == start.place and undone.final.flags == start.flags
    closed = after(
        start, "open drawer 1", "pick up pen 1", "put pen 1 on countertop 1", "close drawer 1", "pick up pen 1"
    )
    assert undo(start, closed).final.place == start.place


def test_what_was_held_is_held_again(start: State) -> None:
    before = after(start, "go to side table 1", "pick up book 1")
    undone = undo(before, after(before, "go to desk 1", "put book 1 on desk 1"))
    assert undone.final.held == before.held and undone.goal is not None and format_goal(undone.goal) == "holding book"


def test_switches_are_as_they_were(start: State) -> None:
    now = after(start, "turn on microwave 1")
    undone = undo(start, now)
    assert [a.skill for a in undone.actions if a.skill != "go to"] == ["turn off"]
    assert not any(flags & ON for flags in undone.final.flags)
    back = undo(now, start)
    assert back.final.flags == now.flags


def test_what_cannot_be_taken_back_is_named(tmp_path: Path) -> None:
    start = two_rooms(
        tmp_path,
        "name: kitchen\nrooms:\n  kitchen: [countertop, dining table]\nobjects:\n  countertop: [knife, bread]\n",
    )
    now = after(start, "pick up knife 1", "slice bread 1", "put knife 1 on dining table 1")
    undone = undo(start, now)
    assert undone.stays == ("bread 1 stays sliced",) and undone.final.place == start.place
    assert undo(start, start).goal is None and undo(start, start).actions == ()


def test_becoming_clean_is_no_harm(start: State) -> None:
    glass = start.world.index["glass 1"]
    washed = start._replace(flags=(*start.flags[:glass], start.flags[glass] & ~DIRTY, *start.flags[glass + 1 :]))
    assert undo(start, washed).stays == () and undo(washed, start).stays == ("glass 1 stays dirty",)


def test_some_things_alone_are_put_back(start: State) -> None:
    now = after(
        start, "pick up plate 1", "put plate 1 on dining table 1", "pick up glass 1", "put glass 1 on dining table 1"
    )
    plate, glass = start.world.index["plate 1"], start.world.index["glass 1"]
    final = undo(start, now, only=frozenset([plate])).final
    assert final.place[plate] == start.place[plate] and final.place[glass] == now.place[glass]


def test_random_walks_are_undone_or_what_is_left_is_named() -> None:
    restored = 0
    for seed in range(40):
        rng = random.Random(seed)
        start = sample_home(rng, (1, 3))
        now = start
        for _ in range(30):
            actions: list[Action] = list(applicable(now))
            now = successor(now, rng.choice(actions))
        undone = undo(start, now)
        assert replayed(now, undone) == undone.final
        moved = [n for n, a, b in zip(start.world.names, start.place, undone.final.place, strict=True) if a != b]
        assert [f"{name} cannot be put back" for name in moved] == [s for s in undone.stays if s.endswith("put back")]
        restored += not moved
        left = sum((a ^ b) & (OPEN | ON) != 0 for a, b in zip(start.flags, undone.final.flags, strict=True))
        assert left <= len(undone.stays)
    assert restored >= 36
