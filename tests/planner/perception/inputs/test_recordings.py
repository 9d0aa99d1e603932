"""WAV files of every kind, and what is said about those that are none."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest
from planner.perception.microphone import BLOCK_S, record
from planner.perception.wav import RecordingError, read_wav
from scipy.io import wavfile

SECONDS = 0.5


def tone(rate: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return 0.5 * np.sin(2 * np.pi * 440 * np.arange(int(SECONDS * rate)) / rate)


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 44100, 48000, 96000])
@pytest.mark.parametrize("kind", ["u1", "i2", "i4", "f4", "f8"])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_any_rate_width_and_number_of_channels_is_read(tmp_path: Path, rate: int, kind: str, channels: int) -> None:
    wanted = tone(rate)
    data = {
        "u1": np.round(wanted * 127 + 128), "i2": np.round(wanted * 32767), "i4": np.round(wanted * (2**31 - 1)),
    }.get(kind, wanted).astype(kind)  # fmt: skip
    path = tmp_path / "a.wav"
    wavfile.write(path, rate, data if channels == 1 else np.stack([data] * channels, axis=1))
    found = read_wav(path)
    assert found.dtype == np.float32 and len(found) == pytest.approx(SECONDS * 16_000, abs=2)
    middle = slice(2000, 6000)
    np.testing.assert_allclose(found[middle], tone(16_000)[middle], atol=0.03)


def test_24_bits_are_read(tmp_path: Path) -> None:
    samples = np.round(tone(16_000) * (2**23 - 1)).astype("<i4")
    raw = samples.view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(3)
        file.setframerate(16_000)
        file.writeframes(raw)
    np.testing.assert_allclose(read_wav(tmp_path / "a.wav"), tone(16_000), atol=1e-4)


def _write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_what_is_no_recording_gets_one_line(tmp_path: Path) -> None:
    good = tmp_path / "good.wav"
    wavfile.write(good, 16_000, np.zeros(1000, np.int16))
    content = good.read_bytes()
    bad = {
        "text.wav": b"put the mug on the table", "empty.wav": b"", "head.wav": content[:30],
        "mp3.wav": b"ID3" + bytes(200), "alaw.wav": content[:20] + b"\x06\x00" + content[22:],
        "none.wav": content[:40] + bytes(4), "rate.wav": content[:24] + bytes(4) + content[28:],
    }  # fmt: skip
    for name, data in bad.items():
        with pytest.raises(RecordingError) as caught:
            read_wav(_write(tmp_path / name, data))
        assert "\n" not in str(caught.value) and name in str(caught.value)
    for path in (tmp_path / "missing.wav", tmp_path):
        with pytest.raises(RecordingError):
            read_wav(path)
    long = tmp_path / "long.wav"
    wavfile.write(long, 8000, np.zeros(61 * 8000, np.uint8))
    with pytest.raises(RecordingError, match="61 s"):
        read_wav(long)


def test_listening_ends_a_second_after_speech() -> None:
    rng = np.random.default_rng(0)
    loudness = [0.001] * 10 + [0.2] * 15 + [0.001] * 100
    blocks = iter([rng.normal(size=160).astype(np.float32) * x for x in loudness])
    assert len(record(lambda: next(blocks))) == pytest.approx(10 + 15 + 1 / BLOCK_S, abs=1)
    with pytest.raises(RecordingError, match="no one spoke"):
        record(lambda: np.zeros(160, np.float32))
