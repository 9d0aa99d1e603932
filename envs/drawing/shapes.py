"""What a drawing consists of. Lengths are in pixels, y points down; angles are in degrees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

Color = tuple[int, int, int]
Point = tuple[float, float]


class Box(NamedTuple):
    """A rectangle along the axes."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """Its width."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Its height."""
        return self.bottom - self.top

    @property
    def middle(self) -> Point:
        """Its middle."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def inflated(self, margin: float) -> Box:
        """Return it with a margin on all sides."""
        return Box(self.left - margin, self.top - margin, self.right + margin, self.bottom + margin)

    def overlaps(self, other: Box) -> bool:
        """Whether the insides of two boxes meet."""
        return (
            self.left < other.right and self.right > other.left and self.top < other.bottom and self.bottom > other.top
        )

    def contains(self, other: Box, tolerance: float = 0.01) -> bool:
        """Whether another box lies inside."""
        outer = self.inflated(tolerance)
        return (
            outer.left <= other.left
            and outer.top <= other.top
            and other.right <= outer.right
            and other.bottom <= outer.bottom
        )


@dataclass(frozen=True, kw_only=True)
class Polygon:
    """A closed outline, filled or not; `title` is what a viewer of SVG shows under the mouse."""

    points: tuple[Point, ...]
    fill: Color | None = None
    line: Color | None = None
    line_width: float = 1.0
    is_dashed: bool = False
    title: str = ""


@dataclass(frozen=True, kw_only=True)
class Circle:
    """A circle, filled or not."""

    center: Point
    radius: float
    fill: Color | None = None
    line: Color | None = None
    line_width: float = 1.0
    title: str = ""


@dataclass(frozen=True, kw_only=True)
class Line:
    """A straight line."""

    start: Point
    end: Point
    color: Color
    width: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Text:
    """One line of text.

    Attributes:
        text: The text.
        box: The box that it fills, from the letters' top to below their tails.
        size: Height of the letters [px].
        color: Color of the letters.
        is_vertical: Whether it is read upwards.
    """

    text: str
    box: Box
    size: int
    color: Color
    is_vertical: bool = False


Shape = Polygon | Circle | Line | Text


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """A drawing: shapes on a white sheet, the first ones lowest; texts lie on top."""

    title: str
    width: int
    height: int
    shapes: tuple[Shape, ...]

    @property
    def texts(self) -> tuple[Text, ...]:
        """The lines of text."""
        return tuple(shape for shape in self.shapes if isinstance(shape, Text))


def rectangle(box: Box) -> tuple[Point, ...]:
    """Return the corners of a box."""
    return (box.left, box.top), (box.right, box.top), (box.right, box.bottom), (box.left, box.bottom)
