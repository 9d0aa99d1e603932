"""Inputs for the senses: recordings, pictures and encoder files, intact, damaged, or of another format."""

from __future__ import annotations

import io
from functools import cache
from random import Random

import numpy as np
from PIL import Image, ImageOps
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
    return _maybe_damaged(rng, _as_other_programs_write(rng, file.getvalue()))


def _as_other_programs_write(rng: Random, raw: bytes) -> bytes:
    """Return a WAV file with sizes that a stream leaves open, other codes of its samples, or further chunks."""
    match rng.randrange(8):
        case 0:  # a recorder that was stopped, or a stream
            size = rng.choice((0, 1, len(raw), 2**31, 2**32 - 1)).to_bytes(4, "little")
            return raw[:4] + size + raw[8:]
        case 1:  # the same for the samples
            return raw[:40] + rng.choice((0, 3, 2**31, 2**32 - 1)).to_bytes(4, "little") + raw[44:]
        case 2:  # A-law, mu-law, ADPCM, MP3, extensible, unknown
            return raw[:20] + rng.choice((2, 6, 7, 0x11, 0x55, 0xFFFE, 0)).to_bytes(2, "little") + raw[22:]
        case 3:
            chunk = (
                rng.choice((b"LIST", b"bext", b"fact", b"data", b"\0\0\0\0")) + (6).to_bytes(4, "little") + b"INFOab"
            )
            return raw[:36] + chunk + raw[36:]
        case 4:
            return rng.choice((b"RIFX", b"RF64", b"FORM", b"OggS", b"fLaC", b"ID3\4")) + raw[4:]
    return raw


def picture(rng: Random) -> bytes:
    """Return a picture of any size and format, possibly damaged."""
    mode = rng.choice(("RGB", "L", "RGBA", "1", "P", "CMYK", "I;16"))
    size = rng.choice((1, 7, 64, 64, 192, 300)), rng.choice((3, 100, 100, 192, 640))
    image = Image.new("L", size, rng.randrange(256)).convert("L" if mode == "I;16" else mode)
    file = io.BytesIO()
    others = {"RGB": ("PNG", "TIFF", "JPEG", "WEBP", "BMP", "GIF"), "L": ("PNG", "TIFF", "JPEG", "BMP", "GIF")}
    exif = Image.Exif()
    if rng.randrange(3) == 0:
        exif[0x0112] = rng.choice((1, 3, 6, 8, 5, 0, 9, 65535))  # orientation
    form = "TIFF" if mode == "CMYK" else rng.choice(others.get(mode, ("PNG", "TIFF")))
    image.save(file, form, **({"exif": exif} if form in ("PNG", "JPEG", "WEBP", "TIFF") else {}))
    return _maybe_damaged(rng, file.getvalue())


def turned(rng: Random) -> tuple[bytes, bytes]:
    """Return the same picture twice: as a camera that was held in another way writes it, and upright."""
    generator = np.random.default_rng(rng.randrange(2**32))
    pixels = generator.integers(0, 256, (rng.choice((60, 96)), rng.choice((64, 120)), 3), np.uint8)
    exif = Image.Exif()
    exif[0x0112] = rng.randrange(1, 9)
    file, upright = io.BytesIO(), io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", exif=exif)
    ImageOps.exif_transpose(Image.open(io.BytesIO(file.getvalue()))).save(upright, "PNG")
    return file.getvalue(), upright.getvalue()


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
