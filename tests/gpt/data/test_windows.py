from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gpt.data.batches import PackedBatches, PaddedBatches
from gpt.data.tokenized_documents import TokenizedDocuments
from gpt.data.windows import split_into_windows, windows
from gpt.errors import ConfigError
from gpt.model.transformer import GPT

Make = Callable[..., GPT]
SIZES = st.integers(2, 12).flatmap(lambda size: st.tuples(st.just(size), st.integers(1, size)))
MARKED = st.lists(st.lists(st.booleans(), max_size=60), max_size=8)


@given(st.integers(0, 100), SIZES)
def test_every_token_is_new_in_one_window_and_no_window_is_too_long(length: int, sizes: tuple[int, int]) -> None:
    size, stride = sizes
    cut = windows(length, size, stride)
    assert [place for window in cut for place in range(window.new, window.stop)] == list(range(length))
    assert all(window.stop - window.start <= size for window in cut)
    assert all(window.stop - window.start == size for window in cut[:-1])


@given(st.integers(0, 100), SIZES)
def test_new_tokens_of_a_window_follow_the_overlap(length: int, sizes: tuple[int, int]) -> None:
    size, stride = sizes
    for window in windows(length, size, stride)[1:]:
        assert window.new - window.start == size - stride
        assert window.new < window.stop


def documents_of_unique_tokens(marks: list[list[bool]]) -> TokenizedDocuments:
    """Return documents in which every token has a unique id, so that a target identifies its position."""
    first = np.cumsum([0, *map(len, marks)])
    return TokenizedDocuments.from_lists(
        [range(int(a), int(a) + len(mark)) for a, mark in zip(first, marks, strict=False)], marks
    )


def targets_of(documents: TokenizedDocuments) -> list[tuple[int, int]]:
    """Return every target with loss and the number of tokens before it."""
    targets = []
    for first, end in zip(documents.offsets[:-1], documents.offsets[1:], strict=True):
        for place in range(int(first) + 1, int(end)):
            if documents.loss_mask[place]:
                targets.append((int(documents.tokens[place]), place - int(first)))
    return targets


@given(MARKED, st.integers(1, 20).flatmap(lambda size: st.tuples(st.just(size), st.integers(1, size))))
def test_windows_count_every_target_once_with_enough_context(marks: list[list[bool]], sizes: tuple[int, int]) -> None:
    block_size, overlap = sizes
    whole = documents_of_unique_tokens(marks)
    cut = split_into_windows(whole, block_size, overlap)
    before, after = dict(targets_of(whole)), targets_of(cut)
    assert sorted(target for target, _ in after) == sorted(before)
    assert all(context >= min(overlap, before[target]) for target, context in after)
    assert len(cut) == 0 or int(np.diff(cut.offsets).max()) <= block_size + 1


@given(MARKED, st.integers(1, 20).flatmap(lambda size: st.tuples(st.just(size), st.integers(1, size))))
def test_windows_are_runs_of_their_document_and_lose_no_token(marks: list[list[bool]], sizes: tuple[int, int]) -> None:
    whole = documents_of_unique_tokens(marks)
    cut = split_into_windows(whole, *sizes)
    assert set(cut.tokens.tolist()) == set(whole.tokens.tolist())
    for first, end in zip(cut.offsets[:-1], cut.offsets[1:], strict=True):
        assert (np.diff(cut.tokens[first:end].astype(np.int64)) == 1).all()


@pytest.mark.parametrize("kind", [PackedBatches, PaddedBatches])
def test_batches_of_windows_cut_nothing(kind: type[PackedBatches] | type[PaddedBatches]) -> None:
    whole = documents_of_unique_tokens([[True] * 50, [False] * 20 + [True] * 20, [True] * 5])
    batches = kind(split_into_windows(whole, 8, 3), 1, 8, seed=0)
    assert batches.n_truncated == 0
    targets = [batches.batch(step).targets for step in range(batches.n_rows)]
    counted = sorted(int(target) for batch in targets for target in batch[batch >= 0])
    assert counted == sorted(target for target, _ in targets_of(whole))


def mean_loss(model: GPT, batches: PaddedBatches) -> float:
    """Return the mean loss over the targets of an epoch of one-row batches."""
    total, n = 0.0, 0
    for step in range(batches.n_rows):
        batch = batches.batch(step)
        with torch.no_grad():
            loss = model(batch.idx, batch.targets, batch.layout)[1]
        assert loss is not None
        total, n = total + loss.item() * batch.n_targets, n + batch.n_targets
    return total / n


def test_if_the_model_looks_back_less_than_the_overlap_windows_keep_the_loss(make_model: Make) -> None:
    model = make_model(previous_tokens=2)
    for block in model.blocks:
        torch.nn.init.zeros_(block.attention.proj.weight)  # type: ignore[union-attr,arg-type]
    rng = np.random.default_rng(0)
    whole = TokenizedDocuments.from_lists([rng.integers(0, 300, n).tolist() for n in (49, 31, 12)])
    expected = mean_loss(model, PaddedBatches(whole, 1, 48, 0))
    assert mean_loss(model, PaddedBatches(split_into_windows(whole, 10, 3), 1, 10, 0)) == pytest.approx(
        expected, rel=1e-5
    )
    assert mean_loss(model, PaddedBatches(split_into_windows(whole, 10, 1), 1, 10, 0)) != pytest.approx(
        expected, rel=1e-3
    )


def test_documents_that_fit_are_unchanged() -> None:
    documents = documents_of_unique_tokens([[True] * 9, [True] * 3])
    assert split_into_windows(documents, 8, 2) is documents


def test_branches_are_kept_and_a_tree_that_is_too_long_is_named() -> None:
    marks = [[True] * 12, [False] * 4 + [True]]
    documents = TokenizedDocuments.from_lists([range(12), range(5)], marks, [[0] * 12, [0, 0, 0, 1, 1]])
    assert split_into_windows(documents, 7, 2).branch[-5:].tolist() == [0, 0, 0, 1, 1]
    with pytest.raises(ConfigError, match="document 1 has branches and 5 tokens"):
        split_into_windows(documents, 3, 2)


@pytest.mark.parametrize("overlap", [0, 9])
def test_an_overlap_out_of_range_is_an_error(overlap: int) -> None:
    with pytest.raises(ConfigError, match=rf"overlap is {overlap}; it must be in 1\.\.8"):
        split_into_windows(documents_of_unique_tokens([[True] * 20]), 8, overlap)


@pytest.mark.parametrize(("size", "stride"), [(0, 0), (4, 0), (4, 5)])
def test_a_stride_that_skips_tokens_or_makes_no_progress_is_an_error(size: int, stride: int) -> None:
    with pytest.raises(ConfigError, match=f"windows of {size} tokens every {stride}"):
        windows(10, size, stride)
