"""MP4 videos of the robot with the current subtask as a caption, and filmstrips with one still per subtask."""

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
HALVES: tuple[Literal["overhead"], Literal["robot"]] = ("overhead", "robot")  # left and right half of a split view
CAPTION_PX = 22  # letter size in an image 480 pixels high
MIN_LETTER_PX = 11
MAX_CAPTION_LINES = 2  # a caption is cut after so many lines
MARGIN_RATIO = 0.45  # around a caption, as a fraction of the letter size
DARK: Color = (20, 22, 28)
LIGHT: Color = (255, 255, 255)
SUCCESS_COLOR: Color = (126, 217, 137)
FAILURE_COLOR: Color = (255, 134, 120)
GAP_PX = 6  # between the stills of a filmstrip


class Video(AtomicOutput):
    """Records a home during execution: pass `tick` to `PhysicalHome.execute` as `on_tick`.

    Args:
        path: The MP4 file.
        home: The home to record.
        size: Width and height of one view [pixels]; rounded up to even numbers.
        view: View of the camera; `split` shows the home from above and, beside it, the robot's surroundings.
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
        self._frame_ticks = max(1, round(speed / fps / TICK_S))
        self._next_tick = 0
        self.caption = ""
        self.last: Frame | None = None
        self._writer: Any = imageio.get_writer(self._partial, fps=fps, codec="libx264", quality=7, macro_block_size=2)

    def tick(self) -> None:
        """Add a frame if one is due."""
        ticks = self._home.engine.ticks
        if ticks < self._next_tick - self._frame_ticks:  # the home was reset
            self._next_tick = ticks
        if ticks >= self._next_tick:
            self._next_tick = ticks + self._frame_ticks
            self.add_frame()

    def add_frame(self, repeat: int = 1) -> None:
        """Add an image of the home with the caption, `repeat` times."""
        self.last = captioned(render_view(self._home, self._size, self._view), self.caption)
        for _ in range(repeat):
            self._writer.append_data(self.last)

    def _close_writer(self) -> None:
        self._writer.close()


class Filmstrip:
    """Collects one still per subtask, each drawn once, and writes them as one sheet.

    Args:
        path: The PNG file.
        home: The home to show; nothing of it may have been drawn yet.
        size: Width and height of a still [pixels].
        view: View of the camera.
    """

    def __init__(
        self, path: str | Path, home: PhysicalHome, *, size: tuple[int, int] = (400, 300), view: VideoView = "room"
    ) -> None:
        self.path = Path(path)
        self._home, self._size, self._view = home, size, view
        self._first_camera = copy(home.camera)  # a camera that has drawn nothing jumps to its goal pose
        self._frames: list[Frame] = []

    def add(self, subtask: str, *, done: bool, reason: str = "") -> None:
        """Add the still of a subtask that was just executed."""
        video_camera = self._home.camera  # used by the video: it moves with every frame
        self._home.camera = copy(self._first_camera)
        frame = render_view(self._home, self._size, self._view)
        self._home.camera = video_camera
        status = "done" if done else f"failed: {reason}"
        self._frames.append(
            labeled(frame, f"{len(self._frames) + 1}  {subtask}", status, SUCCESS_COLOR if done else FAILURE_COLOR)
        )

    def save(self) -> bool:
        """Write the sheet; return whether there was anything to write."""
        if self._frames:
            write_png(self.path, filmstrip(self._frames))
        return bool(self._frames)


def render_view(home: PhysicalHome, size: tuple[int, int], view: VideoView) -> Frame:
    """Draw a home, (H, W, 3); a split view is twice as wide as `size`."""
    if view != "split":
        return home.render(*size, view=view)
    halves: Frame = np.concatenate([home.render(*size, view=half) for half in HALVES], axis=1)
    return halves


def captioned(frame: Frame, text: str) -> Frame:
    """Return a copy of an image with a text on a dark band at its lower edge."""
    if not text:
        plain: Frame = frame.copy()
        return plain
    from PIL import Image, ImageDraw

    image = Image.fromarray(frame)
    draw = ImageDraw.Draw(image, "RGBA")
    font, lines = _fit_text(draw, text, image.width, max(MIN_LETTER_PX, CAPTION_PX * image.height // 480))
    height = _band_height(font, len(lines))
    draw.rectangle((0, image.height - height, image.width, image.height), fill=(*DARK, 200))
    _draw_lines(draw, image.height - height, font, [(line, LIGHT) for line in lines])
    return np.asarray(image.convert("RGB"), dtype=np.uint8)


def labeled(frame: Frame, title: str, status: str, color: Color) -> Frame:
    """Return an image on a dark card, with a title above and a colored status below, (H + both bands, W, 3)."""
    from PIL import Image, ImageDraw

    height, width = frame.shape[:2]
    size = max(MIN_LETTER_PX + 2, CAPTION_PX * height // 480)
    scratch = ImageDraw.Draw(Image.new("RGB", (1, 1)))
    title_text, status_text = _fit_text(scratch, title, width, size + 2), _fit_text(scratch, status, width, size)
    # All cards have the same size, whatever their texts.
    top_px, bottom_px = _band_height(_font(size + 2), MAX_CAPTION_LINES), _band_height(_font(size), MAX_CAPTION_LINES)
    card = Image.new("RGB", (width, top_px + height + bottom_px), DARK)
    card.paste(Image.fromarray(frame), (0, top_px))
    draw = ImageDraw.Draw(card)
    for edge, band, (font, lines), text_color in (
        (0, top_px, title_text, LIGHT),
        (top_px + height, bottom_px, status_text, color),
    ):
        _draw_lines(
            draw, edge + (band - _band_height(font, len(lines))) // 2, font, [(line, text_color) for line in lines]
        )
    return np.asarray(card, dtype=np.uint8)


def _font(size: int) -> Font:
    from PIL import ImageFont

    return ImageFont.load_default(size=size)


def _fit_text(draw: ImageDraw, text: str, width: int, size: int) -> tuple[Font, list[str]]:
    """Find the largest font, up to a size, in which a text fits into the caption's lines; return it and the lines."""
    while True:
        font = _font(size)
        available_px = width - 2 * int(MARGIN_RATIO * size) - 4
        lines = _wrap(draw, text, font, available_px)
        if len(lines) <= MAX_CAPTION_LINES or size <= MIN_LETTER_PX:
            break
        size -= 1
    if len(lines) > MAX_CAPTION_LINES:
        lines = [*lines[: MAX_CAPTION_LINES - 1], lines[MAX_CAPTION_LINES - 1] + " …"]
    return font, [_shorten(draw, line, font, available_px) for line in lines]


