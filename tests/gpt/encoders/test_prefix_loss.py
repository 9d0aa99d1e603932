"""Reading vectors in place of tokens: equal results in torch and numpy, and unchanged results for text."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from gpt.encoders.blocks import EncoderBlock
from gpt.encoders.prefix_loss import build_rows, reading_loss
from gpt.errors import CheckpointError, ConfigError, ContextError
from gpt.inference.encoders.blocks import conv1d, conv2d, depthwise1d, encoder_block
from gpt.inference.numpy_model import NumpyModel
from gpt.model.inserted_embeddings import InsertedEmbeddings
from gpt.model.transformer import GPT, GPTConfig
from gpt.training.lora import adapter_of, attach
from gpt.weights.encoder_file import SenseFile, load_sense, save_sense

CONFIG = GPTConfig(vocab_size=64, n_layer=2, n_head=2, n_embd=32, block_size=48, previous_tokens=2)
CLS, IMAGE, PAD, SEP, EOS = 1, 2, 0, 3, 4


@pytest.fixture
def gpt() -> GPT:
    torch.manual_seed(0)
    model = GPT(CONFIG).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    return model


def test_both_runtimes_read_inserted_vectors_alike(gpt: GPT) -> None:
    vectors = torch.randn(5, 32)
    ids = torch.tensor([[CLS, *[IMAGE] * 5, SEP, 9]])
    inserted = InsertedEmbeddings(vectors, torch.zeros(5, dtype=torch.int64), torch.arange(1, 6))
    with torch.no_grad():
        expected = gpt(ids, inserted=inserted)[0][0, -1].numpy()
        without = gpt(ids)[0][0, -1].numpy()
    session = NumpyModel.from_torch(gpt).begin()
    session.feed([CLS])
    session.feed_vectors(vectors.numpy(), IMAGE)
    np.testing.assert_allclose(session.feed([SEP, 9]), expected, atol=2e-4)
    assert np.abs(without - expected).max() > 1e-2  # the vectors matter


def test_inserting_a_tokens_own_embedding_changes_nothing(gpt: GPT) -> None:
    ids = torch.tensor([[CLS, IMAGE, IMAGE, SEP]])
    own = gpt.wte.weight[IMAGE].expand(2, -1)
    with torch.no_grad():
        inserted = InsertedEmbeddings(own, torch.zeros(2, dtype=torch.int64), torch.tensor([1, 2]))
        torch.testing.assert_close(gpt(ids, inserted=inserted)[0], gpt(ids)[0])


def test_vectors_of_another_width_are_refused(gpt: GPT) -> None:
    with pytest.raises(ContextError, match=r"\(T, 32\)"):
        NumpyModel.from_torch(gpt).begin().feed_vectors(np.zeros((3, 16), np.float32), IMAGE)


def test_a_padded_row_is_read_as_if_it_stood_alone(gpt: GPT) -> None:
    vectors = torch.randn(2, 6, 32)
    lengths = torch.tensor([6, 3])
    texts = torch.tensor([[SEP, 9, 10, EOS], [SEP, 11, EOS, PAD]])
    learn = torch.tensor([[False, True, True, True], [False, True, True, False]])
    idx, targets, inserted = build_rows(vectors, lengths, texts, learn, [CLS], IMAGE, PAD)
    assert idx[1].tolist() == [CLS, IMAGE, IMAGE, IMAGE, SEP, 11, EOS, PAD, PAD, PAD]
    assert targets[1].tolist() == [-1, -1, -1, -1, 11, EOS, -1, -1, -1, -1]
    assert targets[0].tolist() == [-1] * 7 + [9, 10, EOS]
    with torch.no_grad():
        both = gpt(idx, targets, inserted=inserted)[1]
        alone = [
            float(reading_loss(gpt, vectors[i : i + 1, :n], lengths[i : i + 1], texts[i : i + 1], learn[i : i + 1],
                               opening=[CLS], placeholder=IMAGE, pad=PAD))
            for i, n in enumerate((6, 3))
        ]  # fmt: skip
    assert float(both) == pytest.approx((3 * alone[0] + 2 * alone[1]) / 5, rel=1e-4)


def test_gradients_reach_the_vectors_but_not_the_frozen_embedding(gpt: GPT) -> None:
    attach(gpt, rank=2)
    vectors = torch.randn(1, 4, 32, requires_grad=True)
    loss = reading_loss(
        gpt, vectors, torch.tensor([4]), torch.tensor([[SEP, 9, EOS]]), torch.tensor([[False, True, True]]),
        opening=[CLS], placeholder=IMAGE, pad=PAD,
    )  # fmt: skip
    loss.backward()
    assert vectors.grad is not None and float(vectors.grad.abs().sum()) > 0
    assert gpt.wte.weight.grad is None


@pytest.mark.parametrize("kernel", [0, 5])
def test_encoder_blocks_are_the_same_in_numpy(kernel: int) -> None:
    torch.manual_seed(1)
    block = EncoderBlock(32, 4, kernel=kernel)
    for parameter in block.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    x = torch.randn(1, 11, 32)
    with torch.no_grad():
        expected = block(x)[0].numpy()
        padded = torch.cat((x, torch.randn(1, 4, 32)), dim=1)
        is_real = torch.arange(15)[None] < 11
        torch.testing.assert_close(block(padded, is_real)[:, :11], block(x), atol=1e-4, rtol=1e-4)
    weights = {f"blocks.0.{name}": p.detach().numpy() for name, p in block.named_parameters()}
    np.testing.assert_allclose(encoder_block(x[0].numpy(), weights, "blocks.0.", 4), expected, atol=1e-3)


@pytest.mark.parametrize(("stride", "padding", "size"), [(1, 1, 3), (2, 1, 3), (3, 0, 3), (1, 0, 1), (2, 3, 7)])
def test_convolutions_are_those_of_torch(stride: int, padding: int, size: int) -> None:
    torch.manual_seed(2)
    flat, line = torch.nn.Conv2d(3, 8, size, stride, padding), torch.nn.Conv1d(3, 8, size, stride, padding)
    picture, wave = torch.randn(1, 3, 21, 18), torch.randn(1, 3, 25)
    with torch.no_grad():
        expected = flat(picture)[0].permute(1, 2, 0).numpy()
        actual = conv2d(
            picture[0].permute(1, 2, 0).numpy(),
            flat.weight.numpy(),
            flat.bias.numpy(),
            stride=stride,
            padding=padding,  # type: ignore[union-attr]
        )
        np.testing.assert_allclose(actual, expected, atol=1e-4)
        expected = line(wave)[0].T.numpy()
        actual = conv1d(wave[0].T.numpy(), line.weight.numpy(), line.bias.numpy(), stride=stride, padding=padding)  # type: ignore[union-attr]
        np.testing.assert_allclose(actual, expected, atol=1e-4)
        if size % 2:
            deep = torch.nn.Conv1d(3, 3, size, padding=size // 2, groups=3)
            expected = deep(wave)[0].T.numpy()
            actual = depthwise1d(wave[0].T.numpy(), deep.weight.numpy(), deep.bias.numpy())  # type: ignore[union-attr]
            np.testing.assert_allclose(actual, expected, atol=1e-4)


def test_an_encoder_file_survives_a_round_trip(gpt: GPT, tmp_path: Path) -> None:
    attach(gpt, rank=2, seed=3)
    sense = SenseFile(
        kind="sight", config={"width": 8}, encoder={"stem.weight": np.ones((2, 3), np.float32)},
        adapter=adapter_of(gpt), extra={"minutes": 1.5},
    )  # fmt: skip
    path = tmp_path / "sight.safetensors"
    turned = np.arange(6, dtype=np.float32).reshape(3, 2).T  # as a convolution's weights lie in memory, channels last
    sense = replace(sense, encoder={"stem.weight": turned})
    save_sense(path, sense)
    actual = load_sense(path, "sight")
    assert (actual.config, actual.extra, actual.adapter.base) == ({"width": 8}, {"minutes": 1.5}, sense.adapter.base)
    np.testing.assert_array_equal(actual.encoder["stem.weight"], sense.encoder["stem.weight"])
    assert set(actual.adapter.down) == set(sense.adapter.down)
    with pytest.raises(CheckpointError, match="expected 'hearing'"):
        load_sense(path, "hearing")
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(CheckpointError, match="not a complete safetensors file"):
        load_sense(path, "sight")
    with pytest.raises(CheckpointError, match="no such file"):
        load_sense(tmp_path / "missing.safetensors", "sight")
    big = SenseFile(kind="sight", config={}, encoder={"w": np.full((2, 2), 1e6, np.float32)}, adapter=adapter_of(gpt))
    with pytest.raises(ConfigError, match="half precision"), np.errstate(over="ignore"):
        save_sense(path, big)


def test_inserted_token_embeddings_are_read_like_text(gpt: GPT) -> None:
    ids = [9, 10, 11, 12, 9]
    model = NumpyModel.from_torch(gpt)
    plain, inserted = model.begin(), model.begin()
    plain.feed([CLS, *ids])
    inserted.feed([CLS])
    inserted.feed_vectors(model.placeholder_vectors(ids, IMAGE), IMAGE)
    # At both ends, previous-token embeddings see placeholders instead of the tokens, so only the middle is equal.
    first, second = plain.fork(), inserted.fork()
    for token in (13, 14, 15):
        a, b = first.feed([token]), second.feed([token])
    assert np.corrcoef(a, b)[0, 1] > 0.99
    without = model.begin()
    without.feed([CLS])
    without.feed_vectors(model.embedding[ids], IMAGE)
    for token in (13, 14, 15):
        c = without.feed([token])
    assert np.abs(c - a).max() > np.abs(b - a).max()
