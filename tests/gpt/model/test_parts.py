"""Each model setting changes what it should and nothing else."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F
from torch.nn.attention.flex_attention import flex_attention

from gpt.data.batches import Batch, PackedBatches
from gpt.data.tokenized_documents import TokenizedDocuments
from gpt.errors import ConfigError
from gpt.model.attention import attention_mask, block_mask, choose_kernel, rotate, rotation_table
from gpt.model.kv_cache import KVCache
from gpt.model.packed_layout import PackedLayout
from gpt.model.transformer import GPT, MLP, GPTConfig, Norm

Make = Callable[..., GPT]
CPU = torch.device("cpu")
C, D, L, T = 32, 8, 2, 48  # width, head size, layers and block size of `make_model`
SWITCHES: dict[str, list[object]] = {
    "position": ["rotary", "learned", "sinusoidal"],
    "norm": ["rms", "layer"],
    "mlp": ["relu2", "gelu", "gelu_tanh", "swiglu"],
    "qk_norm": [True, False],
    "tie_weights": [True, False],
    "previous_tokens": [0, 1, 3],
    "attention": ["auto", "sdpa", "matmul", "flex", "handwritten"],
    "bias": [True, False],
    "n_kv_head": [None, 1, 2],
    "embedding_norm": [True, False],
    "head_init": ["shared", "orthogonal"],
}


def random_ids(rows: int, length: int, seed: int = 0) -> Tensor:
    return torch.randint(0, 320, (rows, length), generator=torch.Generator().manual_seed(seed))


def random_model(config: GPTConfig) -> GPT:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = GPT(config)
        for parameter in model.parameters():
            torch.nn.init.normal_(parameter, std=0.3)
    return model.eval()


@pytest.fixture(scope="module")
def branched() -> Batch:
    """Two rows of documents, some with branches, and unused columns at the end."""
    lists, loss_masks, branch = [], [], []
    for n in range(9):
        numbers = [0] * (4 + n % 4) + ([1] * 3 + [2] * (2 + n % 2) if n % 2 else [])
        learn = [before == number for before, number in zip([-1, *numbers[:-1]], numbers, strict=True)]
        lists.append([(5 * n + 3 * i) % 320 for i in range(len(numbers))])
        loss_masks.append(learn)
        branch.append(numbers)
    batch = PackedBatches(TokenizedDocuments.from_lists(lists, loss_masks, branch), 2, T, seed=0).batch(0)
    assert (batch.layout.document != batch.layout.prefix).any()
    assert (batch.layout.document < 0).any()
    return batch


# Decoding


@settings(max_examples=150, deadline=None)
@given(st.fixed_dictionaries({name: st.sampled_from(values) for name, values in SWITCHES.items()}), st.data())
def test_reading_in_chunks_with_a_cache_equals_reading_at_once(
    switches: dict[str, object], data: st.DataObject
) -> None:
    shape: dict[str, object] = {"vocab_size": 40, "n_layer": 2, "n_head": 4, "n_embd": 16, "block_size": 16}
    model = random_model(GPTConfig.from_dict(shape | switches))
    idx = random_ids(2, 12) % 40
    cache = KVCache(model.config, rows=2)
    with torch.no_grad():
        expected = model(idx)[0]
        pieces = []
        while cache.length < 12:
            n = data.draw(st.integers(1, 12 - cache.length))
            pieces.append(model(idx[:, cache.length : cache.length + n], cache=cache)[0])
    torch.testing.assert_close(torch.cat(pieces, dim=1), expected, rtol=1e-4, atol=1e-4)


# Kernels


@pytest.mark.parametrize("kv_heads", [None, 2])
@pytest.mark.parametrize("kernel", ["sdpa", "handwritten"])
def test_kernels_agree_on_packed_documents_with_branches(
    make_model: Make, branched: Batch, kernel: str, kv_heads: int | None
) -> None:
    losses, gradients = [], []
    for attention in ("matmul", kernel):
        model = make_model(attention=attention, n_kv_head=kv_heads)
        loss = model(branched.idx, branched.targets, branched.layout)[1]
        assert loss is not None
        loss.backward()
        losses.append(loss)
        gradients.append(torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None]))
    torch.testing.assert_close(losses[0], losses[1], rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(gradients[0], gradients[1], rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("with_layout", [True, False])
@pytest.mark.filterwarnings("ignore:flex_attention called without:UserWarning")
def test_the_flex_block_mask_equals_the_dense_mask(branched: Batch, with_layout: bool) -> None:
    layout = branched.layout if with_layout else None
    q, k, v = torch.randn(3, 2, 4, T, D, generator=torch.Generator().manual_seed(0))
    mask = attention_mask("matmul", T, layout, None, torch.float32, CPU).mask
    assert isinstance(mask, Tensor)
    with torch.no_grad():
        actual = flex_attention(q, k, v, block_mask=block_mask(T, layout, CPU))
    torch.testing.assert_close(actual, F.scaled_dot_product_attention(q, k, v, attn_mask=mask), rtol=1e-4, atol=1e-5)


@pytest.mark.gpu
@pytest.mark.parametrize("compiled", [False, True])
def test_flex_trains_as_sdpa_does(make_model: Make, branched: Batch, compiled: bool) -> None:
    batch, results = branched.to(torch.device("cuda")), []
    for attention in ("sdpa", "flex"):
        model = make_model(attention=attention, n_embd=128).to("cuda")
        trunk = torch.compile(model.trunk) if compiled else model.trunk
        loss = model.logits_and_loss(trunk(batch.idx, batch.layout), batch.targets)[1]
        loss.backward()  # type: ignore[no-untyped-call]
        results.append((loss.item(), model.wte.weight.grad))
    assert results[0][0] == pytest.approx(results[1][0], rel=1e-3)
    torch.testing.assert_close(results[0][1], results[1][1], rtol=1e-2, atol=1e-3)


def test_flex_cannot_train_on_the_cpu_and_names_an_alternative(make_model: Make, branched: Batch) -> None:
    model = make_model(attention="flex")
    with pytest.raises(ConfigError, match=r"'flex' cannot train on device 'cpu'.*use 'auto'"):
        model(branched.idx, branched.targets, branched.layout)


def test_a_model_trained_with_flex_reads_on_the_cpu(make_model: Make, branched: Batch) -> None:
    with torch.no_grad():
        actual, expected = (
            make_model(attention=attention)(branched.idx, layout=branched.layout)[0] for attention in ("flex", "auto")
        )
    assert torch.equal(actual, expected)


def test_auto_is_matmul_on_the_cpu_and_sdpa_on_a_gpu() -> None:
    assert choose_kernel("auto", CPU) == "matmul"
    assert choose_kernel("auto", torch.device("cuda")) == "sdpa"


def test_a_fused_kernel_gets_no_mask_where_rows_are_documents() -> None:
    assert attention_mask("sdpa", 16, None, None, torch.float32, CPU).mask is None
    assert (
        attention_mask("sdpa", 16, PackedLayout.from_documents(torch.zeros(1, 16)), None, torch.float32, CPU).mask
        is not None
    )


# Positions


@pytest.mark.parametrize("position", SWITCHES["position"])
def test_every_position_has_a_distinct_encoding(make_model: Make, position: str) -> None:
    model = make_model(position=position, fresh=position != "rotary", previous_tokens=0)
    if position == "rotary":
        codes = torch.cat((model.cos, model.sin), dim=-1)[:, 0]
    else:
        codes = model.waves if model.wpe is None else model.wpe.weight.detach()
    distances = torch.cdist(codes, codes) + torch.eye(T) * 1e3
    assert codes.shape[0] == T
    assert distances.min() > 1e-3


@pytest.mark.parametrize("position", SWITCHES["position"])
def test_the_order_of_earlier_words_matters(make_model: Make, position: str) -> None:
    model = make_model(position=position, previous_tokens=0)
    with torch.no_grad():
        one, other = (model(torch.tensor([ids]))[0][0, -1] for ids in ([5, 9, 7], [9, 5, 7]))
    assert (one - other).abs().max() > 1e-3


def test_only_learned_positions_have_parameters(make_model: Make) -> None:
    counts = {str(name): make_model(position=name).n_parameters for name in SWITCHES["position"]}
    assert counts["rotary"] == counts["sinusoidal"] == counts["learned"] - T * C


def test_sinusoidal_positions_follow_the_papers_formula(make_model: Make) -> None:
    waves = make_model(position="sinusoidal").waves
    scale = 0.02 * math.sqrt(2)  # a fresh embedding's size
    for place, column in ((0, 1), (7, 0), (7, 1), (40, 11)):
        angle = place / 10_000 ** ((column - column % 2) / C)
        assert waves[place, column].item() / scale == pytest.approx([math.sin, math.cos][column % 2](angle), abs=1e-4)


def test_rotary_embedding_keeps_norms_and_makes_dot_products_depend_on_distance() -> None:
    cos, sin = rotation_table(T, D)
    q, k = torch.randn(2, 1, 1, 1, D, generator=torch.Generator().manual_seed(0)).expand(2, 1, T, 1, D)
    turned_q, turned_k = rotate(q, cos, sin), rotate(k, cos, sin)
    torch.testing.assert_close(turned_q.norm(dim=-1), q.norm(dim=-1))
    scores = turned_q[0, :, 0] @ turned_k[0, :, 0].T
    torch.testing.assert_close(scores[1:, 1:], scores[:-1, :-1], rtol=1e-4, atol=1e-4)
    assert (scores[0, 1:] - scores[0, 0]).abs().min() > 1e-4


# Norms, MLP, biases


@pytest.mark.parametrize("norm", ["rms", "layer"])
def test_a_norm_follows_its_formula_in_fp32_under_autocast(norm: str) -> None:
    part = Norm(GPTConfig.from_dict({"vocab_size": 8, "n_head": 1, "n_embd": C, "norm": norm, "bias": True}))
    x = 300 + 2 * torch.randn(5, C, generator=torch.Generator().manual_seed(0))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        actual = part(x)
    y = x.double()
    y = y if norm == "rms" else y - y.mean(dim=-1, keepdim=True)
    expected = y / y.square().mean(dim=-1, keepdim=True).sqrt()
    assert actual.dtype == torch.float32
    torch.testing.assert_close(actual.double(), expected, rtol=1e-4, atol=1e-3)  # bf16 would be off by 0.5


def test_layer_norm_adds_a_weight_and_optionally_a_bias_per_column(make_model: Make) -> None:
    norms = 2 * L + 2
    rms, layer = make_model().n_parameters, make_model(norm="layer").n_parameters
    assert layer - rms == norms * C
    linear = L * (3 * C + C + 4 * C + C)
    assert make_model(bias=True).n_parameters - rms == linear
    assert make_model(bias=True, norm="layer").n_parameters - layer == linear + norms * C


@pytest.mark.parametrize(
    ("kind", "formula"),
    [
        ("relu2", lambda x: x.clamp_min(0) ** 2),
        ("gelu", lambda x: x * (1 + torch.erf(x / 2**0.5)) / 2),
        ("gelu_tanh", lambda x: x / 2 * (1 + torch.tanh((2 / math.pi) ** 0.5 * (x + 0.044715 * x**3)))),
        ("swiglu", lambda x: x[..., :64] * torch.sigmoid(x[..., :64]) * x[..., 64:]),
    ],
)
def test_an_mlp_applies_its_activation_between_two_matrices(kind: str, formula: Callable[[Tensor], Tensor]) -> None:
    part = MLP(GPTConfig.from_dict({"vocab_size": 8, "n_head": 1, "n_embd": C, "mlp": kind}))
    x = 3 * torch.randn(5, C, generator=torch.Generator().manual_seed(0))
    expected = formula(x @ part.fc.weight.T) @ part.proj.weight.T
    torch.testing.assert_close(part(x), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", SWITCHES["mlp"])
def test_every_mlp_has_eight_times_the_width_squared_parameters(kind: str) -> None:
    part = MLP(GPTConfig.from_dict({"vocab_size": 8, "n_head": 1, "n_embd": 384, "mlp": kind}))
    assert sum(p.numel() for p in part.parameters()) == 8 * 384**2


def test_embedding_scale_matters_only_without_the_embedding_norm(make_model: Make) -> None:
    for embedding_norm in (True, False):
        small, large = (make_model(embedding_norm=embedding_norm, tie_weights=False) for _ in range(2))
        for table in (large.wte, large.previous):
            assert table is not None
            table.weight.data *= 3
        with torch.no_grad():
            difference = (small(random_ids(1, 9))[0] - large(random_ids(1, 9))[0]).abs().max()
        assert difference < 1e-3 if embedding_norm else difference > 1e-1


def test_blocks_add_to_the_residual_stream(make_model: Make) -> None:
    """With zero projections, blocks do nothing and the head reads the normalized embeddings."""
    model = make_model(previous_tokens=0, tie_weights=False)
    for name, parameter in model.named_parameters():
        if name.startswith("blocks.") and ".proj." in name:
            torch.nn.init.zeros_(parameter)
    idx = random_ids(1, 7)
    with torch.no_grad():
        stream = F.rms_norm(model.wte(idx), (C,), None, 1e-6)
        torch.testing.assert_close(model(idx)[0], F.rms_norm(stream, (C,), None, 1e-6) @ model.head.weight.T)


# Heads


def test_grouped_queries_are_full_attention_with_shared_keys_and_values(make_model: Make) -> None:
    grouped, full = make_model(n_kv_head=2), make_model()
    state = grouped.state_dict()
    for layer in range(L):
        name = f"blocks.{layer}.attention.qkv.weight"
        q, k, v = state[name].split((4 * D, 2 * D, 2 * D))
        k, v = (part.view(2, D, C).repeat_interleave(2, dim=0).reshape(4 * D, C) for part in (k, v))
        state[name] = torch.cat((q, k, v))
    full.load_state_dict(state)
    with torch.no_grad():
        idx = random_ids(2, 20)
        torch.testing.assert_close(grouped(idx)[0], full(idx)[0], rtol=1e-5, atol=1e-5)
    assert full.n_parameters - grouped.n_parameters == L * 4 * D * C
    assert KVCache(grouped.config).keys[0].numel() * 2 == KVCache(full.config).keys[0].numel()


def test_with_qk_norm_the_scale_of_queries_does_not_matter(make_model: Make) -> None:
    for qk_norm in (True, False):
        model, other = make_model(qk_norm=qk_norm), make_model(qk_norm=qk_norm)
        for name, parameter in other.named_parameters():
            if name.endswith("qkv.weight"):
                parameter.data[: 4 * D] *= 5
        with torch.no_grad():
            difference = (model(random_ids(1, 9))[0] - other(random_ids(1, 9))[0]).abs().max()
        assert difference < 1e-3 if qk_norm else difference > 1e-2
    assert make_model(qk_norm=True).n_parameters - make_model(qk_norm=False).n_parameters == L * D


def test_heads_are_concatenated_in_order_and_do_not_mix_before_the_projection(make_model: Make) -> None:
    model = make_model()
    actual: list[Tensor] = []
    attention = model.blocks[0].get_submodule("attention")
    attention.get_submodule("proj").register_forward_pre_hook(lambda _, inputs: actual.append(inputs[0]))
    with torch.no_grad():
        model(random_ids(1, 6))
        value_rows = attention.get_parameter("qkv.weight")[2 * C :]
        value_rows[D : 2 * D] *= 2  # the second head's values
        model(random_ids(1, 6))
    torch.testing.assert_close(actual[1][..., D : 2 * D], 2 * actual[0][..., D : 2 * D])
    other_columns = [column for column in range(C) if not D <= column < 2 * D]
    torch.testing.assert_close(actual[1][..., other_columns], actual[0][..., other_columns])


@pytest.mark.parametrize("attention", ["matmul", "sdpa", "handwritten"])
def test_dropout_acts_in_training_only(make_model: Make, attention: str) -> None:
    model, without = make_model(dropout=0.5, attention=attention), make_model(attention=attention)
    idx = random_ids(1, 8)
    with torch.no_grad():
        assert torch.equal(model(idx)[0], without(idx)[0])
        model.train()
        assert not torch.equal(model(idx)[0], model(idx)[0])


@pytest.mark.parametrize("attention", ["matmul", "sdpa", "handwritten"])
def test_attention_dropout_keeps_the_mean(make_model: Make, attention: str) -> None:
    part = make_model(dropout=0.3, attention=attention, position="learned").blocks[0].get_submodule("attention")
    x = torch.randn(1, 5, C, generator=torch.Generator().manual_seed(0)).expand(4000, 5, C)
    mask = attention_mask(attention, 5, None, None, torch.float32, CPU)  # type: ignore[arg-type]
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        expected = part(x[:1], None, mask, None, 0)[0]
        dropped = part.train()(x, None, mask, None, 0)
    assert (dropped[0] - dropped[1]).abs().max() > 1e-3
    torch.testing.assert_close(dropped.mean(dim=0), expected, rtol=0, atol=0.05 * dropped.std().item() + 0.02)
