"""Record from a microphone (extra `hearing`) until silence follows speech."""

from __future__ import annotations

from collections.abc import Callable
from math import gcd
from typing import TYPE_CHECKING

import numpy as np

from gpt.inference.encoders.log_mel import RATE
from planner.errors import InputError
from planner.perception.inputs.recordings import as_speech

if TYPE_CHECKING:
    from gpt.weights.model_folder import Floats

MAX_RECORDING_S, MAX_WAIT_S, SILENCE_S, BLOCK_S = 15.0, 8.0, 1.0, 0.1
SPEECH_RATIO = 3.0  # minimum ratio of the speech level to the noise level
MIN_SPEECH_RMS = 0.004  # minimum root mean square of speech


def listen() -> Floats:
    """Record until about a second of silence after speech; returns samples (N,) at 16 kHz.

    Raises:
        InputError: There is no microphone or no `sounddevice`, or no one spoke.
    """
    try:
        import sounddevice
    except (ImportError, OSError) as error:  # OSError: sounddevice is installed, but PortAudio is missing
        raise InputError(
            f"--listen needs sounddevice and PortAudio ({error}): pip install 'gpt-home-planner[hearing]' and, on "
            "Debian, apt-get install libportaudio2; or record a WAV file and use --audio"
        ) from None
    try:
        rate = int(sounddevice.query_devices(kind="input")["default_samplerate"])
        with sounddevice.InputStream(samplerate=rate, channels=1, dtype="float32") as stream:
            blocks = record(lambda: stream.read(int(BLOCK_S * rate))[0][:, 0])
    except sounddevice.PortAudioError as error:
        raise InputError(f"no microphone can be used ({error}); record a WAV file and use --audio") from None
    from scipy.signal import resample_poly

    common = gcd(rate, RATE)
    resampled = resample_poly(np.concatenate(blocks), RATE // common, rate // common)
    return as_speech(resampled[:, None].astype(np.float32))


def record(read: Callable[[], Floats]) -> list[Floats]:
    """Read blocks of `BLOCK_S` until silence follows speech.

    Raises:
        InputError: No one spoke.
    """
    blocks: list[Floats] = []
    noise_level, has_spoken, silence_s = np.inf, False, 0.0
    while len(blocks) * BLOCK_S < MAX_RECORDING_S:
        block = read()
        blocks.append(block)
        level = float(np.sqrt(np.mean(np.square(block))))
        noise_level = min(noise_level, max(level, 1e-5))
        is_speech = level > max(MIN_SPEECH_RMS, SPEECH_RATIO * noise_level)
        has_spoken, silence_s = has_spoken or is_speech, 0.0 if is_speech else silence_s + BLOCK_S
        if has_spoken and silence_s >= SILENCE_S:
            break
        if not has_spoken and len(blocks) * BLOCK_S >= MAX_WAIT_S:
            raise InputError(f"no one spoke for {MAX_WAIT_S:.0f} s")
    return blocks
