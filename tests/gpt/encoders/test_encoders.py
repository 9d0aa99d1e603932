"""Small encoders: equal results in torch and numpy, with and without padding."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from gpt.encoders.audio import HearingConfig, HearingEncoder, ctc_loss
from gpt.encoders.log_mel import log_mel as torch_mel
from gpt.encoders.log_mel import n_frames, spec_augment
from gpt.encoders.vision import SightConfig, SightEncoder, fold_batch_norms, load_folded
from gpt.errors import CheckpointError
from gpt.inference.encoders.audio import AudioEncoder
from gpt.inference.encoders.log_mel import HOP, RATE, WINDOW, log_mel
from gpt.inference.encoders.vision import MAX_CENTERS, VisionEncoder, scale_pixels
from gpt.weights.adapter import Adapter
from gpt.weights.encoder_file import SenseFile, SenseKind

HEARING = HearingConfig(width=32, heads=2, layers=3, kernel=5, letters=29, phonemes=40, n_embd=24)
SIGHT = SightConfig(
    size=48, stem=(8, 12), channels=16, coarse=2, width=32, heads=2, classes=9, things=5, states=3, furniture=4,
    furniture_states=2, n_embd=24,
)  # fmt: skip


def randomize(encoder: nn.Module) -> None:
    """Give every weight of a fresh encoder a random value that has an effect."""
    torch.manual_seed(0)
    with torch.no_grad():
        for name, tensor in encoder.state_dict().items():
            if name.endswith("running_var"):
                tensor.uniform_(0.5, 2.0)
            elif tensor.is_floating_point():
                tensor.add_(0.1 * torch.randn_like(tensor))


def sense(kind: SenseKind, config: dict[str, object], weights: dict[str, torch.Tensor]) -> SenseFile:
    arrays = {name: np.ascontiguousarray(tensor.numpy()) for name, tensor in weights.items()}
    return SenseFile(kind=kind, config=config, encoder=arrays, adapter=Adapter(rank=1, base="", down={}, up={}))


def sound(seconds: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    time = np.arange(int(seconds * RATE)) / RATE
    noise = np.random.default_rng(0).normal(size=len(time))
    return (0.3 * np.sin(2 * np.pi * 440 * time) * np.sin(2 * np.pi * time) + 0.01 * noise).astype(np.float32)


def test_features_are_equal_in_torch_and_shift_uniformly_with_volume() -> None:
    wave = sound(0.7)
    lengths = torch.tensor([len(wave), len(wave) - 3000])
    both = torch.from_numpy(np.stack((wave, wave)))
    actual = torch_mel(both, lengths)
    assert n_frames(lengths).tolist() == [1 + (n - WINDOW) // HOP for n in lengths.tolist()]
    np.testing.assert_allclose(actual[0], log_mel(wave), atol=2e-4)
    np.testing.assert_allclose(actual[1, : len(log_mel(wave[:-3000]))], log_mel(wave[:-3000]), atol=2e-4)
    assert not actual[1, int(n_frames(lengths)[1]) :].any()
    louder = log_mel(2 * wave) - log_mel(wave)
    assert np.allclose(louder, louder.mean(), atol=1e-3)


def test_a_tone_is_in_its_band() -> None:
    wave = np.sin(2 * np.pi * 1000 * np.arange(RATE) / RATE).astype(np.float32)
    bands = np.linspace(0, 2595 * np.log10(1 + 8000 / 700), 82)[1:-1]
    expected = int(np.abs(bands - 2595 * np.log10(1 + 1000 / 700)).argmin())
    assert abs(int(log_mel(wave).mean(0).argmax()) - expected) <= 1


def test_spec_augment_hides_runs_of_bands_and_frames() -> None:
    features = torch.ones(4, 100, 80)
    hidden = spec_augment(features, torch.Generator().manual_seed(1)) == 0
    assert 0.02 < hidden.float().mean() < 0.5
    assert (hidden.all(1).any(1) | hidden.all(2).any(1)).all()


def test_the_audio_encoder_is_equal_in_numpy_and_ignores_padding() -> None:
    encoder = HearingEncoder(HEARING).eval()
    randomize(encoder)
    wave = sound(0.83)
    features = torch.from_numpy(log_mel(wave))[None]
    frames = torch.tensor([features.shape[1]])
    with torch.no_grad():
        alone = encoder(features, frames)
        padded = encoder(torch.cat((features, torch.zeros(1, 31, 80)), 1), frames)
    s = int(alone.counts)
    torch.testing.assert_close(padded.letters[:, :s], alone.letters, atol=1e-4, rtol=1e-3)
    torch.testing.assert_close(padded.steps[:, :s], alone.steps, atol=1e-4, rtol=1e-3)
    actual = AudioEncoder(sense("hearing", HEARING.as_dict(), encoder.state_dict())).perceive(wave)
    np.testing.assert_allclose(actual.steps, alone.steps[0], atol=2e-3)
    np.testing.assert_allclose(actual.letters, alone.letters[0], atol=2e-3)


def test_ctc_learns_letters_from_their_order_alone() -> None:
    torch.manual_seed(0)
    encoder = HearingEncoder(HEARING)
    optimizer = torch.optim.Adam(encoder.parameters(), lr=3e-3)
    features = torch.from_numpy(log_mel(sound(0.6)))[None]
    frames = torch.tensor([features.shape[1]])
    letters = torch.tensor([[3, 1, 20]])
    losses = []
    for _ in range(120):
        actual = encoder(features, frames)
        loss = ctc_loss(actual.letters, actual.counts, letters, torch.tensor([3]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.3 * losses[0]
    # Do not check the most likely path: when letters replace blanks depends on rounding. No other order is more likely.
    correct, *others = (
        float(ctc_loss(actual.letters.detach(), actual.counts, torch.tensor([order]), torch.tensor([3])))
        for order in itertools.permutations((3, 1, 20))
    )
    assert correct < min(others) - 0.1
    assert set(actual.letters[0].exp().mean(0)[1:].topk(3).indices.tolist()) == {2, 0, 19}


@pytest.mark.parametrize("things_first", [True, False])
def test_the_vision_encoder_is_equal_in_numpy_with_folded_norms(things_first: bool) -> None:
    config = replace(SIGHT, things_first=things_first)
    encoder = SightEncoder(config).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    randomize(encoder)
    encoder.eval()
    with torch.no_grad():
        encoder.heads.bias[config.classes : config.classes + config.things] = 0.0  # so that object centers are found
    picture = np.random.default_rng(1).integers(0, 256, (48, 48, 3), dtype=np.uint8)
    with torch.no_grad():
        seen = encoder(torch.from_numpy(scale_pixels(picture)).permute(2, 0, 1)[None])
        vectors, lengths = encoder.vectors(seen.known)
    assert seen.centers.shape == (1, 5, 6, 6) and seen.cells.shape == (1, 9, 6, 6)
    count = int(lengths[0])
    assert count == 4 if not things_first else 3 < count <= 1 + MAX_CENTERS
    actual = VisionEncoder(sense("sight", config.as_dict(), fold_batch_norms(encoder))).perceive(picture)
    np.testing.assert_allclose(actual.vectors, vectors[0, :count], atol=2e-3)
    assert actual.things is None or list(actual.things) == sorted(actual.things)
    assert (actual.things is None) != things_first
    again = SightEncoder(config).eval()
    load_folded(again, fold_batch_norms(encoder))
    with torch.no_grad():
        seen = again(torch.from_numpy(scale_pixels(picture)).permute(2, 0, 1)[None])
        torch.testing.assert_close(again.vectors(seen.known)[0][:, :count], vectors[:, :count], atol=2e-3, rtol=1e-2)


@pytest.mark.parametrize("kind", ["sight", "hearing"])
def test_files_without_the_expected_config_or_weights_are_refused(kind: SenseKind) -> None:
    reader = VisionEncoder if kind == "sight" else AudioEncoder
    with pytest.raises(CheckpointError, match="config is damaged"):
        reader(sense(kind, {}, {"w": torch.zeros(1)}))
    config = SIGHT.as_dict() if kind == "sight" else HEARING.as_dict()
    with pytest.raises(CheckpointError, match="lacks the weights"):
        reader(sense(kind, config, {"w": torch.zeros(1)}))
