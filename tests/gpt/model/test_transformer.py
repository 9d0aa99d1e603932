from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch

from gpt.data.batches import PackedBatches
from gpt.data.tokenized_documents import TokenizedDocuments
from gpt.errors import ConfigError, ContextError
from gpt.model.kv_cache import KVCache
from gpt.model.packed_layout import PackedLayout
from gpt.model.transformer import GPT, GPTConfig

Make = Callable[..., GPT]
VARIANTS = [
    {},
    {"position": "learned", "norm": "layer", "mlp": "gelu", "qk_norm": False, "bias": True},
    {"position": "sinusoidal", "mlp": "swiglu", "tie_weights": False},
    {"attention": "sdpa", "n_kv_head": 2},
    {"attention": "matmul", "n_kv_head": 1, "previous_tokens": 0},
    {"previous_tokens": 5},
    {"attention": "handwritten", "mlp": "gelu_tanh", "embedding_norm": False},
    {"head_init": "orthogonal"},
]


def random_ids(rows: int, length: int, seed: int = 0) -> torch.Tensor:
    return torch.randint(0, 320, (rows, length), generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("settings", VARIANTS)
def test_a_later_token_never_changes_an_earlier_prediction(make_model: Make, settings: dict[str, object]) -> None:
    model = make_model(**settings)
    idx = random_ids(2, 24)
    changed = idx.clone()
    changed[:, 15] = (changed[:, 15] + 1) % 320
    with torch.no_grad():
        before, after = model(idx)[0], model(changed)[0]
    torch.testing.assert_close(before[:, :15], after[:, :15], rtol=0, atol=1e-6)
    assert (before[:, 15:] - after[:, 15:]).abs().amax(dim=(0, 2)).min() > 1e-4  # and every later one changes


@pytest.mark.parametrize("settings", VARIANTS)
def test_the_initial_loss_is_that_of_a_uniform_guess(make_model: Make, settings: dict[str, object]) -> None:
    model = make_model(fresh=True, **settings)
    idx = random_ids(8, 40)
    loss = model(idx, random_ids(8, 40, seed=1))[1]
    assert loss is not None
    assert abs(loss.item() - math.log(320)) < 0.15


@pytest.mark.parametrize("settings", VARIANTS)
@pytest.mark.parametrize("at", [0, 7, 19])
def test_a_packed_document_is_read_as_if_it_were_alone(make_model: Make, settings: dict[str, object], at: int) -> None:
    model = make_model(**settings)
    alone = random_ids(1, 12, seed=3)
    packed = random_ids(1, 40, seed=4)
    packed[:, at : at + 12] = alone
    document = torch.full((1, 40), 2)
    document[:, :at] = 0
    document[:, at : at + 12] = 1
    with torch.no_grad():
        expected = model(alone)[0]
        actual = model(packed, layout=PackedLayout.from_documents(document))[0][:, at : at + 12]
    torch.testing.assert_close(actual, expected, rtol=1e-4, atol=2e-5)


def test_without_a_layout_a_row_is_one_document(make_model: Make) -> None:
    model = make_model()
    idx = random_ids(1, 20)
    with torch.no_grad():
        same = model(idx, layout=PackedLayout.from_documents(torch.zeros_like(idx)))[0]
        torch.testing.assert_close(model(idx)[0], same, rtol=1e-5, atol=1e-5)


def test_with_targets_logits_are_returned_only_where_targets_have_loss(make_model: Make) -> None:
    model = make_model()
    idx, targets = random_ids(2, 10), random_ids(2, 10, seed=1)
    targets[0, 3:] = -1
    targets[1, ::2] = -1
    with torch.no_grad():
        every, _ = model(idx)
        counted, loss = model(idx, targets)
    assert loss is not None
    keep = targets != -1
    torch.testing.assert_close(counted, every[keep])
    torch.testing.assert_close(loss, torch.nn.functional.cross_entropy(every[keep], targets[keep]))


def test_a_batch_with_only_ignored_targets_has_zero_loss_and_gradient(make_model: Make) -> None:
    model = make_model()
    loss = model(random_ids(1, 5), torch.full((1, 5), -1))[1]
    assert loss is not None
    loss.backward()
    assert loss.item() == 0
    assert all(p.grad is None or not p.grad.any() for p in model.parameters())


def test_rotary_attention_depends_on_distances_only(make_model: Make) -> None:
    model = make_model()
    idx = random_ids(1, 20)
    with torch.no_grad():
        at_start = model(idx)[0]
        shifted = model(idx, positions=torch.arange(17, 37)[None])[0]
    torch.testing.assert_close(at_start, shifted, rtol=1e-4, atol=1e-4)


def test_word_order_matters(make_model: Make) -> None:
    model = make_model(previous_tokens=0)
    with torch.no_grad():
        one, other = (model(torch.tensor([ids]))[0][0, -1] for ids in ([5, 9, 7], [9, 5, 7]))
    assert (one - other).abs().max() > 1e-3


def test_previous_tokens_are_seen_without_attention(make_model: Make) -> None:
    model = make_model(previous_tokens=2)
    for name, parameter in model.named_parameters():
        if name.endswith("attention.proj.weight"):
            torch.nn.init.zeros_(parameter)
    with torch.no_grad():
        reference, two_back, three_back = (
            model(torch.tensor([ids]))[0][0, -1] for ids in ([4, 5, 6, 7], [4, 9, 6, 7], [9, 5, 6, 7])
        )
    assert (reference - two_back).abs().max() > 1e-3
    torch.testing.assert_close(reference, three_back, rtol=0, atol=0)


def test_loss_is_fp32_and_close_under_bf16(make_model: Make) -> None:
    model = make_model(fresh=True)
    idx, targets = random_ids(4, 32), random_ids(4, 32, seed=1)
    exact = model(idx, targets)[1]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = model(idx, targets)[1]
    assert loss is not None
    assert exact is not None
    assert loss.dtype == torch.float32
    assert abs(loss.item() - exact.item()) < 0.02


def test_a_shared_table_is_counted_once(make_model: Make) -> None:
    tied, own = make_model(), make_model(tie_weights=False)
    assert tied.head.weight is tied.wte.weight
    assert own.n_parameters - tied.n_parameters == 320 * 32


def test_more_tokens_than_the_context_is_an_error(make_model: Make) -> None:
    with pytest.raises(ContextError, match="49 tokens do not fit into block_size 48"):
        make_model()(random_ids(1, 49))


def test_a_position_beyond_the_context_is_an_error(make_model: Make) -> None:
    for position in ("rotary", "learned", "sinusoidal"):
        with pytest.raises(ContextError, match=r"positions 45..49 are not all in 0..47 \(block_size - 1\)"):
            make_model(position=position)(random_ids(1, 5), positions=torch.arange(45, 50)[None])


def test_more_tokens_than_a_cache_holds_is_an_error(make_model: Make) -> None:
    model = make_model()
    cache = KVCache(model.config, capacity=6)
    model(random_ids(1, 4), cache=cache)
    with pytest.raises(ContextError, match=r"4 \+ 3 tokens do not fit into a cache of 6"):
        model(random_ids(1, 3), cache=cache)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_head": 3}, "n_embd 256 is not a multiple of n_head 3"),
        ({"n_layer": 0}, "n_layer is 0; it must be a whole number of at least 1"),
        ({"n_embd": 2.5}, "n_embd is 2.5"),
        ({"dropout": 1.0}, "dropout is 1.0"),
        ({"norm": "batch"}, "norm is 'batch'; it must be one of rms, layer"),
        ({"position": "alibi"}, "one of rotary, learned, sinusoidal"),
        ({"n_kv_head": 3}, "n_kv_head is 3; it must divide n_head, which is 4"),
        ({"previous_tokens": -1}, "previous_tokens is -1"),
        ({"n_embd": 12, "n_head": 4}, "even head size"),
        ({"n_embd": 15, "n_head": 5, "position": "sinusoidal"}, "even n_embd; it is 15"),
        ({"previous_tokens": 512}, r"previous_tokens is 512; it must be in 0..511 \(block_size - 1\)"),
        ({"attention": "flash"}, "attention is 'flash'; it must be one of auto, sdpa, matmul, flex, handwritten"),
        ({"attention": "flex", "dropout": 0.1}, "'flex' does not support dropout; dropout is 0.1"),
        ({"head_init": "random"}, "head_init is 'random'; it must be one of shared, orthogonal"),
        ({"bias": "no"}, "bias is 'no'; it must be true or false"),
        ({"dropout": "0.1"}, "dropout is '0.1'"),
        ({"n_kv_head": 2.0}, "n_kv_head is 2.0"),
        ({"n_layers": 4}, "unknown model setting 'n_layers'; did you mean 'n_layer'"),
    ],
)
def test_a_wrong_setting_is_named_with_the_allowed_values(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        GPTConfig.from_dict({"vocab_size": 64} | settings)


@pytest.mark.parametrize("settings", [{}, {"position": "learned"}, {"attention": "sdpa"}, {"previous_tokens": 0}])
def test_each_continuation_is_read_as_if_it_alone_followed_the_prefix(
    make_model: Make, settings: dict[str, object]
) -> None:
    model = make_model(**settings)
    prefix, continuations = list(range(3, 12)), [[1, 30, 31, 32], [1, 40, 41], [1, 30, 50, 51, 52]]
    ids = [*prefix, *(token for continuation in continuations for token in continuation)]
    numbers = [0] * len(prefix) + [n for n, continuation in enumerate(continuations, start=1) for _ in continuation]
    marks = [number > 0 and token != 1 for token, number in zip(ids, numbers, strict=True)]
    documents = TokenizedDocuments.from_lists([[9] * 5, ids], [[True] * 5, marks], [[0] * 5, numbers])
    batch = PackedBatches(documents, 1, 32, seed=0).batch(0)
    with torch.no_grad():
        packed = model(batch.idx, layout=batch.layout)[0][0]
        for number, continuation in enumerate(continuations, start=1):
            alone = model(torch.tensor([[*prefix, *continuation]]))[0][0, len(prefix) :]
            columns = (batch.layout.document[0] == batch.layout.prefix[0] + number) & (batch.layout.document[0] >= 0)
            columns &= batch.layout.prefix[0] == batch.layout.document[0][batch.idx[0] == prefix[0]][0]
            actual = packed[columns]
            torch.testing.assert_close(actual, alone[: len(actual)], atol=2e-5, rtol=1e-4)
            assert len(actual) >= len(continuation) - 1
