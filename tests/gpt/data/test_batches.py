from __future__ import annotations

import logging
import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gpt.data.batches import Batch, PackedBatches, PaddedBatches
from gpt.data.packing import pack_best_fit
from gpt.data.tokenized_documents import TokenizedDocuments
from gpt.errors import CheckpointError, ConfigError
from gpt.model.transformer import GPT

LISTS = [[100 * (d + 1) + i for i in range(2 + d % 9)] for d in range(40)]
MARKS = [[i % 3 != 1 for i in range(len(ids))] for ids in LISTS]


def pairs_of(batch: Batch) -> list[tuple[int, int]]:
    return [
        (int(token), int(target))
        for token, target, document in zip(
            batch.idx.flatten(), batch.targets.flatten(), batch.layout.document.flatten(), strict=True
        )
        if document >= 0
    ]


@given(st.lists(st.integers(1, 30), max_size=80))
def test_packing_keeps_every_item_once_and_no_row_overflows(lengths: list[int]) -> None:
    rows = pack_best_fit(lengths, 30)
    assert sorted(item for row in rows for item in row) == list(range(len(lengths)))
    assert all(sum(lengths[item] for item in row) <= 30 for row in rows)
    assert len(rows) <= 2 * -(-sum(lengths) // 30)  # no two rows fit into one


def test_packing_uses_the_best_fit() -> None:
    assert pack_best_fit([6, 5, 4, 5], 10) == [[0, 2], [1, 3]]


@pytest.mark.parametrize("kind", [PackedBatches, PaddedBatches])
def test_an_epoch_holds_every_pair_of_every_document_once(kind: type[PackedBatches] | type[PaddedBatches]) -> None:
    batches = kind(TokenizedDocuments.from_lists(LISTS, MARKS), 1, 16, seed=3)
    seen = [pair for step in range(batches.n_rows) for pair in pairs_of(batches.batch(step))]
    expected = [
        (ids[i], ids[i + 1] if marks[i + 1] else -1)
        for ids, marks in zip(LISTS, MARKS, strict=True)
        if any(marks[1:])
        for i in range(len(ids) - 1)
    ]
    assert sorted(seen) == sorted(expected)


def test_no_target_crosses_into_the_next_document() -> None:
    batches = PackedBatches(TokenizedDocuments.from_lists(LISTS), 4, 32, seed=0)
    for step in range(3):
        batch = batches.batch(step)
        counted = batch.targets >= 0
        assert torch.equal(batch.targets[counted], batch.idx[counted] + 1)  # LISTS counts up within a document only
        assert batch.n_targets == int(counted.sum())
        assert batch.n_tokens == int((batch.layout.document >= 0).sum())


def test_neighboring_documents_of_a_row_have_different_numbers() -> None:
    batch = PackedBatches(TokenizedDocuments.from_lists(LISTS), 8, 32, seed=0).batch(0)
    same_document = batch.layout.document[:, 1:] == batch.layout.document[:, :-1]
    consecutive = batch.idx[:, 1:] == batch.idx[:, :-1] + 1
    both_used = (batch.layout.document[:, 1:] >= 0) & (batch.layout.document[:, :-1] >= 0)
    assert torch.equal(same_document[both_used], consecutive[both_used])
    assert batch.layout.document.max() > 0


def test_a_batch_is_a_function_of_seed_and_step() -> None:
    documents = TokenizedDocuments.from_lists(LISTS)
    first, second = PackedBatches(documents, 3, 16, seed=1), PackedBatches(documents, 3, 16, seed=1)
    forwards = [first.batch(step).idx for step in range(20)]
    backwards = [second.batch(step).idx for step in reversed(range(20))][::-1]
    assert all(torch.equal(a, b) for a, b in zip(forwards, backwards, strict=True))
    other = PackedBatches(documents, 3, 16, seed=2)
    assert any(not torch.equal(a, other.batch(step).idx) for step, a in enumerate(forwards))


def test_epochs_come_in_different_orders() -> None:
    batches = PackedBatches(TokenizedDocuments.from_lists(LISTS), 1, 16, seed=0)
    epochs = [[batches.batch(e * batches.n_rows + i).idx for i in range(batches.n_rows)] for e in range(2)]
    assert any(not torch.equal(a, b) for a, b in zip(*epochs, strict=True))


def test_packing_wastes_little_where_padding_wastes_much() -> None:
    rng = np.random.default_rng(0)
    documents = TokenizedDocuments.from_lists([[5] * int(n) for n in rng.integers(10, 120, size=300)])
    packed, padded = PackedBatches(documents, 1, 128, 0), PaddedBatches(documents, 4, 128, 0)
    assert packed.n_tokens / (packed.n_rows * 128) > 0.95
    batch = padded.batch(0)
    assert batch.n_tokens / batch.idx.numel() < 0.95
    assert batch.idx.shape[1] == int((batch.layout.document >= 0).sum(1).max())


def test_long_documents_are_cut_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    documents = TokenizedDocuments.from_lists([list(range(9)), list(range(10)), list(range(40))])
    with caplog.at_level(logging.WARNING):
        batches = PackedBatches(documents, 3, 8, seed=0)
    assert batches.n_truncated == 2
    assert "2 of 3 documents are longer than block_size + 1 = 9 tokens and were cut" in caplog.text
    assert batches.n_tokens == 24


def test_documents_without_loss_are_left_out() -> None:
    marks = [[True, False, False], [False, False, True], [True]]
    batches = PackedBatches(TokenizedDocuments.from_lists([[1, 2, 3], [4, 5, 6], [7]], marks), 1, 8, seed=0)
    assert batches.n_left_out == 2
    assert pairs_of(batches.batch(0)) == [(4, -1), (5, 6)]


@pytest.mark.parametrize(("largest", "dtype"), [(65535, np.uint16), (65536, np.uint32)])
def test_saved_documents_are_memory_mapped_and_unchanged(tmp_path: Path, largest: int, dtype: type) -> None:
    documents = TokenizedDocuments.from_lists([*LISTS, [largest], []])
    documents.save(tmp_path)
    loaded = TokenizedDocuments.load(tmp_path)
    assert isinstance(loaded.tokens, np.memmap)
    assert loaded.tokens.dtype == dtype
    assert len(loaded) == len(LISTS) + 2
    for name in ("tokens", "loss_mask", "offsets"):
        assert np.array_equal(getattr(loaded, name), getattr(documents, name))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["branch.npy", "counted.npy", "offsets.npy", "tokens.npy"]


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_loading_reads_only_the_used_pages(tmp_path: Path) -> None:
    n, size = 2**28, 4  # one document of tokens in a sparse file of half a gigabyte
    for name, dtype in (("tokens", np.uint16), ("counted", np.bool_), ("branch", np.uint8)):
        np.lib.format.open_memmap(tmp_path / f"{name}.npy", mode="w+", dtype=dtype, shape=(n,))[-size:] = 1
    np.save(tmp_path / "offsets.npy", np.array([0, n - size, n]))
    before = resident_bytes()
    tracemalloc.start()
    documents = TokenizedDocuments.load(tmp_path)
    last = documents.tokens[int(documents.offsets[1]) :].tolist()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert last == [1] * size
    assert all(isinstance(getattr(documents, name), np.memmap) for name in ("tokens", "loss_mask", "branch", "offsets"))
    assert peak < 2**20
    assert resident_bytes() - before < 2**25


def test_targets_with_loss_are_found_without_copying_the_loss_mask() -> None:
    n, length = 2**22, 2**12
    documents = TokenizedDocuments.from_lists([np.ones(length, dtype=np.int64)] * (n // length))
    tracemalloc.start()
    PackedBatches(documents, 1, length, seed=0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < n / 4


@given(st.lists(st.lists(st.booleans(), max_size=12), min_size=1, max_size=12), st.integers(1, 12))
def test_a_document_is_left_out_exactly_if_no_target_in_reach_has_loss(marks: list[list[bool]], size: int) -> None:
    documents = TokenizedDocuments.from_lists([[7] * len(mark) for mark in marks], marks)
    kept = sum(any(mark[1 : size + 1]) for mark in marks)
    if kept:
        batches = PaddedBatches(documents, 1, size, seed=0)
        assert (batches.n_rows, batches.n_left_out) == (kept, len(marks) - kept)
    else:
        with pytest.raises(ConfigError, match="none of"):
            PaddedBatches(documents, 1, size, seed=0)


@pytest.mark.parametrize("kind", [PackedBatches, PaddedBatches])
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"attention": "sdpa"},
        {"position": "learned", "previous_tokens": 0},
        {"position": "sinusoidal", "bias": True},
    ],
)
def test_the_loss_of_a_batch_equals_the_loss_of_its_documents_alone(
    make_model: Callable[..., GPT], kind: type[PackedBatches] | type[PaddedBatches], settings: dict[str, object]
) -> None:
    model = make_model(**settings)
    lists = [[(token * 7) % 320 for token in ids] for ids in LISTS[:12]]
    total, n_counted = 0.0, 0
    for ids, marks in zip(lists, MARKS, strict=False):
        targets = torch.tensor([[token if learn else -1 for token, learn in zip(ids, marks, strict=True)][1:]])
        with torch.no_grad():
            logits = model(torch.tensor([ids[:-1]]))[0]
        total += float(torch.nn.functional.cross_entropy(logits[0], targets[0], ignore_index=-1, reduction="sum"))
        n_counted += int((targets >= 0).sum())
    rows = kind(TokenizedDocuments.from_lists(lists, MARKS[:12]), 1, 24, seed=0)
    rows.batch_rows = rows.n_rows
    batch = rows.batch(0)
    with torch.no_grad():
        loss = model(batch.idx, batch.targets, batch.layout)[1]
    assert loss is not None
    assert batch.n_targets == n_counted
    assert loss.item() == pytest.approx(total / n_counted, rel=1e-5)


def test_padding_and_neighbors_do_not_change_the_gradient(make_model: Callable[..., GPT]) -> None:
    gradients = []
    for kind in (PackedBatches, PaddedBatches):
        model = make_model()
        rows = kind(TokenizedDocuments.from_lists([[t % 320 for t in ids] for ids in LISTS[:12]]), 1, 24, seed=0)
        rows.batch_rows = rows.n_rows
        batch = rows.batch(0)
        loss = model(batch.idx, batch.targets, batch.layout)[1]
        assert loss is not None
        loss.backward()
        gradients.append({name: p.grad for name, p in model.named_parameters() if p.grad is not None})
    for name, gradient in gradients[0].items():
        torch.testing.assert_close(gradient, gradients[1][name], rtol=1e-4, atol=1e-5, msg=name)


def test_damaged_files_are_errors_that_name_them(tmp_path: Path) -> None:
    documents = TokenizedDocuments.from_lists(LISTS)
    with pytest.raises(CheckpointError, match=r"tokens\.npy: no such file"):
        TokenizedDocuments.load(tmp_path)
    documents.save(tmp_path)
    (tmp_path / "counted.npy").write_bytes((tmp_path / "counted.npy").read_bytes()[:-20])
    with pytest.raises(CheckpointError, match=r"counted\.npy: damaged"):
        TokenizedDocuments.load(tmp_path)
    np.save(tmp_path / "counted.npy", np.ones(3, dtype=np.bool_))
    with pytest.raises(CheckpointError, match="do not match"):
        TokenizedDocuments.load(tmp_path)


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("tokens", np.zeros(9), "expected a row of <u2 or <u4"),
        ("tokens", np.zeros((3, 3), np.uint16), "expected a row"),
        ("branch", np.uint8(1), "expected a row"),
        ("tokens", np.array([None] * 9, dtype=object), "damaged"),  # a pickle
        ("offsets", np.array([0, 7, 2, 9]), "do not follow each other"),
        ("offsets", np.array([3, 9]), "do not follow each other"),
    ],
)
def test_an_array_of_a_wrong_type_or_shape_is_an_error(
    tmp_path: Path, name: str, array: npt.NDArray[np.generic], message: str
) -> None:
    TokenizedDocuments.from_lists([[1, 2, 3], [4, 5], [6, 7, 8, 9]]).save(tmp_path)
    np.save(tmp_path / f"{name}.npy", array, allow_pickle=True)
    with pytest.raises(CheckpointError, match=message):
        TokenizedDocuments.load(tmp_path)


