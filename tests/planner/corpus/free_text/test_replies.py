"""Documents of what people say about an answer."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from planner.corpus.free_text.replies import exchange_tree, read_exchanges, replies
from planner.corpus.free_text.sentences import plain_sentence
from planner.corpus.free_text.trees import unchanged
from planner.prompts.reply_format import REPLY_WORDS, reply_document, reply_heading
from planner.prompts.text_format import Document

KINDS = frozenset(("mug", "bowl", "plate", "fork", "desk", "sink"))
SENTENCES = [
    plain_sentence("put the mug on the desk", "mug on desk"),
    plain_sentence("put the plate in the sink", "plate in sink"),
]


def parts(document: Document) -> list[str]:
    return [segment.text for segment in document]


def test_a_reply_stands_behind_what_was_said_and_done_and_only_its_answer_is_learned() -> None:
    document = reply_document("mug please", "cup on desk", "no, the mug", "mug on desk")
    assert parts(document) == ["mug please", "cup on desk", "", "no, the mug", "mug on desk", ""]
    assert [s.loss_on_text for s in document] == [False, False, False, False, True, False]
    assert [s.special_token for s in document[-2:]] == ["[SEP]", "[SEP]"]
    assert reply_document("mug please", "", "never mind", "stop")[-1].special_token == "[EOS]"
    heading = reply_heading("mug please", "cup on desk", "no, the mug")
    assert [(s.special_token, s.text) for s in heading[:-1]] == [(s.special_token, s.text) for s in document[:-2]]


def test_wishes_are_corrected_or_followed_by_others() -> None:
    rng = random.Random(0)
    exchange = unchanged(rng, KINDS)
    made = [d for _ in range(60) for d in replies(SENTENCES, exchange, rng, share=1.0, mistyped=0.2)]
    answers = {d[-2].text for d in made}
    assert {"new", "mug on desk", "mug on desk ; bowl on desk"} <= answers
    for document in made:
        said, done, _, reply, answer, _ = parts(document)
        assert said and done and reply
        if answer == "new":
            assert reply in {s.text for s in SENTENCES} and reply != said
        else:
            assert done != answer or "i said" in reply or answer in {s.goal for s in SENTENCES}
    assert not list(replies(SENTENCES, exchange, rng, share=0.0, mistyped=0.0))


def test_exchanges_that_people_wrote_are_read(tmp_path: Path) -> None:
    lines = [
        {"id": "a/0", "home": "studio", "instruction": "The mug on the desk!", "did": "bowl on desk",
         "correction": "No, the MUG.", "goal": "mug on desk", "answer": "plan", "family": "thing"},
        {"id": "a/1", "home": "studio", "instruction": "The mug on the desk!", "did": "mug on desk",
         "correction": "As before, please", "goal": None, "answer": "refuse", "family": "undo"},
    ]  # fmt: skip
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    ((state, told),) = read_exchanges(tmp_path)
    assert [(t.done, t.answer) for t in told] == [("bowl on desk", "mug on desk"), ("mug on desk", "undo")]
    tree = exchange_tree((state, told), 8, random.Random(0), mistyped=0.0, with_inventory=True)
    assert tree.trunk[0].text and {b[-2].text for b in tree.branches} == {"mug on desk", "undo"}


def test_the_exchanges_of_this_repository_can_be_read() -> None:
    homes = read_exchanges()
    answers = [t.answer for _, told in homes for t in told]
    if not answers:
        pytest.skip("no exchanges")
    assert set(REPLY_WORDS) <= set(answers)
    assert len(answers) > 1000
