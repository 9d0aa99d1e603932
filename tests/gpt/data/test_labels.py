"""Labels: what a model must say in the place of a token, where that is not the token itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gpt.data.batches import PackedBatches, PaddedBatches
from gpt.data.tokenized_documents import NO_LABEL, TokenizedDocuments
from gpt.data.windows import split_into_windows
from gpt.errors import CheckpointError, ConfigError

TOKEN = st.tuples(st.integers(0, 90), st.booleans(), st.one_of(st.just(NO_LABEL), st.integers(100, 130)))
DOCUMENTS = st.lists(st.lists(TOKEN, min_size=1, max_size=40), min_size=1, max_size=8)
Drawn = list[list[tuple[int, bool, int]]]


def labeled(drawn: Drawn) -> TokenizedDocuments:
    return TokenizedDocuments.from_lists(
        [[token for token, _, _ in document] for document in drawn],
        [[counts for _, counts, _ in document] for document in drawn],
        labels=[[label for _, _, label in document] for document in drawn],
    )


def wanted(drawn: Drawn) -> list[int]:
    """Return what must be predicted in the place of each token."""
    return [
        (token if label == NO_LABEL else label) if counts else -1
        for document in drawn
        for token, counts, label in document
    ]


@given(DOCUMENTS)
def test_a_target_is_the_label_of_its_place_or_the_token_itself(drawn: Drawn) -> None:
    documents = labeled(drawn)
    assert documents.targets(0, len(documents.tokens)).tolist() == wanted(drawn)
    assert documents.targets(1, 3).tolist() == wanted(drawn)[1:3]


@given(DOCUMENTS, st.sampled_from([PackedBatches, PaddedBatches]))
def test_batches_ask_for_labels_and_read_tokens(drawn: Drawn, kind: type[PackedBatches] | type[PaddedBatches]) -> None:
    if not any(counts for document in drawn for _, counts, _ in document[1:]):
        return
    batches = kind(labeled(drawn), 1, 40, seed=1)
    seen: list[tuple[int, int]] = []
    for step in range(batches.n_rows):
        batch = batches.batch(step)
        inside = batch.layout.document >= 0
        seen += zip(batch.idx[inside].tolist(), batch.targets[inside].tolist(), strict=True)
        assert batch.n_targets == int((batch.targets >= 0).sum())
    expected = [
        (document[i][0], wanted([document])[i + 1])
        for document in drawn
        if any(counts for _, counts, _ in document[1:])
        for i in range(len(document) - 1)
    ]
    assert sorted(seen) == sorted(expected)


@given(DOCUMENTS, st.integers(1, 12).flatmap(lambda size: st.tuples(st.just(size), st.integers(1, size))))
def test_windows_keep_the_labels_of_their_tokens(drawn: Drawn, sizes: tuple[int, int]) -> None:
    unique = [
        [(100 * number + place, counts, label) for place, (_, counts, label) in enumerate(document)]
        for number, document in enumerate(drawn)
    ]
    whole = labeled(unique)
    cut = split_into_windows(whole, *sizes)

    def targets(documents: TokenizedDocuments) -> list[tuple[int, int]]:
        starts = set(documents.offsets.tolist())
        found = documents.targets(0, len(documents.tokens)).tolist()
        tokens = documents.tokens.tolist()
        return sorted((tokens[i], t) for i, t in enumerate(found) if t >= 0 and i not in starts)

    assert targets(cut) == targets(whole)


@given(DOCUMENTS)
def test_labels_are_kept_only_where_there_are_some(drawn: Drawn) -> None:
    has_some = any(label != NO_LABEL for document in drawn for _, _, label in document)
    assert (labeled(drawn).labels is not None) == has_some


def test_saved_labels_are_memory_mapped_and_unchanged(tmp_path: Path) -> None:
    documents = TokenizedDocuments.from_lists([[1, 2, 3], [4, 5]], labels=[[-1, 70_000, -1], [-1, 9]])
    documents.save(tmp_path)
    loaded = TokenizedDocuments.load(tmp_path)
    assert isinstance(loaded.labels, np.memmap)
    assert loaded.labels.tolist() == [-1, 70_000, -1, -1, 9]
    assert loaded.targets(0, 5).tolist() == [1, 70_000, 3, 4, 9]


def test_labels_of_earlier_documents_do_not_stay_in_a_folder(tmp_path: Path) -> None:
    TokenizedDocuments.from_lists([[1, 2]], labels=[[-1, 9]]).save(tmp_path)
    TokenizedDocuments.from_lists([[1, 2]]).save(tmp_path)
    assert TokenizedDocuments.load(tmp_path).labels is None
    assert not (tmp_path / "labels.npy").exists()


@pytest.mark.parametrize("labels", [[[-1, 9]], [[-1, 9], [1]], [[-1, 9], [-1, 2], [3]]])
def test_labels_that_do_not_match_the_documents_are_an_error(labels: list[list[int]]) -> None:
    with pytest.raises(ConfigError, match="the labels do not match the documents: each token needs one"):
        TokenizedDocuments.from_lists([[1, 2], [3, 4]], labels=labels)


def test_labels_of_another_length_are_an_error() -> None:
    documents = TokenizedDocuments.from_lists([[1, 2]])
    with pytest.raises(ConfigError, match="2 tokens and 3 labels do not match"):
        TokenizedDocuments(
            documents.tokens, documents.loss_mask, documents.branch, documents.offsets, np.zeros(3, np.int32)
        )


@pytest.mark.parametrize(
    ("labels", "problem"),
    [
        (np.zeros(3, np.int32), "2 tokens and 3 labels do not match"),
        (np.zeros(2, np.int64), r"labels\.npy: <i8 of shape \(2,\); expected a row of <i4"),
        (np.zeros((2, 1), np.int32), r"labels\.npy: <i4 of shape \(2, 1\)"),
        (b"no array", r"labels\.npy: damaged or not a \.npy file"),
    ],
)
def test_a_damaged_file_of_labels_is_named(tmp_path: Path, labels: object, problem: str) -> None:
    TokenizedDocuments.from_lists([[1, 2]], labels=[[-1, 9]]).save(tmp_path)
    if isinstance(labels, bytes):
        (tmp_path / "labels.npy").write_bytes(labels)
    else:
        np.save(tmp_path / "labels.npy", np.asarray(labels))
    with pytest.raises(CheckpointError, match=problem):
        TokenizedDocuments.load(tmp_path)


def test_a_label_without_loss_is_not_asked_for() -> None:
    documents = TokenizedDocuments.from_lists([[1, 2, 3]], [[False, False, True]], labels=[[-1, 9, -1]])
    batch = PaddedBatches(documents, 1, 8, seed=0).batch(0)
    assert torch.equal(batch.targets, torch.tensor([[-1, 3]]))
