"""Failure notes: their wording, the objects abandoned because of them, and the notes shown in a prompt."""

from __future__ import annotations

import pytest

from envs.symbolic.actions import State, parse_action
from envs.symbolic.disturbances import Disturbance, disturbed_state
from envs.symbolic.goals import parse_goal
from planner.facts.failure_notes import (
    MAX_NOTES,
    Note,
    abandoned,
    changes,
    facts_for,
    failure,
    permanent_failures,
    relevant_notes,
)
from tests.envs.homes_for_tests import after, state


def small() -> State:
    return state(["cabinet 1", "desk 1", "sofa 1"], {"mug 1": "cabinet 1", "mug 2": "sofa 1", "book 1": "desk 1"})


def failed(subtask: str, reason: str) -> Note:
    world = small().world
    return failure(world, parse_action(world, subtask), reason)


def notes_of(before: State, disturbance: Disturbance) -> list[str]:
    return [note.said for note in changes(before, disturbed_state(before, disturbance))]


def test_a_failure_note_has_its_reason() -> None:
    assert failed("pick up mug 2", "mug 2 slipped").said == "pick up mug 2 failed : mug 2 slipped"


def test_a_failure_note_omits_the_tick_of_a_timeout() -> None:
    assert failed("open cabinet 1", "timeout at tick 14400").said == "open cabinet 1 failed : timeout"


@pytest.mark.parametrize(
    ("reason", "suspect"),
    [("mug 2 slipped", "mug 2"), ("no room on desk 1", "desk 1"), ("timeout at tick 9", "desk 1")],
)
def test_the_suspect_is_the_object_in_the_reason_or_the_place(reason: str, suspect: str) -> None:
    assert failed("put mug 2 on desk 1", reason).suspect == suspect


def test_a_name_is_not_matched_within_a_longer_one() -> None:
    world = state(["desk 1"], {"mug 1": "desk 1", "mug 11": "desk 1"}).world
    note = failure(world, parse_action(world, "pick up mug 1"), "mug 11 is in the way")
    assert note.suspect == "mug 1" == note.names[-1]


@pytest.mark.parametrize("reason", ["cannot reach mug 2", "no way to mug 2", "mug 2 is too wide for the hand"])
def test_an_object_that_would_fail_again_is_abandoned_at_once(reason: str) -> None:
    assert (
        abandoned([failed("pick up mug 2", reason)])
        == permanent_failures([failed("pick up mug 2", reason)])
        == {"mug 2"}
    )


def test_an_object_that_slipped_twice_is_abandoned_but_not_permanently() -> None:
    slip = failed("pick up mug 2", "mug 2 slipped")
    assert (abandoned([slip]), abandoned([slip, slip]), permanent_failures([slip, slip])) == (set(), {"mug 2"}, set())


def test_external_changes_abandon_no_object() -> None:
    note = changes(small(), disturbed_state(small(), Disturbance(kind="open", name="cabinet 1")))
    assert abandoned([*note, *note]) == set()


def test_an_expected_state_gives_no_notes() -> None:
    assert changes(small(), small()) == ()


def test_observed_changes_are_worded() -> None:
    moved = Disturbance(kind="move", name="mug 2", place="desk 1")
    assert notes_of(small(), moved) == ["somebody moved mug 2 to desk 1"]
    assert notes_of(small(), Disturbance(kind="open", name="cabinet 1")) == ["cabinet 1 is open now"]
    carrying = after(small(), "pick up mug 2")
    assert notes_of(carrying, Disturbance(kind="drop", name="mug 2")) == ["mug 2 dropped : it is on floor now"]


def test_a_prompt_gets_the_latest_notes_about_its_objects() -> None:
    notes = [Note(said=str(n), names=("mug 1" if n % 2 else "mug 2",)) for n in range(20)]
    assert [note.said for note in relevant_notes(notes, {"mug 1", "desk 1"})] == ["13", "15", "17", "19"]
    assert len(relevant_notes(notes, {"mug 1", "mug 2"})) == MAX_NOTES


def test_facts_name_the_failed_object_and_its_alternatives() -> None:
    now = state(["sink 1", "dishwasher 1", "desk 1"], {"mug 1: dirty": "desk 1"})
    goal = parse_goal("clean mug").conditions
    note = failure(now.world, parse_action(now.world, "turn on sink 1"), "no way to sink 1")
    assert facts_for(now, goal, now, ()).names == {"mug 1", "desk 1", "sink 1"}
    assert facts_for(now, goal, now, [note]).names == {"mug 1", "desk 1", "sink 1", "dishwasher 1"}
