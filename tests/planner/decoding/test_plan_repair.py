"""After a failed plan: fill in the broken span, or replan with a GPT that reads what went wrong."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest

from envs.symbolic.actions import Action, State, parse_action
from envs.symbolic.goals import parse_goal
from gpt.model.transformer import GPT
from gpt.tokenization.tokenizer import Tokenizer
from gpt.weights.checkpoint import save_model
from planner.api import Planner
from planner.corpus.corpus import Corpus, Recipe
from planner.corpus.failure_scenarios import Incident, Incidents
from planner.decoding import goal_planner
from planner.errors import OptionsError
from planner.facts.failure_notes import FailedPlan, abandoned, failure
from planner.plans.options import Options
from planner.prompts.document_kinds import DocumentKind, kinds_of
from planner.verification.plan_verification import verify
from tests.envs.homes_for_tests import after, state
from tests.planner.conftest import gpt_of_random_weights

PLAN = ("pick up mug 1", "put mug 1 on desk 1", "pick up book 1", "put book 1 on sofa 1")
GOAL = parse_goal("mug on desk ; book on sofa")
BOTH: tuple[DocumentKind, ...] = ("feedback", "infill")
QUICK = Options(samples=0)


def small() -> State:
    objects = {"mug 1": "cabinet 1", "mug 2": "sofa 1", "book 1": "desk 1"}
    return after(state(["cabinet 1", "desk 1", "sofa 1"], objects), "open cabinet 1")


def steps(*subtasks: str) -> tuple[Action, ...]:
    return tuple(parse_action(small().world, s) for s in subtasks)


def failed_plan(*reasons: str) -> FailedPlan:
    """Return the plan whose first step failed for each of the reasons."""
    (first, *_) = rest = steps(*PLAN)
    notes = tuple(failure(small().world, first, reason) for reason in reasons)
    return FailedPlan(rest=rest, expected=small(), notes=notes)


@pytest.fixture
def full_planner(random_gpt: GPT, tokenizer: Tokenizer) -> Planner:
    """A planner with a random GPT that is declared to know both kinds of documents."""
    return Planner(random_gpt, tokenizer, kinds=BOTH)


def prompts(
    planner: Planner, failed_plan: FailedPlan, options: Options, monkeypatch: pytest.MonkeyPatch
) -> list[list[str]]:
    """Return the special tokens of each prompt that is read during replanning."""
    read: list[list[str]] = []
    original = planner.prompts.read
    marks = {planner.tokenizer.special(mark): mark for mark in ("[FEEDBACK]", "[MASK]")}

    def spy(inventory: str, ids: list[int]) -> object:
        read.append([marks[token] for token in ids if token in marks])
        return original(inventory, ids)

    monkeypatch.setattr(planner.prompts, "read", spy)
    planner.plan_for_goal(GOAL, small(), options, failed_plan=failed_plan)
    return read


def test_after_one_slip_the_step_is_retried_without_decoding(full_planner: Planner) -> None:
    plan = full_planner.plan_for_goal(GOAL, small(), QUICK, failed_plan=failed_plan("mug 1 slipped"))
    assert (plan.subtasks, plan.kept, plan.tokens, plan.status) == (PLAN, 4, 0, "verified")


def test_a_broken_span_is_rewritten_and_the_rest_of_the_plan_is_kept(tokenizer: Tokenizer) -> None:
    kept = 0
    for seed in range(6):  # not every random GPT finds a way back to the plan
        planner = Planner(gpt_of_random_weights(tokenizer, seed), tokenizer, kinds=BOTH)
        plan = planner.plan_for_goal(GOAL, small(), QUICK, failed_plan=failed_plan("cannot reach mug 1"))
        assert not any("mug 1" in subtask for subtask in plan.subtasks)
        if plan.kept:
            kept += 1
            assert plan.status == "verified" and plan.tokens > 0
            assert (plan.subtasks[-2:], plan.kept) == (PLAN[2:], 2)
    assert kept > 1


def test_a_repair_ends_as_soon_as_the_kept_steps_reach_the_goal(full_planner: Planner) -> None:
    plan = full_planner.plan_for_goal(GOAL, small(), QUICK, failed_plan=failed_plan("cannot reach mug 1"))
    written = plan.actions[: -plan.kept]
    assert not any(
        verify(small(), GOAL, (*written[:n], *plan.actions[-plan.kept :])).ok for n in range(1, len(written))
    )


def test_every_repair_of_a_drawn_incident_reaches_its_goal(full_planner: Planner) -> None:
    repaired = 0
    for incident in _incidents(60):
        failed_plan_of_incident = FailedPlan(rest=incident.rest, expected=incident.expected, notes=incident.notes)
        plan = full_planner.plan_for_goal(
            incident.goal, incident.seen, QUICK, initial_state=incident.start, failed_plan=failed_plan_of_incident
        )
        assert (plan.status == "verified") == verify(
            incident.seen, incident.goal, plan.actions, initial_state=incident.start
        ).ok
        if plan.kept:
            repaired += 1
            assert plan.status == "verified"
    assert repaired > 10


def test_no_repair_uses_an_unreachable_object(full_planner: Planner) -> None:
    for incident in _incidents(60):
        failed_plan_of_incident = FailedPlan(rest=incident.rest, expected=incident.expected, notes=incident.notes)
        plan = full_planner.plan_for_goal(
            incident.goal, incident.seen, QUICK, initial_state=incident.start, failed_plan=failed_plan_of_incident
        )
        unreachable = {note.suspect for note in incident.notes if note.lasts}
        if plan.kept:
            assert unreachable.isdisjoint(name for action in plan.actions for name in action.args)


def test_an_object_that_slipped_twice_is_retried_if_it_has_no_alternative(full_planner: Planner) -> None:
    book = steps("pick up book 1", "put book 1 on sofa 1")
    note = failure(small().world, book[0], "book 1 slipped")
    assert abandoned([note, note]) == {"book 1"}
    failed_plan_of_incident = FailedPlan(rest=book, expected=small(), notes=(note, note))
    plan = full_planner.plan_for_goal(parse_goal("book on sofa"), small(), QUICK, failed_plan=failed_plan_of_incident)
    assert (plan.actions, plan.kept, plan.status) == (book, 2, "verified")


def test_repair_can_be_switched_off(full_planner: Planner, monkeypatch: pytest.MonkeyPatch) -> None:
    options = replace(QUICK, repair="replan")
    read = prompts(full_planner, failed_plan("cannot reach mug 1"), options, monkeypatch)
    assert not any("[MASK]" in marks for marks in read) and any("[FEEDBACK]" in marks for marks in read)
    assert full_planner.plan_for_goal(GOAL, small(), options, failed_plan=failed_plan("mug 1 slipped")).kept == 0


def test_feedback_can_be_switched_off(full_planner: Planner, monkeypatch: pytest.MonkeyPatch) -> None:
    options = replace(QUICK, feedback=False)
    read = prompts(full_planner, failed_plan("cannot reach mug 1"), options, monkeypatch)
    assert any("[MASK]" in marks for marks in read) and not any("[FEEDBACK]" in marks for marks in read)


def test_a_gpt_reads_only_the_kinds_of_prompts_it_was_trained_on(
    random_gpt: GPT, tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = Planner(random_gpt, tokenizer)
    read = prompts(plain, failed_plan("cannot reach mug 1"), QUICK, monkeypatch)
    assert read and not any(read)
    feedback_only = Planner(random_gpt, tokenizer, kinds=("feedback",))
    marks = [
        m
        for tokens_of_prompt in prompts(feedback_only, failed_plan("cannot reach mug 1"), QUICK, monkeypatch)
        for m in tokens_of_prompt
    ]
    assert set(marks) == {"[FEEDBACK]"}


def test_without_repair_and_feedback_replanning_ignores_the_failed_plan(random_gpt: GPT, tokenizer: Tokenizer) -> None:
    avoid = frozenset({small().world.index["mug 1"]})
    plain = Planner(random_gpt, tokenizer)
    off = replace(QUICK, repair="replan", feedback=False)
    plans = [
        plain.plan_for_goal(GOAL, small(), QUICK, avoid=avoid),
        plain.plan_for_goal(GOAL, small(), QUICK, avoid=avoid, failed_plan=failed_plan("mug 1 slipped")),
        Planner(random_gpt, tokenizer, kinds=BOTH).plan_for_goal(
            GOAL, small(), off, avoid=avoid, failed_plan=failed_plan("mug 1 slipped")
        ),
    ]
    assert len({(plan.actions, plan.tokens, plan.tried, plan.kept) for plan in plans}) == 1


def test_unconstrained_decoding_does_not_repair(full_planner: Planner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(goal_planner, "repair", lambda *_, **__: pytest.fail("it was repaired"))
    full_planner.plan_for_goal(
        GOAL, small(), Options(samples=0, constrained=False, chunks=False), failed_plan=failed_plan("mug 1 slipped")
    )


def test_an_unknown_repair_mode_is_refused() -> None:
    with pytest.raises(OptionsError, match="repair must be 'infill' or 'replan', found 'glue'"):
        Options(repair="glue")  # type: ignore[arg-type]


def test_a_model_folder_records_the_document_kinds_of_its_training(
    random_gpt: GPT, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    save_model(random_gpt, tokenizer, tmp_path / "old")
    save_model(random_gpt, tokenizer, tmp_path / "new", {"kinds": ["infill", "feedback"]})
    assert (Planner.load(tmp_path / "old").kinds, Planner.load(tmp_path / "new").kinds) == (set(), set(BOTH))


def test_an_averaged_model_knows_the_document_kinds_common_to_its_models() -> None:
    both, one = {"kinds": ["feedback", "infill"]}, {"kinds": ["feedback"]}
    assert kinds_of({"mean_of": [both, both]}) == kinds_of({"mean_of": [{"mean_of": [both]}]}) == {"feedback", "infill"}
    assert kinds_of({"mean_of": [both, one]}) == {"feedback"}
    assert kinds_of({"mean_of": [both, one], "shares": [0.9, 0.1]}) == {"feedback", "infill"}
    assert kinds_of({"mean_of": [both, one], "shares": [0.5, 0.5]}) == {"feedback"}
    assert kinds_of({"mean_of": [both, {}]}) == kinds_of({"kinds": "feedback"}) == kinds_of({"kinds": ["x"]}) == set()


def _incidents(count: int) -> list[Incident]:
    corpus = Corpus(Recipe(), 7)
    return list(islice(Incidents(corpus.rng, corpus.drawer, corpus.span).incidents(), count))
