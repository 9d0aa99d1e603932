"""Where a plan is broken: which steps can be kept and which must be rewritten."""

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

TWO_ERRANDS = ("open cabinet 1", "pick up mug 1", "put mug 1 on desk 1", "pick up book 1", "put book 1 on sofa 1")
GOAL = "mug on desk ; book on sofa"
CLOSED_CABINET = Disturbance(kind="close", name="cabinet 1")


def small() -> State:
    return state(["cabinet 1", "desk 1", "sofa 1"], {"mug 1": "cabinet 1", "mug 2": "sofa 1", "book 1": "desk 1"})


def actions(now: State, *subtasks: str) -> list[Action]:
    return [parse_action(now.world, s) for s in subtasks]


def first_span(
    seen: State, expected: State, *rest: str, goal: str = GOAL, abandoned: frozenset[str] = frozenset()
) -> BrokenSpan | None:
    return next(broken_spans(actions(seen, *rest), expected, seen, parse_goal(goal), small(), abandoned), None)


def subtasks_of(steps: tuple[Action, ...]) -> tuple[str, ...]:
    return tuple(format_action(small().world, action) for action in steps)


def test_a_plan_that_still_works_has_no_broken_span() -> None:
    span = first_span(small(), small(), *TWO_ERRANDS)
    assert span is not None and (subtasks_of(span.before), span.hidden, span.todo) == (TWO_ERRANDS, (), ())


def test_a_closed_door_breaks_only_the_step_behind_it() -> None:
    opened = after(small(), "open cabinet 1")
    span = first_span(disturbed_state(opened, CLOSED_CABINET), opened, *TWO_ERRANDS[1:])
    assert span is not None
    assert (span.before, subtasks_of(span.hidden), subtasks_of(span.after)) == ((), TWO_ERRANDS[1:2], TWO_ERRANDS[2:])
    assert not span.is_repaired_by(after(span.state, TWO_ERRANDS[0]), parse_goal(GOAL), small())
    assert span.is_repaired_by(after(span.state, *TWO_ERRANDS[:2]), parse_goal(GOAL), small())


def test_steps_with_abandoned_objects_are_removed_and_the_others_kept() -> None:
    opened = after(small(), "open cabinet 1")
    span = first_span(opened, opened, *TWO_ERRANDS[1:], abandoned=frozenset({"mug 1"}))
    assert span is not None
    assert (span.before, subtasks_of(span.hidden), subtasks_of(span.after)) == ((), TWO_ERRANDS[1:3], TWO_ERRANDS[3:])
    assert span.todo == parse_goal("mug on desk").conditions


def test_steps_before_the_failure_are_kept_up_to_the_last_free_hand() -> None:
    swapped = (*TWO_ERRANDS[3:], *TWO_ERRANDS[:3])
    span = first_span(small(), small(), *swapped, abandoned=frozenset({"mug 1"}))
    assert span is not None and subtasks_of(span.before) == (*TWO_ERRANDS[3:], "open cabinet 1")


def test_there_is_no_broken_span_if_no_step_can_be_kept() -> None:
    opened = after(small(), "open cabinet 1")
    assert first_span(opened, opened, *TWO_ERRANDS[1:3], goal="mug on desk", abandoned=frozenset({"mug 1"})) is None


def test_a_goal_of_several_phases_is_not_repaired() -> None:
    assert first_span(small(), small(), *TWO_ERRANDS, goal="mug on desk then book on sofa") is None


def test_steps_that_never_reached_the_goal_are_not_repaired() -> None:
    assert first_span(small(), small(), "pick up mug 1", "put mug 1 on desk 1") is None


def test_the_prompt_ends_with_the_broken_span_and_the_steps_after_it() -> None:
    opened = after(small(), "open cabinet 1")
    span = first_span(opened, opened, *TWO_ERRANDS[1:], abandoned=frozenset({"mug 1"}))
    assert span is not None
    document, facts = span_prompt(span, (), parse_goal(GOAL), small())
    assert [segment.special_token for segment in document][-4:] == ["[SEP]", "[MASK]", "[SEP]", "[SEP]"]
    assert tuple(segment.text for segment in document[-2:]) == TWO_ERRANDS[3:]
    assert facts.names >= {"mug 2", "desk 1", "book 1"}


def test_a_span_without_open_conditions_reaches_the_goal_as_it_is() -> None:
    corpus = Corpus(Recipe(), 11)
    incidents = Incidents(corpus.rng, corpus.drawer, corpus.span).incidents()
    checked = 0
    for incident in islice(incidents, 150):
        goal: Goal = incident.goal
        forbidden = abandoned(incident.notes)
        for span in islice(
            broken_spans(incident.rest, incident.expected, incident.seen, goal, incident.start, forbidden), 3
        ):
            kept = (*span.before, *span.after)
            assert forbidden.isdisjoint(name for action in kept for name in action.args)
            assert _after(incident.seen, span.before) == span.state
            if not span.todo:
                checked += 1
                assert verify(incident.seen, goal, kept, initial_state=incident.start).ok
    assert checked > 20


def _after(now: State, steps: tuple[Action, ...]) -> State:
    for action in steps:
        assert unmet_precondition(now, action) is None
        now = successor(now, action)
    return now
