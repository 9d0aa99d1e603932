"""Senses that were never trained, over the released GPT: small, and enough to see that everything fits together."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from envs.symbolic.domain import load_domain
from gpt.encoders.audio import HearingConfig, HearingEncoder
from gpt.encoders.vision import SightConfig, SightEncoder, fold_batch_norms
from gpt.training.lora import adapter_of, attach
from gpt.weights.checkpoint import load_model
from gpt.weights.encoder_file import SenseFile, SenseKind, save_sense
from planner.io.paths import released_dir
from planner.perception.espeak import SpeechError, Voice, speak
from planner.perception.image_labels import FURNITURE_STATES, THING_STATES, classes, furniture
from planner.perception.transcript_normalization import LETTERS, PHONEMES


@pytest.fixture(scope="session")
def espeak() -> None:
    """Skip where nothing can speak."""
    try:
        speak("hello", Voice())
    except SpeechError as error:
        pytest.skip(str(error))


def encoder_of(kind: SenseKind, n_embd: int) -> tuple[dict[str, object], dict[str, torch.Tensor]]:
    """Config and weights of a small encoder."""
    torch.manual_seed(0)
    if kind == "hearing":
        hearing = HearingConfig(width=32, heads=2, layers=2, kernel=5, letters=len(LETTERS) + 1,
                                phonemes=len(PHONEMES) + 1, n_embd=n_embd)  # fmt: skip
        return hearing.as_dict(), HearingEncoder(hearing).state_dict()
    sight = SightConfig(
        stem=(8, 8), channels=16, coarse=1, width=32, heads=2, classes=len(classes()),
        things=1 + len(load_domain().objects), states=len(THING_STATES), furniture=len(furniture()),
        furniture_states=len(FURNITURE_STATES), n_embd=n_embd,
    )  # fmt: skip
    encoder = SightEncoder(sight)
    with torch.no_grad():  # so that it takes some cells for middles of things
        encoder.heads.bias[sight.classes] = -3.0
        encoder.heads.bias[sight.classes + 1 : sight.classes + 4] = 3.0
    return sight.as_dict(), fold_batch_norms(encoder)


@pytest.fixture(scope="session")
def sense_files(tmp_path_factory: pytest.TempPathFactory) -> dict[SenseKind, Path]:
    """The file of each sense."""
    folder = tmp_path_factory.mktemp("senses")
    gpt, _, _ = load_model(released_dir())
    attach(gpt, rank=2)
    found: dict[SenseKind, Path] = {}
    kinds: tuple[SenseKind, ...] = ("sight", "hearing")
    for kind in kinds:
        config, weights = encoder_of(kind, gpt.config.n_embd)
        arrays = {name: np.ascontiguousarray(tensor.numpy()) for name, tensor in weights.items()}
        found[kind] = folder / f"{kind}.safetensors"
        save_sense(found[kind], SenseFile(kind=kind, config=config, encoder=arrays, adapter=adapter_of(gpt)))
    return found
