"""The second look in documents: the instruction again, a label behind each word, and the verdict."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpt.data.tokenized_documents import NO_LABEL, TokenizedDocuments
from gpt.tokenization.tokenizer import SPECIAL_TOKENS, Tokenizer
from planner.prompts import text_format
from planner.prompts.text_format import LABELS, Segment, Tree

WORDS = ("put", "the", "old", "mug,", "please", "o'clock", "[SEP]", "naïve", "2", "–")
TAGGED = st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(sorted(LABELS))), min_size=1, max_size=12)
Tagged = list[tuple[str, str]]


def account(tagged: Tagged, *, is_right: bool = True) -> text_format.Document:
    return text_format.account_part(" ".join(w for w, _ in tagged), [tag for _, tag in tagged], is_right=is_right)


def names(tokenizer: Tokenizer) -> dict[int, str]:
    return {tokenizer.special(name): name for name in SPECIAL_TOKENS}


@given(tagged=TAGGED)
def test_the_label_of_a_word_is_asked_for_behind_its_last_token(tokenizer: Tokenizer, tagged: Tagged) -> None:
    encoded = text_format.encode_labeled(account(tagged), tokenizer)
    position = 1  # behind [FEEDBACK]
    for word, tag in tagged:
        position += len(tokenizer.encode(" " + word))
        assert names(tokenizer)[encoded.labels[position]] == LABELS[tag]
    assert sum(label != NO_LABEL for label in encoded.labels) == len(tagged)


@given(tagged=TAGGED)
def test_labels_change_neither_the_text_nor_what_else_has_loss(tokenizer: Tokenizer, tagged: Tagged) -> None:
    labeled = text_format.encode_labeled(account(tagged), tokenizer)
    plain = text_format.encode_labeled(account(tagged)[:1] + account(tagged)[1:], tokenizer)
    unlabeled = (Segment("[FEEDBACK]", " ".join(w for w, _ in tagged)), *account(tagged)[1:])
    ids, loss = text_format.encode(unlabeled, tokenizer)
    assert labeled.ids == plain.ids == ids
    assert all(has_loss or not other for has_loss, other in zip(labeled.loss, loss, strict=True))
    extra = [i for i, (a, b) in enumerate(zip(labeled.loss, loss, strict=True)) if a != b]
    assert all(labeled.labels[i] != NO_LABEL for i in extra)
    assert len(labeled.ids) == len(labeled.loss) == len(labeled.branch) == len(labeled.labels)


@given(tagged=TAGGED, is_right=st.booleans())
def test_the_last_token_says_whether_the_goal_is_right(tokenizer: Tokenizer, tagged: Tagged, is_right: bool) -> None:
    encoded = text_format.encode_labeled(account(tagged, is_right=is_right), tokenizer)
    assert names(tokenizer)[encoded.ids[-1]] == (text_format.RIGHT if is_right else text_format.WRONG)
    assert encoded.loss[-1] and encoded.labels[-1] == NO_LABEL
    assert names(tokenizer)[encoded.ids[-2]] == "[SEP]"


def test_what_each_word_was_for_may_be_unknown(tokenizer: Tokenizer) -> None:
    encoded = text_format.encode_labeled(text_format.account_part("move it", (), is_right=False), tokenizer)
    assert encoded.labels == [NO_LABEL] * len(encoded.ids)
    assert encoded.loss == [False] * (len(encoded.ids) - 1) + [True]


@pytest.mark.parametrize("tags", [["read"], ["read", "context", "read"]])
def test_each_word_needs_a_tag(tokenizer: Tokenizer, tags: list[str]) -> None:
    with pytest.raises(ValueError, match="zip"):
        text_format.encode_labeled(text_format.account_part("move it", tags, is_right=True), tokenizer)


def test_a_given_goal_has_no_loss(tokenizer: Tokenizer) -> None:
    ids, loss = text_format.encode(text_format.written_goal_part("mug on desk"), tokenizer)
    assert tokenizer.decode(ids) == "[SEP] mug on desk[SEP]"
    assert not any(loss)


def test_a_goal_and_a_second_look_follow_each_other_as_they_are_read(tokenizer: Tokenizer) -> None:
    document = (*text_format.goal_document("move it", "mug on desk"), *account([("move", "read"), ("it", "read")]))
    ids, _ = text_format.encode(document, tokenizer)
    assert tokenizer.decode(ids) == "[SEP] move it[SEP] mug on desk[SEP][FEEDBACK] move it[SEP][EOS]"


@given(rows=st.lists(TAGGED, min_size=1, max_size=5))
def test_the_branches_of_a_home_keep_their_labels(tokenizer: Tokenizer, rows: list[Tagged]) -> None:
    branches = tuple((*text_format.goal_document("move it", "mug on desk"), *account(tagged)) for tagged in rows)
    (copy,) = text_format.encode_tree(Tree(text_format.home_part("mug desk"), branches), tokenizer)
    trunk = len(text_format.encode(text_format.home_part("mug desk"), tokenizer)[0])
    expected = [label for branch in branches for label in text_format.encode_labeled(branch, tokenizer).labels]
    assert copy.labels == [NO_LABEL] * trunk + expected
    documents = TokenizedDocuments.from_lists([copy.ids], [copy.loss], [copy.branch], [copy.labels])
    assert documents.labels is not None and documents.labels.tolist() == copy.labels


def test_copies_of_a_home_do_not_share_labels(tokenizer: Tokenizer) -> None:
    branch = (*text_format.goal_document("move it", "mug on desk"), *account([("move", "unread"), ("it", "read")]))
    length = len(text_format.encode(text_format.home_part("mug"), tokenizer)[0]) + len(
        text_format.encode(branch, tokenizer)[0]
    )
    first, second = text_format.encode_tree(Tree(text_format.home_part("mug"), (branch, branch)), tokenizer, length)
    assert first == second


def test_the_inventory_of_counts_is_that_of_a_home_with_them() -> None:
    assert text_format.inventory_of({"plate": 2, "CD": 1, "apple": 1}, {"shelf": 2, "desk": 1}) == (
        "apple CD plate 2 desk shelf 2"
    )
    assert text_format.inventory_of({}, {}) == ""
    too_many = text_format.MAX_PER_CATEGORY + 1
    assert text_format.inventory_of({"cup": too_many, "mug": 1}, {"shelf": 3}) == "cup 2 mug shelf 2"


@pytest.mark.parametrize(
    ("goal", "expected"),
    [
        ("mug with Anna", "mug with anna"),
        ("Anna's red mug from Ben in room of Ben", "anna's red mug from ben in room of ben"),
        ("TV stand clean ; CD in box", "TV stand clean ; CD in box"),
        ("mug with Sigrún while never knife with Hye-jin", "mug with sigrún while never knife with hye-jin"),
        ("at 17:30 : mug with Mr. Novak", "at 17:30 : mug with mr. novak"),
    ],
)
def test_names_are_written_in_small_letters_and_kinds_as_they_are(goal: str, expected: str) -> None:
    assert text_format.in_small_letters(goal) == expected
    assert text_format.in_small_letters(expected) == expected
