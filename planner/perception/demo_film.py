"""The video of a demonstration: the pictures while the sentence plays, then the execution."""

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

SIZE = (640, 480)  # width, height of a frame [px]
FPS = 20
LEAD_IN_S, MIN_PICTURE_S = 0.8, 0.7  # silence before the sentence; minimum time per picture


def introduction(path: Path, pictures: Sequence[Frame], captions: Sequence[str], seconds: float) -> None:
    """Write a video that shows captioned pictures one after the other.

    Args:
        path: Path of the MP4.
        pictures: Pictures (H, W, 3).
        captions: Caption of each picture.
        seconds: Minimum duration [s].
    """
    import imageio.v2 as imageio

    from envs.recording.video import captioned

    picture_s = max(MIN_PICTURE_S, seconds / max(1, len(pictures)))
    writer: Any = imageio.get_writer(path, fps=FPS, codec="libx264", quality=7, macro_block_size=2)
    with writer:
        for picture, caption in zip(pictures, captions, strict=True):
            frame = captioned(_letterbox(picture), caption)
            for _ in range(round(picture_s * FPS)):
                writer.append_data(frame)


def _letterbox(picture: Frame) -> Frame:
    """Scale a picture by the largest integer factor that fits, and center it on a gray frame."""
    width, height = SIZE
    factor = min(width // picture.shape[1], height // picture.shape[0])
    large = np.repeat(np.repeat(picture, factor, axis=0), factor, axis=1)
    frame = np.full((height, width, 3), 40, np.uint8)
    top, left = (height - large.shape[0]) // 2, (width - large.shape[1]) // 2
    frame[top : top + large.shape[0], left : left + large.shape[1]] = large
    return frame


def with_sound(path: Path, parts: Sequence[Path], sound: Path) -> None:
    """Concatenate videos and add a sound near the beginning.

    Args:
        path: Path of the MP4, written atomically.
        parts: Videos to concatenate.
        sound: A WAV file; it starts after `LEAD_IN_S`.

    Raises:
        OutputError: ffmpeg failed.
    """
    from imageio_ffmpeg import get_ffmpeg_exe

    inputs = [argument for part in (*parts, sound) for argument in ("-i", str(part))]
    width, height = SIZE
    scaling = "".join(f"[{k}:v]scale={width}:{height},setsar=1,fps={FPS}[v{k}];" for k in range(len(parts)))
    videos = "".join(f"[v{k}]" for k in range(len(parts)))
    delay = round(1000 * LEAD_IN_S)
    graph = f"{scaling}{videos}concat=n={len(parts)}:v=1[v];[{len(parts)}:a]adelay={delay}:all=1,apad[a]"
    command = [
        get_ffmpeg_exe(), "-y", "-loglevel", "error", *inputs, "-filter_complex", graph, "-map", "[v]", "-map", "[a]",
        "-shortest", "-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac", "-f", "mp4",
    ]  # fmt: skip

    def write(temporary_path: Path) -> None:
        process = subprocess.run([*command, str(temporary_path)], capture_output=True, text=True, check=False)
        if process.returncode != 0:
            raise OutputError(f"{path}: ffmpeg could not write it: {' '.join(process.stderr.split())[:300]}")

    write_atomically(path, write)
