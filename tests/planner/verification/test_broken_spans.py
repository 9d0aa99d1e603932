"""Where a plan is broken: what can stay of it, and what is to be written anew."""

from __future__ import annotations

from itertools import islice

from envs.symbolic.actions import Action, State, format_action, parse_action, successor, unmet_precondition
from envs.symbolic.disturbances import Disturbance, disturbed_state
from envs.symbolic.goals import Goal, parse_goal
from planner.corpus.corpus import Corpus, Recipe
from planner.corpus.failure_scenarios import Incidents
from planner.decoding.plan_repair import span_prompt
from planner.facts.failure_notes import abandoned
from planner.verification.broken_spans import BrokenSpan, broken_spans
from planner.verification.plan_verification import verify
from tests.envs.homes_for_tests import after, state

TWO = ("open cabinet 1", "pick up mug 1", "put mug 1 on desk 1", "pick up book 1", "put book 1 on sofa 1")
GOAL = "mug on desk ; book on sofa"
SHUT = Disturbance(kind="close", name="cabinet 1")


def small() -> State:
    return state(["cabinet 1", "desk 1", "sofa 1"], {"mug 1": "cabinet 1", "mug 2": "sofa 1", "book 1": "desk 1"})


def actions(now: State, *subtasks: str) -> list[Action]:
    return [parse_action(now.world, s) for s in subtasks]


def first(
    seen: State, expected: State, *rest: str, goal: str = GOAL, abandoned: frozenset[str] = frozenset()
) -> BrokenSpan | None:
    return next(broken_spans(actions(seen, *rest), expected, seen, parse_goal(goal), small(), abandoned), None)


def shown(steps: tuple[Action, ...]) -> tuple[str, ...]:
    return tuple(format_action(small().world, action) for action in steps)


def test_a_plan_that_still_works_stays_as_it_is() -> None:
    hole = first(small(), small(), *TWO)
    assert hole is not None and (shown(hole.before), hole.hidden, hole.todo) == (TWO, (), ())


def test_a_door_that_fell_shut_hides_the_step_behind_it_alone() -> None:
    opened = after(small(), "open cabinet 1")
    hole = first(disturbed_state(opened, SHUT), opened, *TWO[1:])
    assert hole is not None
    assert (hole.before, shown(hole.hidden), shown(hole.after)) == ((), TWO[1:2], TWO[2:])
    assert not hole.is_repaired_by(after(hole.state, TWO[0]), parse_goal(GOAL), small())
    assert hole.is_repaired_by(after(hole.state, *TWO[:2]), parse_goal(GOAL), small())


def test_steps_with_what_is_given_up_are_hidden_and_the_others_stay() -> None:
    opened = after(small(), "open cabinet 1")
    hole = first(opened, opened, *TWO[1:], abandoned=frozenset({"mug 1"}))
    assert hole is not None
    assert (hole.before, shown(hole.hidden), shown(hole.after)) == ((), TWO[1:3], TWO[3:])
    assert hole.todo == parse_goal("mug on desk").conditions


def test_steps_before_the_trouble_stay_up_to_where_the_hand_is_free() -> None:
    swapped = (*TWO[3:], *TWO[:3])
    hole = first(small(), small(), *swapped, abandoned=frozenset({"mug 1"}))
    assert hole is not None and shown(hole.before) == (*TWO[3:], "open cabinet 1")


def test_there_is_no_hole_where_nothing_can_stay() -> None:
    opened = after(small(), "open cabinet 1")
    assert first(opened, opened, *TWO[1:3], goal="mug on desk", abandoned=frozenset({"mug 1"})) is None


def test_a_goal_of_several_phases_is_not_mended() -> None:
    assert first(small(), small(), *TWO, goal="mug on desk then book on sofa") is None


def test_what_was_no_plan_before_is_not_mended() -> None:
    assert first(small(), small(), "pick up mug 1", "put mug 1 on desk 1") is None


def test_the_prompt_ends_with_the_hole_and_what_follows_it() -> None:
    opened = after(small(), "open cabinet 1")
    hole = first(opened, opened, *TWO[1:], abandoned=frozenset({"mug 1"}))
    assert hole is not None
    document, facts = span_prompt(hole, (), parse_goal(GOAL), small())
    assert [segment.special_token for segment in document][-4:] == ["[SEP]", "[MASK]", "[SEP]", "[SEP]"]
    assert tuple(segment.text for segment in document[-2:]) == TWO[3:]
    assert facts.names >= {"mug 2", "desk 1", "book 1"}


def test_what_nothing_is_written_into_reaches_the_goal() -> None:
    corpus = Corpus(Recipe(), 11)
    incidents = Incidents(corpus.rng, corpus.drawer, corpus.span).incidents()
    checked = 0
    for incident in islice(incidents, 150):
        goal: Goal = incident.goal
        barred = abandoned(incident.notes)
        for hole in islice(
            broken_spans(incident.rest, incident.expected, incident.seen, goal, incident.start, barred), 3
        ):
            kept = (*hole.before, *hole.after)
            assert barred.isdisjoint(name for action in kept for name in action.args)
            assert _after(incident.seen, hole.before) == hole.state
            if not hole.todo:
                checked += 1
                assert verify(incident.seen, goal, kept, initial_state=incident.start).ok
    assert checked > 20


def _after(now: State, steps: tuple[Action, ...]) -> State:
    for action in steps:
        assert unmet_precondition(now, action) is None
        now = successor(now, action)
    return now