def _wrap(draw: ImageDraw, text: str, font: Font, available_px: int) -> list[str]:
    lines: list[str] = []
    for word in text.split(" "):
        if lines and draw.textlength(f"{lines[-1]} {word}", font=font) <= available_px:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _shorten(draw: ImageDraw, line: str, font: Font, available_px: int) -> str:
    while draw.textlength(line, font=font) > available_px:
        line = line.removesuffix("…")[:-1] + "…"
    return line


def _line_px(font: Font) -> int:
    top, bottom = font.getbbox("Ag")[1], font.getbbox("Ag")[3]
    return int(1.35 * (bottom - top))


def _band_height(font: Font, lines: int) -> int:
    return lines * _line_px(font) + 2 * _margin(font)


def _margin(font: Font) -> int:
    return max(4, int(MARGIN_RATIO * _line_px(font)))


def _draw_lines(draw: ImageDraw, top: int, font: Font, lines: Sequence[tuple[str, Color]]) -> None:
    for k, (line, color) in enumerate(lines):
        at = (_margin(font), top + _margin(font) + k * _line_px(font) - font.getbbox("Ag")[1] // 2)
        draw.text(at, line, font=font, fill=color)


def filmstrip(frames: Sequence[Frame], columns: int = 4) -> Frame:
    """Join stills of one size into a sheet, row by row, with white gaps."""
    if not frames:
        raise ValueError("a filmstrip needs at least one frame")
    columns = min(columns, len(frames))
    rows = -(-len(frames) // columns)
    height, width = frames[0].shape[:2]
    sheet: Frame = np.full(
        (rows * (height + GAP_PX) + GAP_PX, columns * (width + GAP_PX) + GAP_PX, 3), 255, dtype=np.uint8
    )
    for k, frame in enumerate(frames):
        y, x = GAP_PX + k // columns * (height + GAP_PX), GAP_PX + k % columns * (width + GAP_PX)
        sheet[y : y + height, x : x + width] = frame
    return sheet


def write_png(path: str | Path, frame: Frame) -> None:
    """Write an image as PNG, under a temporary name that is then renamed."""
    from PIL import Image

    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    Image.fromarray(frame).save(partial, format="PNG")
    partial.replace(path)
