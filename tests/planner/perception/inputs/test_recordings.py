"""Recordings as recorders write them, and what is said about those that are none."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from imageio_ffmpeg import get_ffmpeg_exe
from scipy.io import wavfile

from planner.errors import InputError
from planner.perception.inputs.microphone import BLOCK_S, record
from planner.perception.inputs.recordings import read_recording

RATE, SECONDS = 16_000, 0.5
Samples = npt.NDArray[np.float64]
PCM, FLOAT, ALAW, MULAW, EXTENSIBLE = 1, 3, 6, 7, 0xFFFE


def tone(rate: int = RATE) -> Samples:
    return 0.5 * np.sin(2 * np.pi * 440 * np.arange(int(SECONDS * rate)) / rate)


def chunk(name: bytes, content: bytes, order: str = "<") -> bytes:
    return name + struct.pack(f"{order}I", len(content)) + content + bytes(len(content) % 2)


def wav(
    data: bytes | None = None, *, code: int = PCM, bits: int = 16, rate: int = RATE, before: bytes = b"",
    after: bytes = b"", riff_size: int | None = None, data_size: int | None = None, extension: bytes = b"",
) -> bytes:  # fmt: skip
    """Return a WAV file with any sizes in its header and any chunks around its data."""
    data = (tone() * 32767).astype("<i2").tobytes() if data is None else data
    head = struct.pack("<HHIIHH", code, 1, rate, rate * bits // 8, bits // 8, bits) + extension
    size = len(data) if data_size is None else data_size
    body = b"WAVE" + chunk(b"fmt ", head) + before + b"data" + struct.pack("<I", size) + data + after
    return b"RIFF" + struct.pack("<I", len(body) if riff_size is None else riff_size) + body


def read(path: Path, content: bytes) -> npt.NDArray[np.float32]:
    path.write_bytes(content)
    return read_recording(path)


def assert_tone(samples: npt.NDArray[np.float32], tolerance: float = 0.03) -> None:
    assert samples.dtype == np.float32 and len(samples) == pytest.approx(SECONDS * RATE, abs=300)
    middle = slice(2000, 6000)
    np.testing.assert_allclose(samples[middle], tone()[middle], atol=tolerance)


@pytest.mark.parametrize("rate", [4000, 11025, 44101, 192_000])
@pytest.mark.parametrize("kind", ["u1", "i2", "i4", "f4", "f8"])
@pytest.mark.parametrize("channels", [1, 8])
def test_any_rate_width_and_number_of_channels_is_read(tmp_path: Path, rate: int, kind: str, channels: int) -> None:
    wanted = tone(rate)
    data = {
        "u1": np.round(wanted * 127 + 128), "i2": np.round(wanted * 32767), "i4": np.round(wanted * (2**31 - 1)),
    }.get(kind, wanted).astype(kind)  # fmt: skip
    path = tmp_path / "a.wav"
    wavfile.write(path, rate, data if channels == 1 else np.stack([data] * channels, axis=1))
    assert_tone(read_recording(path))


def test_a_mono_recording_at_16_khz_is_read_exactly(tmp_path: Path) -> None:
    samples = (np.random.default_rng(0).normal(size=9000) * 3000).astype(np.int16)
    samples[-1] -= samples.sum(dtype=np.int64).astype(np.int64) % 9000  # a mean without rounding error
    wavfile.write(tmp_path / "a.wav", RATE, samples)
    exact = samples / 32768
    np.testing.assert_allclose(read_recording(tmp_path / "a.wav"), exact - exact.mean(), atol=1e-7)


def test_sizes_that_a_recorder_left_open_do_not_matter(tmp_path: Path) -> None:
    for riff_size in (None, 0, 0xFFFFFFFF, 0x80000024):
        for data_size in (None, 0, 0xFFFFFFFF, 0x7FFFFFFF):
            assert_tone(read(tmp_path / "a.wav", wav(riff_size=riff_size, data_size=data_size)), 1e-3)


def test_chunks_around_the_data_are_skipped(tmp_path: Path) -> None:
    for extra in (
        chunk(b"LIST", b"INFOabc"),
        chunk(b"JUNK", bytes(28)),
        chunk(b"bext", bytes(602)),
        chunk(b"x\0yz", b"a"),
    ):
        assert_tone(read(tmp_path / "a.wav", wav(before=extra)), 1e-3)
        assert_tone(read(tmp_path / "a.wav", wav(after=extra)), 1e-3)
    assert_tone(read(tmp_path / "a.wav", wav(after=b"garbage")), 1e-3)


def test_a_truncated_recording_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    samples = read(tmp_path / "a.wav", wav()[:9001])
    assert len(samples) == (9000 - 44) // 2


def test_big_endian_and_extensible_and_large_wav_files_are_read(tmp_path: Path) -> None:
    guid = b"\x01\0\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71"
    assert_tone(read(tmp_path / "a.wav", wav(code=EXTENSIBLE, extension=struct.pack("<HHI", 22, 16, 4) + guid)), 1e-3)
    for code, bits, dtype in ((PCM, 16, ">i2"), (PCM, 32, ">i4"), (FLOAT, 32, ">f4"), (FLOAT, 64, ">f8")):
        scale = 1.0 if code == FLOAT else 2.0 ** (bits - 1) - 1
        head = struct.pack(">HHIIHH", code, 1, RATE, RATE * bits // 8, bits // 8, bits)
        data = chunk(b"data", (tone() * scale).astype(dtype).tobytes(), ">")
        body = b"WAVE" + chunk(b"JUNK", bytes(4), ">") + chunk(b"fmt ", head, ">") + data
        assert_tone(read(tmp_path / "a.wav", b"RIFX" + struct.pack(">I", len(body)) + body), 1e-3)
    data = (tone() * 32767).astype("<i2").tobytes()
    head = chunk(b"fmt ", struct.pack("<HHIIHH", PCM, 1, RATE, RATE * 2, 2, 16))
    sizes = chunk(b"ds64", struct.pack("<QQQI", len(data) + 72, len(data), len(data) // 2, 0))
    large = b"RF64" + b"\xff" * 4 + b"WAVE" + sizes + head + b"data" + b"\xff" * 4 + data
    assert_tone(read(tmp_path / "a.wav", large), 1e-3)


@pytest.mark.parametrize(
    ("suffix", "codec"),
    [("wav", "pcm_s24le"), ("wav", "pcm_mulaw"), ("wav", "pcm_alaw"), ("wav", "adpcm_ms"), ("w64", "pcm_s16le"),
     ("aiff", "pcm_s16be"), ("au", "pcm_mulaw"), ("caf", "pcm_s16be"), ("flac", "flac"), ("mka", "pcm_s16le"),
     ("m4a", "aac")],
)  # fmt: skip
def test_formats_of_recorders_and_phones_are_read(tmp_path: Path, suffix: str, codec: str) -> None:
    (tmp_path / "a.wav").write_bytes(wav())
    other = tmp_path / f"b.{suffix}"
    command = [get_ffmpeg_exe(), "-v", "error", "-i", str(tmp_path / "a.wav"), "-c:a", codec, str(other)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    assert_tone(read_recording(other), 0.05)


def test_channels_that_cancel_out_are_heard(tmp_path: Path) -> None:
    silence, hum = np.zeros_like(tone()), 0.1 * np.sin(np.arange(len(tone())) / 51)
    for channels in (
        [tone(), -tone()], [tone(), -0.9 * tone()], [silence, silence, tone(), silence], [tone(), silence + 0.9],
        [tone() + hum, hum - tone()],
    ):  # fmt: skip
        wavfile.write(tmp_path / "a.wav", RATE, np.stack(channels, axis=1).astype(np.float32))
        assert_tone(read_recording(tmp_path / "a.wav"), 0.12)
    noise = np.random.default_rng(0).normal(size=(len(tone()), 2)) * 0.05
    wavfile.write(tmp_path / "a.wav", RATE, (tone()[:, None] + noise).astype(np.float32))
    mean = tone() + noise.mean(axis=1)  # two microphones of one voice: their mean has less noise
    np.testing.assert_allclose(read_recording(tmp_path / "a.wav"), mean - mean.mean(), atol=1e-6)


def test_offset_and_scale_do_not_matter(tmp_path: Path) -> None:
    wavfile.write(tmp_path / "a.wav", RATE, (0.5 * tone() + 0.5).astype(np.float32))
    np.testing.assert_allclose(read_recording(tmp_path / "a.wav"), 0.5 * tone(), atol=1e-3)
    for scale in (4.0, 32768.0, 1e20):
        wavfile.write(tmp_path / "a.wav", RATE, (scale * tone()).astype(np.float32))
        np.testing.assert_allclose(read_recording(tmp_path / "a.wav"), 2 * tone(), atol=1e-3)
    wavfile.write(tmp_path / "a.wav", RATE, np.full(8000, 0.5, np.float32))
    assert not read_recording(tmp_path / "a.wav").any()  # an offset alone is silence


def test_what_is_no_recording_gets_one_line(tmp_path: Path) -> None:
    broken = tone().astype("<f4")
    broken[7] = np.nan
    bad = {
        "text.wav": (b"put the mug on the table", "cannot be read as a recording"),
        "empty.wav": (b"", "is empty"),
        "head.wav": (wav()[:30], "cannot be read as a recording"),
        "none.wav": (wav(b""), "contains no samples"),
        "odd.wav": (wav(before=b"LIST\x03\0\0\0abc"), "cannot be read as a recording"),
        "rate.wav": (wav(rate=0), "cannot be read as a recording"),
        "half.wav": (wav(code=FLOAT), "cannot be read as a recording"),
        "nan.wav": (wav(broken.tobytes(), code=FLOAT, bits=32), "not finite"),
        "long.wav": (wav(bytes(2 * 61 * 8000), rate=8000), "more than 60 s"),
        "picture.wav": (b"\x89PNG\r\n\x1a\n" + bytes(200), "cannot be read as a recording"),
        "list.wav": (b"#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n", "cannot be read as a recording"),
    }
    for name, (content, reason) in bad.items():
        with pytest.raises(InputError, match=reason) as caught:
            read(tmp_path / name, content)
        assert "\n" not in str(caught.value) and name in str(caught.value)
    for path in (tmp_path / "missing.wav", tmp_path):
        with pytest.raises(InputError):
            read_recording(path)


def test_a_missing_ffmpeg_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(tmp_path / "none"))
    with pytest.raises(InputError, match="ffmpeg"):
        read(tmp_path / "a.wav", wav())


def test_listening_ends_a_second_after_speech() -> None:
    rng = np.random.default_rng(0)
    loudness = [0.001] * 10 + [0.2] * 15 + [0.001] * 100
    blocks = iter([rng.normal(size=160).astype(np.float32) * x for x in loudness])
    assert len(record(lambda: next(blocks))) == pytest.approx(10 + 15 + 1 / BLOCK_S, abs=1)
    with pytest.raises(InputError, match="no one spoke"):
        record(lambda: np.zeros(160, np.float32))
