"""MP4 videos of the robot at work with the current subtask as a caption, and filmstrips: one still for each subtask."""

from __future__ import annotations

import os
from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from envs.physics.engine import TICK_S
from envs.recording.atomic_output import AtomicOutput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont, ImageFont

    from envs.simulation.physical_home import PhysicalHome

    Frame = NDArray[np.uint8]  # (H, W, 3)
    Font = FreeTypeFont | ImageFont
    Color = tuple[int, int, int]

VideoView = Literal["room", "overhead", "robot", "split"]
HALVES: tuple[Literal["overhead"], Literal["robot"]] = ("overhead", "robot")  # of a split picture, left and right
CAPTION_PX = 22  # the size of letters in a picture 480 pixels high
SMALLEST_PX = 11
LINES = 2  # of a caption; what is longer still is cut
MARGIN = 0.45  # around a caption, of the size of its letters
INK: Color = (20, 22, 28)
PAPER: Color = (255, 255, 255)
GOOD: Color = (126, 217, 137)
BAD: Color = (255, 134, 120)
GAP_PX = 6  # between the stills of a filmstrip


class Video(AtomicOutput):
    """Records a home while it executes: give `tick` to `PhysicalHome.execute` as `on_tick`.

    Args:
        path: Of the MP4 file; it is written beside and renamed when closed.
        home: What is recorded.
        size: Width and height of one view [pixels]; rounded up to even numbers.
        view: Of the camera; `split` shows the home from above and, beside it, what is before the robot.
        fps: Frames per second of the video.
        speed: Simulated seconds per second of the video.
    """

    def __init__(
        self, path: str | Path, home: PhysicalHome, *, size: tuple[int, int] = (640, 480), view: VideoView = "room",
        fps: int = 20, speed: float = 3.0,
    ) -> None:  # fmt: skip
        import imageio.v2 as imageio

        super().__init__(path, ".mp4")
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
            self.shoot()

    def shoot(self, repeat: int = 1) -> None:
        """Add a picture of the home as it stands, with the caption, so many times."""
        self.last = captioned(picture(self._home, self._size, self._view), self.caption)
        for _ in range(repeat):
            self._writer.append_data(self.last)

    def _end(self) -> None:
        self._writer.close()


class Filmstrip:
    """Collects one still for each subtask, a single rendering each, and writes them as a sheet.

    Args:
        path: Of the PNG file.
        home: What is shown; nothing was drawn of it yet.
        size: Width and height of a still [pixels].
        view: Of the camera.
    """

    def __init__(
        self, path: str | Path, home: PhysicalHome, *, size: tuple[int, int] = (400, 300), view: VideoView = "room"
    ) -> None:
        self.path = Path(path)
        self._home, self._size, self._view = home, size, view
        self._still = copy(home.camera)  # one that has drawn nothing stands where it should at once
        self._stills: list[Frame] = []

    def add(self, subtask: str, *, done: bool, reason: str = "") -> None:
        """Take the still of a subtask that has just been carried out."""
        gliding = self._home.camera  # the video's: it moves on with every frame that it draws
        self._home.camera = copy(self._still)
        frame = picture(self._home, self._size, self._view)
        self._home.camera = gliding
        words = "done" if done else f"failed: {reason}"
        self._stills.append(labeled(frame, f"{len(self._stills) + 1}  {subtask}", words, GOOD if done else BAD))

    def save(self) -> bool:
        """Write the sheet; whether there was anything to show."""
        if self._stills:
            write_png(self.path, filmstrip(self._stills))
        return bool(self._stills)


def picture(home: PhysicalHome, size: tuple[int, int], view: VideoView) -> Frame:
    """Draw a home, (H, W, 3); a split view is twice as wide as `size`."""
    if view != "split":
        return home.render(*size, view=view)
    halves: Frame = np.concatenate([home.render(*size, view=half) for half in HALVES], axis=1)
    return halves


