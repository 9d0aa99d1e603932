"""The film of a demonstration: what was seen while a sentence is heard, then how it was carried out, with the sound."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gpt.files import write_atomically
from planner.errors import OutputError

if TYPE_CHECKING:
    from envs.recording.video import Frame

SIZE = (640, 480)  # of a frame [pixels]
FPS = 20
BEFORE_S, EACH_S = 0.8, 0.7  # silence before the sentence; least time of a picture


def introduction(path: Path, pictures: Sequence[Frame], captions: Sequence[str], seconds: float) -> None:
    """Write a film of pictures with captions, one after the other.

    Args:
        path: Of the MP4.
        pictures: (H, W, 3) each.
        captions: Of each.
        seconds: The least that it takes.
    """
    import imageio.v2 as imageio

    from envs.recording.video import captioned

    each = max(EACH_S, seconds / max(1, len(pictures)))
    writer: Any = imageio.get_writer(path, fps=FPS, codec="libx264", quality=7, macro_block_size=2)
    with writer:
        for picture, caption in zip(pictures, captions, strict=True):
            frame = captioned(_framed(picture), caption)
            for _ in range(round(each * FPS)):
                writer.append_data(frame)


def _framed(picture: Frame) -> Frame:
    """The picture, as large as fits, on a gray frame."""
    width, height = SIZE
    factor = min(width // picture.shape[1], height // picture.shape[0])
    large = np.repeat(np.repeat(picture, factor, axis=0), factor, axis=1)
    frame = np.full((height, width, 3), 40, np.uint8)
    top, left = (height - large.shape[0]) // 2, (width - large.shape[1]) // 2
    frame[top : top + large.shape[0], left : left + large.shape[1]] = large
    return frame


def with_sound(path: Path, parts: Sequence[Path], sound: Path) -> None:
    """Join films, and lay a sound over their beginning.

    Args:
        path: Of the MP4 that is written, beside and then renamed.
        parts: Films.
        sound: A WAV file; it begins after `BEFORE_S`.

    Raises:
        OutputError: ffmpeg failed.
    """
    from imageio_ffmpeg import get_ffmpeg_exe

    inputs = [argument for part in (*parts, sound) for argument in ("-i", str(part))]
    width, height = SIZE
    alike = "".join(f"[{k}:v]scale={width}:{height},setsar=1,fps={FPS}[v{k}];" for k in range(len(parts)))
    videos = "".join(f"[v{k}]" for k in range(len(parts)))
    delay = round(1000 * BEFORE_S)
    graph = f"{alike}{videos}concat=n={len(parts)}:v=1[v];[{len(parts)}:a]adelay={delay}:all=1,apad[a]"
    command = [
        get_ffmpeg_exe(), "-y", "-loglevel", "error", *inputs, "-filter_complex", graph, "-map", "[v]", "-map", "[a]",
        "-shortest", "-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac", "-f", "mp4",
    ]  # fmt: skip

    def write(beside: Path) -> None:
        done = subprocess.run([*command, str(beside)], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise OutputError(f"{path}: ffmpeg could not write it: {' '.join(done.stderr.split())[:300]}")

    write_atomically(path, write)
