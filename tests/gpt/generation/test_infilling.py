from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gpt.data.batches import PackedBatches
from gpt.data.tokenized_documents import TokenizedDocuments
from gpt.errors import ConfigError, ContextError
from gpt.generation.infilling import Marks, Span, draw_spans, fill, hide, infill, infilling_documents, restore
from gpt.model.transformer import GPT, GPTConfig
from gpt.tokenization.tokenizer import Tokenizer
from gpt.training.optimizer import build_optimizers

Make = Callable[..., GPT]
TOKENIZER = Tokenizer.train(["put the mug on the table"], vocab_size=320)
MARKS = Marks.from_tokenizer(TOKENIZER)
CLS, SEP, TASK, MASK, EOS = map(TOKENIZER.special, ("[CLS]", "[SEP]", "[TASK]", "[MASK]", "[EOS]"))
TOKENS = st.sampled_from([1, 2, 3, 4, 5, 6, SEP, SEP, SEP, TASK, CLS])
DOCUMENTS = st.tuples(st.lists(TOKENS, max_size=40), st.sampled_from([[], [EOS]])).map(
    lambda parts: parts[0] + parts[1]
)
PLAN = [CLS, 1, 2, TASK, 3, 3, SEP, 4, SEP, 5, 6, 5, EOS]


@given(DOCUMENTS, st.integers(1, 4), st.integers(0, 1000))
def test_filling_the_holes_with_their_answers_restores_the_document(ids: list[int], holes: int, seed: int) -> None:
    spans = draw_spans(ids, MARKS, holes, np.random.default_rng(seed))
    if spans:
        assert restore(hide(ids, spans, MARKS)[0], MARKS) == [token for token in ids if token != EOS]


@given(DOCUMENTS, st.integers(1, 4), st.integers(0, 1000))
def test_loss_is_on_hidden_tokens_and_their_end_marks(ids: list[int], holes: int, seed: int) -> None:
    spans = draw_spans(ids, MARKS, holes, np.random.default_rng(seed))
    if not spans:
        return
    hidden, counted = hide(ids, spans, MARKS)
    expected = [token for start, stop in spans for token in (*ids[start:stop], MASK)]
    assert [token for token, learn in zip(hidden, counted, strict=True) if learn] == [*expected[:-1], EOS]
    assert not any(counted[: hidden.index(EOS) + 1])


@given(DOCUMENTS, st.integers(1, 4), st.integers(0, 1000))
def test_drawn_holes_are_whole_segments_in_order_and_hide_no_special_token_but_separators(
    ids: list[int], holes: int, seed: int
) -> None:
    special = {CLS, TASK, SEP, EOS}
    spans = draw_spans(ids, MARKS, holes, np.random.default_rng(seed))
    assert bool(spans) == bool(set(ids) - special)
    assert len(spans) <= holes
    for start, stop in spans:
        assert start < stop
        assert not special & {ids[start], ids[stop - 1]}
        assert not {CLS, TASK, EOS} & set(ids[start:stop])
        assert start == 0 or ids[start - 1] in special
        assert stop == len(ids) or ids[stop] in special
    for (_, stop), (start, _) in itertools.pairwise(spans):
        assert set(ids[stop:start]) - special  # a segment between two holes


def test_every_run_of_segments_can_be_drawn() -> None:
    rng = np.random.default_rng(0)
    drawn_spans = {tuple(draw_spans([1, SEP, 2, 2, SEP, 3], MARKS, 1, rng)) for _ in range(200)}
    assert drawn_spans == {((0, 1),), ((0, 4),), ((0, 6),), ((2, 4),), ((2, 6),), ((5, 6),)}


def test_a_document_with_two_holes_has_the_documented_format() -> None:
    ids, counted = hide(PLAN, [(4, 6), (7, 10)], MARKS)
    context = [CLS, 1, 2, TASK, MASK, SEP, MASK, 6, 5, EOS]
    assert ids == [*context, 3, 3, MASK, 4, SEP, 5, EOS]
    assert counted == [False] * len(context) + [True] * 7


