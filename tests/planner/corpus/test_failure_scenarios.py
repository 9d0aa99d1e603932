"""Documents of plans that broke: what they answer is right, given what went wrong."""

from __future__ import annotations

import random
from itertools import islice

import pytest

from envs.symbolic.actions import State, parse_action, successor, unmet_precondition
from envs.symbolic.scoring import holds
from gpt.tokenization.tokenizer import Tokenizer
from planner.corpus.corpus import Corpus, Recipe
from planner.corpus.failure_scenarios import MAX_SPANS, Incident, Incidents, after_failure, draw_reason, infill_document
from planner.facts.failure_notes import abandoned
from planner.prompts import text_format
from planner.prompts.text_format import Document
from planner.verification.broken_spans import broken_spans
from planner.verification.plan_verification import verify
from tests.envs.homes_for_tests import after, state


def drawn(seed: int) -> Incidents:
    corpus = Corpus(Recipe(), seed)
    return Incidents(corpus.rng, corpus.drawer, corpus.span)


@pytest.fixture(scope="module")
def incidents() -> list[Incident]:
    return list(islice(drawn(3).incidents(), 250))


def answer(document: Document) -> list[str]:
    """The subtasks that the GPT is to write."""
    return [s.text for s in document if s.special_token in ("[SEP]", "[EOS]") and s.loss_on_text]


def test_a_plan_after_feedback_reaches_its_conditions_without_what_is_given_up(incidents: list[Incident]) -> None:
    source, written = drawn(3), 0
    for incident in incidents:
        document = source.feedback_document(incident)
        if document is None:
            continue
        written += 1
        now: State = incident.seen
        barred = abandoned(incident.notes)
        for subtask in answer(document):
            action = parse_action(now.world, subtask)
            assert unmet_precondition(now, action) is None and barred.isdisjoint(action.args)
            now = successor(now, action)
        todo = [c for c in incident.goal.conditions if not holds(incident.seen, c, incident.start)]
        assert sum(not holds(now, c, incident.start) for c in todo) < len(todo)
    assert written > 30


def test_what_is_filled_in_makes_the_rest_of_the_plan_work(incidents: list[Incident]) -> None:
    written = 0
    for incident in incidents:
        document = infill_document(incident)
        if document is None:
            continue
        written += 1
        goal, start, barred = incident.goal, incident.start, abandoned(incident.notes)
        found = islice(broken_spans(incident.rest, incident.expected, incident.seen, goal, start, barred), MAX_SPANS)
        steps = [parse_action(start.world, subtask) for subtask in answer(document)]
        assert any(
            verify(incident.seen, goal, (*hole.before, *steps, *hole.after), initial_state=start).ok
            for hole in found if hole.todo
        )  # fmt: skip
        assert barred.isdisjoint(name for action in steps for name in action.args)
    assert written > 30


def test_the_documents_fit_into_a_context_with_room(tokenizer: Tokenizer) -> None:
    source = drawn(5)
    for documents in (source.feedback_documents(), source.infill_documents()):
        assert max(len(text_format.encode(d, tokenizer)[0]) for d in islice(documents, 60)) < 480


def test_loss_is_on_the_answer_alone(incidents: list[Incident]) -> None:
    document = next(d for d in map(infill_document, incidents) if d is not None)
    begin = next(i for i, s in enumerate(document) if s.special_token == "[EOS]")
    assert not any(s.loss_on_text or s.loss_on_special for s in document[:begin] if s.text != document[3].text)
    assert all(s.loss_on_text for s in document[begin:] if s.text)
    assert document[-1].special_token == "[EOS]" and document[-1].loss_on_special


def test_a_recipe_without_them_draws_what_it_drew() -> None:
    with_them = Corpus(Recipe(feedback=0.3, infill=0.3), 1)
    marks = {s.special_token for tree in islice(with_them.trees(), 60) for s in tree.trunk}
    assert {"[FEEDBACK]", "[MASK]"} <= marks
    plain = {s.special_token for tree in islice(Corpus(Recipe(), 1).trees(), 60) for s in tree.trunk}
    assert not {"[FEEDBACK]", "[MASK]"} & plain
    assert (Recipe(feedback=0.3, infill=0.3).kinds, Recipe().kinds) == (("feedback", "infill"), ())


def test_what_slips_while_it_is_carried_is_dropped() -> None:
    now = after(state(["desk 1", "sofa 1"], {"mug 1": "sofa 1"}), "pick up mug 1")
    put = parse_action(now.world, "put mug 1 on desk 1")
    rng = random.Random(0)
    assert after_failure(rng, now, put, "mug 1 slipped").held < 0
    assert after_failure(rng, now, put, "no room on desk 1") == now


def test_reasons_name_what_the_subtask_is_about() -> None:
    world = state(["cabinet 1", "desk 1"], {"mug 1": "desk 1"}).world
    rng = random.Random(0)
    reasons = {draw_reason(rng, world, parse_action(world, "put mug 1 in cabinet 1")) for _ in range(200)}
    assert reasons == {"no room in cabinet 1", "cannot reach cabinet 1", "mug 1 slipped", "timeout at tick 1"}
