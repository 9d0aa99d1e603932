"""Learning rules: what each makes of several attempts at one plan."""

from __future__ import annotations

import random

import pytest

from gpt.data.tokenized_documents import TokenizedDocuments
from gpt.tokenization.tokenizer import Tokenizer
from planner.learning.training_examples import Group, SampledAttempt, TrainingExample
from planner.learning.training_mixture import (
    MAX_ADVANTAGE,
    MIN_ADVANTAGE,
    RULES,
    LearningRule,
    advantages,
    best_and_worst,
    build_mixture,
)
from planner.prompts import text_format

Doc = text_format.Document
TRUNK: Doc = (*text_format.heading("", ""), text_format.Segment("[SEP]", "mug on desk"))


def plan(*subtasks: str) -> Doc:
    steps = tuple(text_format.Segment("[SEP]", s, i > 0, True) for i, s in enumerate(subtasks))
    return (*steps, text_format.Segment("[EOS]", "", True))


SHORT, LONG, BAD = plan("put mug 1 on desk 1"), plan("open door 1", "put mug 1 on desk 1"), plan("wipe desk 1")


def group(*attempts: tuple[Doc, bool, int]) -> Group:
    return Group(prompt=TRUNK, attempts=attempts)


def lesson(*attempts: tuple[Doc, bool, int]) -> TrainingExample:
    meaning = (*text_format.home_part("mug desk"), *text_format.goal_document("mug to the desk", "mug on desk"))
    return TrainingExample(
        documents=(meaning, (*TRUNK, *SHORT)), shape="a", group=group(*attempts) if attempts else None
    )


def test_an_advantage_is_over_the_group() -> None:
    good, worse, bad = advantages(group((SHORT, True, 1), (LONG, True, 2), (BAD, False, 1)))
    assert MIN_ADVANTAGE <= bad < 0 < worse < good <= MAX_ADVANTAGE
    assert advantages(group((SHORT, True, 1), (SHORT, True, 1))) == [0.0, 0.0]
    assert advantages(group((BAD, False, 1), (BAD, False, 1))) == [0.0, 0.0]


def test_a_pair_is_the_shortest_that_worked_and_one_that_did_not_or_was_longer() -> None:
    assert best_and_worst(group((LONG, True, 2), (SHORT, True, 1), (BAD, False, 1))) == (SHORT, BAD)
    assert best_and_worst(group((LONG, True, 2), (SHORT, True, 1))) == (SHORT, LONG)
    assert best_and_worst(group((SHORT, True, 1))) is None
    assert best_and_worst(group((BAD, False, 1))) is None


def mix(
    lesson: TrainingExample, tokenizer: Tokenizer, rule: LearningRule
) -> list[tuple[list[int], list[int], list[float]]]:
    replay = TokenizedDocuments.from_lists([[1, 2, 3, 4]])
    rng = random.Random(0)
    mixture = build_mixture([lesson], [], replay, tokenizer, 400, new_share=1.0, limit=513, rng=rng, rule=rule)
    documents, found = mixture.documents, []
    for a, b in zip(documents.offsets[:-1], documents.offsets[1:], strict=True):
        span = slice(int(a), int(b))
        found.append((documents.tokens[span].tolist(), documents.branch[span].tolist(), mixture.values[span].tolist()))
    return found


@pytest.mark.parametrize("rule", RULES)
def test_attempts_branch_off_their_prompt_with_what_they_are_worth(tokenizer: Tokenizer, rule: LearningRule) -> None:
    found = mix(lesson((SHORT, True, 1), (BAD, False, 1)), tokenizer, rule)
    trees = [(ids, branch, values) for ids, branch, values in found if max(branch)]
    if rule == "rejection":
        assert not trees and all(set(values) == {1.0} for _, _, values in found)
        return
    assert trees
    ids, branch, values = trees[0]
    prompt = text_format.encode(TRUNK, tokenizer)[0]
    assert ids[: len(prompt)] == prompt and set(branch[: len(prompt)]) == {0}
    by_branch = {number: {v for v, b in zip(values, branch, strict=True) if b == number} for number in (1, 2)}
    if rule == "preference":
        assert by_branch == {1: {1.0}, 2: {-1.0}}
    else:
        assert min(by_branch[1]) > 0 > max(by_branch[2])
    whole = text_format.encode((*TRUNK, *SHORT), tokenizer)[0]
    assert whole not in [ids for ids, _, _ in found]  # it is in the tree


@pytest.mark.parametrize("rule", RULES)
def test_attempts_that_are_alike_leave_the_plan_to_be_learnt_as_it_is(tokenizer: Tokenizer, rule: LearningRule) -> None:
    whole = text_format.encode((*TRUNK, *SHORT), tokenizer)[0]
    for one in (lesson((SHORT, True, 1)), lesson()):
        assert whole in [ids for ids, _, _ in mix(one, tokenizer, rule)]


def test_an_attempt_is_kept_word_for_word() -> None:
    attempt = SampledAttempt(document=LONG, success=True, steps=2)
    assert SampledAttempt.from_dict(attempt.as_dict()) == attempt
