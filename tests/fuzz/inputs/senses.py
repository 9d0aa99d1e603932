"""Inputs for the senses: recordings, pictures and encoder files, intact, damaged, or of another format."""

from __future__ import annotations

import io
from functools import cache
from random import Random

import numpy as np
from PIL import Image
from scipy.io import wavfile

from gpt.weights.encoder_file import SenseKind, sense_path
from planner.io.paths import released_dir
from tests.fuzz.inputs.files import damaged


def recording(rng: Random) -> bytes:
    """Return a WAV file of any rate, width and number of channels, possibly damaged."""
    rate = rng.choice((0, 1, 4000, 8000, 11_025, 16_000, 44_100, 48_000, 2**25, rng.randrange(1, 100_000)))
    dtype = rng.choice(("u1", "<i2", "<i4", "<f4", "<f8"))
    shape = (rng.choice((0, 1, 7, 400, 4000, rng.randrange(9000))), rng.choice((1, 1, 2, 3, 8)))
    generator = np.random.default_rng(rng.randrange(2**32))
    if dtype.startswith("<f"):
        with np.errstate(over="ignore"):
            data = (generator.normal(size=shape) * 10.0 ** rng.randrange(-9, 40)).astype(dtype)
    else:
        limits = np.iinfo(dtype)
        data = generator.integers(limits.min, limits.max, shape, endpoint=True).astype(dtype)
    file = io.BytesIO()
    wavfile.write(file, rate, data)
    return _maybe_damaged(rng, file.getvalue())


def picture(rng: Random) -> bytes:
    """Return a picture of any size and format, possibly damaged."""
    mode = rng.choice(("RGB", "L", "RGBA", "1", "P", "CMYK", "I;16"))
    size = rng.choice((1, 2, 7, 64, 192, 300)), rng.choice((1, 3, 100, 192, 640))
    image = Image.new("L", size, rng.randrange(256)).convert("L" if mode == "I;16" else mode)
    file = io.BytesIO()
    image.save(file, "TIFF" if mode == "CMYK" else rng.choice(("PNG", "TIFF")))
    return _maybe_damaged(rng, file.getvalue())


@cache
def _released(kind: SenseKind) -> bytes:
    return sense_path(released_dir(), kind).read_bytes()


def sense(rng: Random, kind: SenseKind) -> bytes:
    """Return a damaged encoder file; the header is damaged more often than the weights."""
    raw = bytearray(_released(kind))
    for _ in range(rng.randrange(1, 6)):
        at = rng.randrange(min(len(raw), 4000)) if rng.random() < 0.8 else rng.randrange(len(raw))
        raw[at] = rng.randrange(256)
    return bytes(raw[: rng.randrange(len(raw))]) if rng.random() < 0.2 else bytes(raw)


def _maybe_damaged(rng: Random, raw: bytes) -> bytes:
    return damaged(raw, rng) if raw and rng.random() < 0.6 else raw
