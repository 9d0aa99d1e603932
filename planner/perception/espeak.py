"""Speech synthesis with espeak-ng's C library, for training, tests and the demonstration.

espeak-ng is a system package (`apt-get install espeak-ng`, `brew install espeak-ng`). Planning does not need it.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import functools
import os
from dataclasses import dataclass
from math import gcd

import numpy as np
import numpy.typing as npt

from planner.errors import PlannerError

Waves = npt.NDArray[np.int16]

RATE = 16_000  # sample rate of the returned waves [samples/s]
_SYNCHRONOUS, _UTF8, _DONT_EXIT = 2, 1, 0x8000
_SPEED, _VOLUME, _PITCH, _RANGE, _GAP = 1, 2, 3, 4, 7  # espeak_PARAMETER
_IPA = 0x02
_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


class SpeechError(PlannerError):
    """Speech synthesis is not available."""


@dataclass(frozen=True, kw_only=True)
class Voice:
    """Voice parameters.

    Attributes:
        accent: Voice file of espeak-ng, such as `gmw/en-US`.
        variant: Variant of espeak-ng, such as `f3`; "" for the plain voice.
        speed: Words per minute.
        pitch: Pitch, in 0..99; default 50.
        range: Pitch variation, in 0..99; default 50.
        gap: Pause between words [10 ms at default speed].
    """

    accent: str = "gmw/en-US"
    variant: str = ""
    speed: int = 165
    pitch: int = 50
    range: int = 50
    gap: int = 0

    @property
    def name(self) -> str:
        """The voice's name in espeak-ng."""
        return f"{self.accent}+{self.variant}" if self.variant else self.accent


class _Engine:
    """The loaded library, which has one voice and one callback at a time."""

    def __init__(self) -> None:
        library_name = ctypes.util.find_library("espeak-ng") or "libespeak-ng.so.1"
        try:
            self.library = ctypes.CDLL(library_name)
        except OSError:
            raise SpeechError(
                "espeak-ng is not installed; it synthesizes the speech that hearing is trained and tested on "
                "(apt-get install espeak-ng, brew install espeak-ng)"
            ) from None
        data_path = os.environ.get("ESPEAK_DATA_PATH")
        self.rate = self.library.espeak_Initialize(
            _SYNCHRONOUS, 0, data_path.encode() if data_path else None, _DONT_EXIT
        )
        if self.rate <= 0:
            raise SpeechError("espeak-ng is installed without its data (espeak-ng-data)")
        self.parts: list[Waves] = []
        self.callback = _CALLBACK(self._receive)  # keep a reference: the library holds only a pointer
        self.library.espeak_SetSynthCallback(self.callback)
        self.library.espeak_TextToPhonemes.restype = ctypes.c_char_p
        self.voice = ""

    def _receive(self, wave: ctypes._Pointer[ctypes.c_short], count: int, _events: int) -> int:
        if wave and count > 0:
            self.parts.append(np.ctypeslib.as_array(wave, (count,)).copy())
        return 0

    def set_voice(self, name: str) -> None:
        """Select a voice.

        Raises:
            SpeechError: espeak-ng has no such voice.
        """
        if name != self.voice:
            if self.library.espeak_SetVoiceByName(name.encode()) != 0:
                raise SpeechError(f"espeak-ng has no voice {name!r}; espeak-ng --voices=en shows those it has")
            self.voice = name


@functools.cache
def _engine() -> _Engine:
    return _Engine()


def speak(text: str, voice: Voice) -> Waves:
    """Synthesize a text as a mono wave (N,) at `RATE`.

    Raises:
        SpeechError: espeak-ng is not installed, or has no such voice.
    """
    from scipy.signal import resample_poly

    engine = _engine()
    engine.set_voice(voice.name)
    settings = {_SPEED: voice.speed, _VOLUME: 100, _PITCH: voice.pitch, _RANGE: voice.range, _GAP: voice.gap}
    for parameter, value in settings.items():
        engine.library.espeak_SetParameter(parameter, value, 0)
    engine.parts = []
    encoded_text = text.encode()
    engine.library.espeak_Synth(encoded_text, len(encoded_text) + 1, 0, 0, 0, _UTF8, None, None)
    if not engine.parts:
        return np.zeros(0, np.int16)
    wave = np.concatenate(engine.parts).astype(np.float32)
    common = gcd(RATE, engine.rate)
    resampled = resample_poly(wave, RATE // common, engine.rate // common)
    return np.clip(np.round(resampled), -32768, 32767).astype(np.int16)


def phonemes(text: str, accent: str = "gmw/en-US") -> str:
    """Return the pronunciation of a text in an accent, in IPA, with spaces between words."""
    engine = _engine()
    engine.set_voice(accent)
    pointer = ctypes.c_char_p(text.encode())
    remaining = ctypes.cast(pointer, ctypes.c_void_p)
    phrases = []
    while remaining.value:
        ipa = engine.library.espeak_TextToPhonemes(ctypes.byref(remaining), _UTF8, _IPA)
        phrases.append((ipa or b"").decode("utf-8", "replace"))
    return " ".join(phrases)
