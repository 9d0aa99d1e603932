"""Read recordings of all usual formats, rates and numbers of channels as mono samples at 16 kHz.

The ffmpeg that comes with imageio-ffmpeg decodes. It gets the recording as its standard input and may
open nothing else.
"""

from __future__ import annotations

import struct
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gpt.inference.encoders.log_mel import RATE
from planner.errors import InputError
from planner.io.input_bytes import read_input, shown

if TYPE_CHECKING:
    from gpt.weights.model_folder import Floats

MAX_DURATION_S = 60
MAX_BYTES = 200_000_000  # file size
MAX_DECODING_S = 60
DEMUXERS = (
    "wav", "w64", "aiff", "au", "caf", "nistsphere", "flac", "ogg", "mp3", "aac", "mov", "matroska", "amr", "asf",
)  # fmt: skip
FORMATS = "WAV, AIFF, FLAC, MP3, Ogg, Opus, M4A, WebM, AMR, WMA"  # in messages
AU_HEADER = struct.Struct(">4sIIIII")  # magic, offset of the samples, their size, encoding, rate, channels
CANCELED = 0.5  # the mean of the channels cancels speech if it has less than this share of the loudest one's power


def read_recording(path: Path | str) -> Floats:
    """Read a recording as samples (N,) in -1..1 at 16 kHz, from a file, a pipe, or standard input (`-`).

    Several channels are averaged; if they cancel out, or all but one are silent, the loudest one is taken. A constant
    offset is removed.

    Raises:
        InputError: It is missing, no recording, damaged, empty, or too long.
    """
    name = shown(path)
    channels = _decoded(read_input(path, MAX_BYTES), name)
    if not channels.size:
        raise InputError(f"{name}: contains no samples")
    if not np.isfinite(channels).all():
        raise InputError(f"{name}: has samples that are not finite numbers")
    if len(channels) > MAX_DURATION_S * RATE:
        raise InputError(f"{name}: more than {MAX_DURATION_S} s, which is the maximum for a spoken instruction")
    return as_speech(channels)


def as_speech(channels: Floats) -> Floats:
    """Return samples (N,) in -1..1, without offset, of channels (N, channels) of any scale."""
    centered = channels.astype(np.float64)
    centered -= centered.mean(axis=0)
    mean = centered.mean(axis=1)
    power = np.square(centered).mean(axis=0)
    loudest = int(power.argmax())
    mono = centered[:, loudest] if np.square(mean).mean() < CANCELED * power[loudest] else mean
    peak = np.abs(mono).max(initial=1.0)  # louder than full scale: floats of another scale
    scaled: Floats = (mono / peak).astype(np.float32)
    return scaled


def _decoded(raw: bytes, name: str) -> Floats:
    """Return the channels (N, channels) of a recording at 16 kHz, at most a second more than the maximum.

    Raises:
        InputError: ffmpeg is missing, or cannot read the recording.
    """
    from imageio_ffmpeg import get_ffmpeg_exe

    try:
        command = [
            get_ffmpeg_exe(), "-nostdin", "-v", "error", "-threads", "1", "-protocol_whitelist", "fd",
            "-format_whitelist", ",".join(DEMUXERS), *_big_endian(raw), "-i", "fd:", "-map", "0:a:0",
            "-t", str(MAX_DURATION_S + 1), "-ar", str(RATE), "-f", "au", "-c:a", "pcm_f32be", "pipe:1",
        ]  # fmt: skip
        with tempfile.TemporaryFile() as file:  # not a pipe: the index of an M4A may be at its end
            file.write(raw)
            file.seek(0)
            process = subprocess.run(command, stdin=file, capture_output=True, timeout=MAX_DECODING_S, check=False)
    except subprocess.TimeoutExpired:
        raise InputError(f"{name}: not decoded within {MAX_DECODING_S} s") from None
    except (RuntimeError, OSError) as error:  # RuntimeError: imageio-ffmpeg was installed without ffmpeg
        raise InputError(f"{name}: recordings are read with ffmpeg, which does not run: {error}") from None
    if process.returncode != 0 or len(process.stdout) < AU_HEADER.size:
        reason = _reason(process.stderr.decode("utf-8", "replace"))
        raise InputError(f"{name}: cannot be read as a recording ({reason}); read are {FORMATS}")
    _, start, _, _, _, n_channels = AU_HEADER.unpack_from(process.stdout)
    n_frames = (len(process.stdout) - start) // (4 * n_channels)
    samples = np.frombuffer(process.stdout, ">f4", n_frames * n_channels, start)
    return samples.astype(np.float32).reshape(n_frames, n_channels)


def _big_endian(raw: bytes) -> list[str]:
    """Return the decoder of a big-endian WAV file (RIFX), which ffmpeg takes for little-endian."""
    chunk = raw.find(b"fmt ", 12, 4096)
    if raw[:4] != b"RIFX" or len(raw) < chunk + 24 or chunk < 0:
        return []
    code, bits = struct.unpack_from(">H12xH", raw, chunk + 8)
    return ["-c:a", f"pcm_{'f' if code == 3 else 's'}{bits}be"] if code in (1, 3, 0xFFFE) and bits > 8 else []


def _reason(log: str) -> str:
    """Return the cause in ffmpeg's messages."""
    if "matches no streams" in log:
        return "it has no sound"
    if not log.strip() or any(words in log for words in ("Invalid data", "End of file", "whitelist")):
        return "of no format that is read, or damaged"
    if "Protocol not found" in log:
        return "this ffmpeg is older than 6.0"
    first = log.strip().splitlines()[0]
    return " ".join(first.rpartition("] ")[2].split())[:160]
