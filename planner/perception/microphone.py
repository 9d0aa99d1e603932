"""Listening to a microphone (extra `hearing`): until it is quiet again after somebody spoke."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from planner.perception.wav import RecordingError, resampled

if TYPE_CHECKING:
    from gpt.weights.model_folder import Floats

LONGEST_S, WAIT_S, SILENCE_S, BLOCK_S = 15.0, 8.0, 1.0, 0.1
ABOVE = 3.0  # times as loud as the quietest before, to be speech
FAINTEST = 0.004  # root mean square that may be speech


def listen() -> Floats:
    """Record until about a second of silence after speech; returns samples (N,) at 16 kHz.

    Raises:
        RecordingError: There is no microphone or no `sounddevice`, or nobody spoke.
    """
    try:
        import sounddevice
    except (ImportError, OSError) as error:  # OSError: it is there, and PortAudio is not
        raise RecordingError(
            f"--listen needs sounddevice and PortAudio ({error}): pip install 'gpt-home-planner[hearing]' and, on "
            "Debian, apt-get install libportaudio2; or record a WAV file and use --audio"
        ) from None
    try:
        rate = int(sounddevice.query_devices(kind="input")["default_samplerate"])
        with sounddevice.InputStream(samplerate=rate, channels=1, dtype="float32") as stream:
            blocks = record(lambda: stream.read(int(BLOCK_S * rate))[0][:, 0])
    except sounddevice.PortAudioError as error:
        raise RecordingError(f"no microphone can be used ({error}); record a WAV file and use --audio") from None
    return resampled(np.concatenate(blocks), rate, "the recording")


def record(read: Callable[[], Floats]) -> list[Floats]:
    """Read blocks of `BLOCK_S` until speech has come and gone.

    Raises:
        RecordingError: Nobody spoke.
    """
    blocks: list[Floats] = []
    quietest, spoke, silent = np.inf, False, 0.0
    while len(blocks) * BLOCK_S < LONGEST_S:
        block = read()
        blocks.append(block)
        loud = float(np.sqrt(np.mean(np.square(block))))
        quietest = min(quietest, max(loud, 1e-5))
        speaking = loud > max(FAINTEST, ABOVE * quietest)
        spoke, silent = spoke or speaking, 0.0 if speaking else silent + BLOCK_S
        if spoke and silent >= SILENCE_S:
            break
        if not spoke and len(blocks) * BLOCK_S >= WAIT_S:
            raise RecordingError(f"nobody spoke for {WAIT_S:.0f} s")
    return blocks
