"""Recordings, pictures, and the files of their encoders."""

from __future__ import annotations

from random import Random

import numpy as np

from gpt.inference.encoders.audio import AudioEncoder
from gpt.inference.encoders.vision import VisionEncoder
from gpt.weights.encoder_file import SenseKind, load_sense
from planner.perception.ctc_word_decoding import Words
from planner.perception.inputs.pictures import read_picture
from planner.perception.inputs.recordings import read_recording
from tests.fuzz.inputs import senses
from tests.fuzz.targets.contract import only_our_errors, scratch_folder


def recordings(rng: Random) -> None:
    """A recording is read as valid samples, or refused."""
    with scratch_folder() as folder:
        path = folder / "a.wav"
        path.write_bytes(senses.recording(rng))
        with only_our_errors(path):
            samples = read_recording(path)
            assert samples.ndim == 1 and np.isfinite(samples).all() and np.abs(samples).max(initial=0.0) <= 1


def pictures(rng: Random) -> None:
    """A picture is read at the expected size, or refused."""
    with scratch_folder() as folder:
        path = folder / "a.png"
        path.write_bytes(senses.picture(rng))
        with only_our_errors(path):
            assert read_picture(path).shape == (192, 192, 3)
        if rng.randrange(4) == 0:
            pair = []
            for raw in senses.turned(rng):
                path.write_bytes(raw)
                pair.append(read_picture(path))
            assert np.array_equal(*pair), "the orientation was not obeyed"


def sense_files(rng: Random) -> None:
    """An encoder file can be loaded into its encoder, or it is refused."""
    kind: SenseKind = rng.choice(("sight", "hearing"))
    with scratch_folder() as folder:
        path = folder / "a.safetensors"
        path.write_bytes(senses.sense(rng, kind))
        with only_our_errors():
            weights = load_sense(path, kind)
            if kind == "sight":
                VisionEncoder(weights)
            else:
                AudioEncoder(weights)
                Words.from_text(str(weights.extra.get("words")))
