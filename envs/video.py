"""MP4 videos of the robot at work with the current subtask as a caption, and filmstrips of stills."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from envs.engine import TICK_S

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from numpy.typing import NDArray

    from envs.camera import View
    from envs.sim import PhysicalHome

    Frame = NDArray[np.uint8]  # (H, W, 3)

MARGIN_PX = 10
CAPTION_PX = 22
LABEL_LEFT_PX = 12


class Video:
    """Records a home while it executes: give `tick` to `PhysicalHome.execute` as `on_tick`.

    Args:
        path: Of the MP4 file; it is written beside and renamed when closed.
        home: What is recorded.
        size: Width and height [pixels]; rounded up to even numbers.
        view: Of the camera.
        fps: Frames per second of the video.
        speed: Simulated seconds per second of the video.
    """

    def __init__(
        self, path: str | Path, home: PhysicalHome, *, size: tuple[int, int] = (640, 480), view: View = "room",
        fps: int = 20, speed: float = 3.0,
    ) -> None:  # fmt: skip
        import imageio.v2 as imageio

        self.path = Path(path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._partial = self.path.with_name(f".{self.path.stem}.{os.getpid()}.part.mp4")
        self._home, self._view = home, view
        self._size = (size[0] + size[0] % 2, size[1] + size[1] % 2)
        self._every = max(1, round(speed / fps / TICK_S))
        self._due = 0
        self.caption = ""
        self.last: Frame | None = None
        self._writer: Any = imageio.get_writer(self._partial, fps=fps, codec="libx264", quality=7, macro_block_size=2)

    def tick(self) -> None:
        """Add a frame if one is due."""
        ticks = self._home.engine.ticks
        if ticks < self._due - self._every:  # the home was reset
            self._due = ticks
        if ticks >= self._due:
            self._due = ticks + self._every
            self.add(self._home.render(*self._size, view=self._view))

    def add(self, frame: Frame, repeat: int = 1) -> None:
        """Add a picture, with the caption."""
        self.last = captioned(frame, self.caption)
        for _ in range(repeat):
            self._writer.append_data(self.last)

    def close(self) -> None:
        """Finish the file; it has its name only from now on."""
        self._writer.close()
        self._partial.replace(self.path)

    def __enter__(self) -> Video:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
        else:
            self._writer.close()
            self._partial.unlink(missing_ok=True)


def captioned(frame: Frame, text: str) -> Frame:
    """A copy of a picture with a line of text on a dark band at its lower edge."""
    if not text:
        plain: Frame = frame.copy()
        return plain
    from PIL import Image, ImageDraw, ImageFont

    image = Image.fromarray(frame)
    draw = ImageDraw.Draw(image, "RGBA")
    font = ImageFont.load_default(size=max(12, CAPTION_PX * image.height // 480))
    top, bottom = draw.textbbox((0, 0), text, font=font)[1::2]
    height = int(bottom - top) + 2 * MARGIN_PX
    draw.rectangle((0, image.height - height, image.width, image.height), fill=(20, 22, 28, 190))
    at = (LABEL_LEFT_PX, image.height - height + MARGIN_PX - top)
    draw.text(at, text, font=font, fill=(255, 255, 255, 255))
    return np.asarray(image.convert("RGB"), dtype=np.uint8)


def filmstrip(frames: Sequence[Frame], columns: int = 4) -> Frame:
    """Join stills of one size into a sheet, row by row, white where none is left."""
    if not frames:
        raise ValueError("a filmstrip needs at least one frame")
    blank = np.full_like(frames[0], 255)
    padded = [*frames, *[blank] * (-len(frames) % columns)]
    rows = [np.concatenate(padded[k : k + columns], axis=1) for k in range(0, len(padded), columns)]
    sheet: Frame = np.concatenate(rows, axis=0)
    return sheet


def write_png(path: str | Path, frame: Frame) -> None:
    """Write a picture, beside and renamed."""
    from PIL import Image

    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    Image.fromarray(frame).save(partial, format="PNG")
    partial.replace(path)