@pytest.mark.parametrize(
    ("ids", "spans", "message"),
    [
        (PLAN, [], "no span"),
        (PLAN, [(4, 4)], r"span 4\.\.4 is empty"),
        (PLAN, [(7, 8), (4, 6)], r"span 4\.\.6 is empty, out of order"),
        (PLAN, [(9, 13)], r"span 9\.\.13 is .* outside of 12 tokens"),
        (PLAN, [(1, 5)], f"would hide the special token {TASK} at 3"),
        ([1, MASK, 2], [(0, 1)], r"has \[MASK\] at 1"),
        ([1, EOS, 2], [(0, 1)], r"has \[EOS\] at 1"),
    ],
)
def test_a_span_that_cannot_be_hidden_is_named(ids: list[int], spans: list[Span], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        hide(ids, spans, MARKS)


def test_only_an_infilling_document_can_be_restored() -> None:
    with pytest.raises(ConfigError, match="here at"):
        restore(PLAN, MARKS)
    with pytest.raises(ConfigError, match="2 answers for 1 holes"):
        restore([1, MASK, EOS, 2, MASK, 3, EOS], MARKS)
    with pytest.raises(ConfigError, match="1 answers for 2 holes"):
        fill([MASK, MASK], [[1]], MARKS)


def test_every_document_with_something_to_hide_becomes_one_infilling_document() -> None:
    documents = TokenizedDocuments.from_lists([PLAN, [CLS, SEP], [7], PLAN])
    result = infilling_documents(documents, MARKS, np.random.default_rng(0), holes=2)
    restored = [
        restore(result.tokens[first:end].tolist(), MARKS)
        for first, end in zip(result.offsets[:-1], result.offsets[1:], strict=True)
    ]
    assert restored == [PLAN[:-1], [7], PLAN[:-1]]
    assert 0 < result.loss_mask.sum() < len(result.loss_mask)


def test_documents_with_branches_are_refused() -> None:
    documents = TokenizedDocuments.from_lists([[1, 2, 3]], [[True, False, True]], [[0, 1, 1]])
    with pytest.raises(ConfigError, match="branches cannot be infilled"):
        infilling_documents(documents, MARKS, np.random.default_rng(0))


@pytest.mark.parametrize("temperature", [0.0, 2.0])
def test_infilling_follows_the_format_for_any_weights(make_model: Make, temperature: float) -> None:
    pieces = ([CLS, 1], [2, SEP], [3])
    for seed in range(5):
        model = make_model(seed=seed)
        with torch.no_grad():
            model.wte.weight[[MASK, EOS]] *= 4  # these are written often
        generator = torch.Generator().manual_seed(seed)
        result = infill(model, TOKENIZER, *pieces, max_new_tokens=30, temperature=temperature, generator=generator)
        assert len(result.answers) == 2
        written = {token for answer in result.answers for token in answer}
        assert not written & MARKS.fixed
        assert all(token < TOKENIZER.n_used for token in written)
        length = sum(len(answer) + 1 for answer in result.answers)
        assert length <= 30 if result.complete else length > 30


def test_holes_beyond_the_token_limit_are_empty(make_model: Make) -> None:
    result = infill(make_model(), TOKENIZER, [1], [2], [3], max_new_tokens=1)
    assert not result.complete
    assert len(result.answers) == 2
    assert result.answers[1] == []


def test_a_prompt_that_does_not_fit_is_an_error(make_model: Make) -> None:
    with pytest.raises(ContextError, match="42 prompt tokens and 8 new ones"):
        infill(make_model(), TOKENIZER, [1] * 20, [2] * 20, max_new_tokens=8)
    with pytest.raises(ContextError, match="max_new_tokens is 0"):
        infill(make_model(), TOKENIZER, [1], [2], max_new_tokens=0)


Case = tuple[list[int], list[Span]]


def counting(n_holes: int) -> list[Case]:
    """Count by ones and twos, with all holes of up to three numbers; two numbers precede the first, one follows it."""
    cases: list[Case] = []
    for start, step, length in itertools.product(range(12), (1, 2), range(6, 12)):
        ids = [CLS, *range(start, start + step * length, step)]
        for a in range(3, length - 1):
            for b in range(a + 1, min(a + 4, length)):
                if n_holes == 1:
                    cases.append((ids, [(a, b)]))
                else:
                    cases += [(ids, [(a, b), (b + 1, c)]) for c in range(b + 2, min(b + 4, length + 1))]
    return [cases[i] for i in np.random.default_rng(n_holes).permutation(len(cases))]


@pytest.fixture(scope="module")
def counter() -> GPT:
    """A GPT with two layers, trained on all but the first hundred cases with one hole and with two."""
    torch.set_num_threads(1)
    documents = [hide(ids, spans, MARKS) for n in (1, 2) for ids, spans in counting(n)[100:]]
    lists = TokenizedDocuments.from_lists([ids for ids, _ in documents], [counted for _, counted in documents])
    batches = PackedBatches(lists, 8, 64, seed=0)
    steps, peak = 300, 8e-3
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = GPT(GPTConfig(vocab_size=TOKENIZER.vocab_size, n_layer=2, n_head=4, n_embd=64, block_size=64))
    optimizers = build_optimizers(model, "muon", peak, 0.0)
    for step in range(steps):
        for group in (group for optimizer in optimizers for group in optimizer.param_groups):
            group["lr"] = peak * min(1.0, (step + 1) / 20, 2 * (steps - step) / steps)
        batch = batches.batch(step)
        loss = model(batch.idx, batch.targets, batch.layout)[1]
        assert loss is not None
        loss.backward()
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad()
    return model.eval()


@pytest.mark.parametrize("n_holes", [1, 2])
def test_a_trained_gpt_fills_unseen_holes(counter: GPT, n_holes: int) -> None:
    n_right = 0
    for ids, spans in counting(n_holes)[:100]:
        edges = [0, *itertools.chain.from_iterable(spans), len(ids)]
        pieces = [ids[start:stop] for start, stop in zip(edges[::2], edges[1::2], strict=True)]
        result = infill(counter, TOKENIZER, *pieces, max_new_tokens=12)
        n_right += result.complete and result.answers == [ids[start:stop] for start, stop in spans]
    assert n_right >= 90