def captioned(frame: Frame, text: str) -> Frame:
    """A copy of a picture with some words on a dark band at its lower edge."""
    if not text:
        plain: Frame = frame.copy()
        return plain
    from PIL import Image, ImageDraw

    image = Image.fromarray(frame)
    draw = ImageDraw.Draw(image, "RGBA")
    font, lines = _fitted(draw, text, image.width, max(SMALLEST_PX, CAPTION_PX * image.height // 480))
    height = _height(font, len(lines))
    draw.rectangle((0, image.height - height, image.width, image.height), fill=(*INK, 200))
    _write(draw, image.height - height, font, [(line, PAPER) for line in lines])
    return np.asarray(image.convert("RGB"), dtype=np.uint8)


def labeled(frame: Frame, title: str, words: str, color: Color) -> Frame:
    """A picture on a dark card: a title above it, and below it some words in a color, (H + both, W, 3)."""
    from PIL import Image, ImageDraw

    high, wide = frame.shape[:2]
    size = max(SMALLEST_PX + 2, CAPTION_PX * high // 480)
    scratch = ImageDraw.Draw(Image.new("RGB", (1, 1)))
    above, below = _fitted(scratch, title, wide, size + 2), _fitted(scratch, words, wide, size)
    top, bottom = _height(_font(size + 2), LINES), _height(_font(size), LINES)  # cards of one size, whatever they say
    card = Image.new("RGB", (wide, top + high + bottom), INK)
    card.paste(Image.fromarray(frame), (0, top))
    draw = ImageDraw.Draw(card)
    for edge, band, (font, lines), ink in ((0, top, above, PAPER), (top + high, bottom, below, color)):
        _write(draw, edge + (band - _height(font, len(lines))) // 2, font, [(line, ink) for line in lines])
    return np.asarray(card, dtype=np.uint8)


def _font(size: int) -> Font:
    from PIL import ImageFont

    return ImageFont.load_default(size=size)


def _fitted(draw: ImageDraw, text: str, width: int, size: int) -> tuple[Font, list[str]]:
    """The largest letters, up to a size, in which a text fits into a few lines of a width, and those lines."""
    while True:
        font = _font(size)
        room = width - 2 * int(MARGIN * size) - 4
        lines = _wrapped(draw, text, font, room)
        if len(lines) <= LINES or size <= SMALLEST_PX:
            break
        size -= 1
    if len(lines) > LINES:
        lines = [*lines[: LINES - 1], lines[LINES - 1] + " …"]
    return font, [_cut(draw, line, font, room) for line in lines]


def _wrapped(draw: ImageDraw, text: str, font: Font, room: int) -> list[str]:
    lines: list[str] = []
    for word in text.split(" "):
        if lines and draw.textlength(f"{lines[-1]} {word}", font=font) <= room:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _cut(draw: ImageDraw, line: str, font: Font, room: int) -> str:
    while draw.textlength(line, font=font) > room:
        line = line.removesuffix("…")[:-1] + "…"
    return line


def _line_px(font: Font) -> int:
    top, bottom = font.getbbox("Ag")[1], font.getbbox("Ag")[3]
    return int(1.35 * (bottom - top))


def _height(font: Font, lines: int) -> int:
    return lines * _line_px(font) + 2 * _margin(font)


def _margin(font: Font) -> int:
    return max(4, int(MARGIN * _line_px(font)))


def _write(draw: ImageDraw, top: int, font: Font, lines: Sequence[tuple[str, Color]]) -> None:
    for k, (line, color) in enumerate(lines):
        at = (_margin(font), top + _margin(font) + k * _line_px(font) - font.getbbox("Ag")[1] // 2)
        draw.text(at, line, font=font, fill=color)


def filmstrip(frames: Sequence[Frame], columns: int = 4) -> Frame:
    """Join stills of one size into a sheet, row by row, white between them and where none is left."""
    if not frames:
        raise ValueError("a filmstrip needs at least one frame")
    columns = min(columns, len(frames))
    rows = -(-len(frames) // columns)
    high, wide = frames[0].shape[:2]
    sheet: Frame = np.full(
        (rows * (high + GAP_PX) + GAP_PX, columns * (wide + GAP_PX) + GAP_PX, 3), 255, dtype=np.uint8
    )
    for k, frame in enumerate(frames):
        y, x = GAP_PX + k // columns * (high + GAP_PX), GAP_PX + k % columns * (wide + GAP_PX)
        sheet[y : y + high, x : x + wide] = frame
    return sheet


def write_png(path: str | Path, frame: Frame) -> None:
    """Write a picture, beside and renamed."""
    from PIL import Image

    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    Image.fromarray(frame).save(partial, format="PNG")
    partial.replace(path)
