"""Read WAV files of any rate, sample width and number of channels as mono samples at 16 kHz."""

from __future__ import annotations

import warnings
from math import gcd
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gpt.inference.encoders.log_mel import RATE
from planner.errors import PlannerError

if TYPE_CHECKING:
    from gpt.weights.model_folder import Floats

MAX_DURATION_S = 60.0
MAX_BYTES = 200_000_000  # file size
MAX_AMPLITUDE = 100.0  # float samples are clipped to this multiple of full scale before averaging channels
RATES = (2_000, 400_000)  # minimum and maximum sample rate [samples/s]


class RecordingError(PlannerError):
    """A recording cannot be read."""


def read_wav(path: Path | str) -> Floats:
    """Read a WAV file as samples (N,) in -1..1 at 16 kHz.

    Supports integers of 8 to 64 bits and floats; several channels are averaged.

    Raises:
        RecordingError: The file is missing, not WAV, compressed, truncated, empty or too long.
    """
    from scipy.io import wavfile

    path = Path(path)
    try:
        size = path.stat().st_size
    except OSError as error:
        raise RecordingError(f"{path}: {error.strerror or error}") from None
    if not path.is_file():
        raise RecordingError(f"{path}: is not a file")
    if size > MAX_BYTES:
        raise RecordingError(f"{path}: {size / 1e6:.0f} MB; a spoken instruction has at most {MAX_DURATION_S:.0f} s")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", wavfile.WavFileWarning)  # unknown chunks, and a truncated last chunk
            rate, data = wavfile.read(path)
    except Exception as error:  # a damaged header may raise any exception
        reason = " ".join(str(error).split())[:160] or type(error).__name__
        raise RecordingError(f"{path}: not an uncompressed WAV file ({reason}); convert it, as with ffmpeg") from None
    return resampled(_mono(np.asarray(data), path), int(rate), str(path))


def _mono(data: np.ndarray[tuple[int, ...], np.dtype[np.generic]], path: Path) -> Floats:
    if not data.size:
        raise RecordingError(f"{path}: contains no samples")
    if data.dtype == np.uint8:  # the only unsigned width
        scaled = (data.astype(np.float32) - 128.0) / 128.0
    elif np.issubdtype(data.dtype, np.integer):  # 24-bit samples are in the upper bits of 32
        scaled = data.astype(np.float32) / 2.0 ** (8 * data.dtype.itemsize - 1)
    else:
        with np.errstate(invalid="ignore"):
            exact = data.astype(np.float64)
        if not np.isfinite(exact).all():
            raise RecordingError(f"{path}: has samples that are not finite numbers")
        scaled = np.clip(exact, -MAX_AMPLITUDE, MAX_AMPLITUDE).astype(np.float32)
    mono: Floats = scaled if scaled.ndim == 1 else scaled.mean(axis=1)
    return mono


def resampled(samples: Floats, rate: int, source: str) -> Floats:
    """Return samples (N,) at 16 kHz.

    Args:
        samples: Samples at `rate`.
        rate: Sample rate [samples/s].
        source: Name of the recording in error messages.

    Raises:
        RecordingError: The rate is not supported, or the recording is too long.
    """
    if not RATES[0] <= rate <= RATES[1]:
        raise RecordingError(f"{source}: {rate} samples/s; supported are {RATES[0]} to {RATES[1]}")
    if len(samples) > MAX_DURATION_S * rate:
        raise RecordingError(
            f"{source}: {len(samples) / rate:.0f} s; the maximum for a spoken instruction is {MAX_DURATION_S:.0f} s"
        )
    if rate != RATE:
        from scipy.signal import resample_poly

        common = gcd(rate, RATE)
        return _clip(resample_poly(samples, RATE // common, rate // common).astype(np.float32))
    return _clip(samples)


def _clip(samples: Floats) -> Floats:
    return np.clip(samples, np.float32(-1.0), np.float32(1.0))