def test_a_header_that_ends_within_a_word_is_an_error(tmp_path: Path) -> None:
    TokenizedDocuments.from_lists(LISTS).save(tmp_path)
    raw = (tmp_path / "tokens.npy").read_bytes()
    (tmp_path / "tokens.npy").write_bytes(raw[:22] + b"\n" + raw[23:])  # numpy's own reader ends in a TokenError
    with pytest.raises(CheckpointError, match=r"tokens\.npy: damaged"):
        TokenizedDocuments.load(tmp_path)


def test_wrong_arguments_are_named() -> None:
    with pytest.raises(ConfigError, match="document 1 has 2 tokens but 1 loss mask entries"):
        TokenizedDocuments.from_lists([[1], [1, 2]], [[True], [True]])
    with pytest.raises(ConfigError, match="batch_rows is 0"):
        PackedBatches(TokenizedDocuments.from_lists(LISTS), 0, 8, 0)
    with pytest.raises(ConfigError, match="none of 1 documents"):
        PackedBatches(TokenizedDocuments.from_lists([[1]]), 1, 8, 0)


def test_a_continuation_continues_the_prefix() -> None:
    marks = [False] * 4 + [True] * 2 + [False] + [True] * 2
    documents = TokenizedDocuments.from_lists([[7, 8, 9, 1, 2, 3, 1, 4, 5]], [marks], [[0, 0, 0, 1, 1, 1, 2, 2, 2]])
    layout = PackedBatches(documents, 1, 12, seed=0).batch(0).layout
    assert layout.positions[0, :8].tolist() == [0, 1, 2, 3, 4, 5, 3, 4]
    assert layout.predecessor[0, :8].tolist() == [-1, 0, 1, 2, 3, 4, 2, 6]
    assert layout.document[0, 3] != layout.document[0, 6]
    assert set(layout.prefix[0, :8].tolist()) == {int(layout.document[0, 0])}


def test_the_first_token_of_a_branch_has_no_loss() -> None:
    with pytest.raises(ConfigError, match="first token of a branch"):
        TokenizedDocuments.from_lists([[7, 8, 9]], [[False, True, True]], [[0, 1, 1]])
