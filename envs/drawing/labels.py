"""Where the names in a room stand: in their furniture, else beside it with a line to it, else as a number.

No two names overlap, and none runs out of its box or of its room. A number stands for the name in the list beside the
plan; where not even a number finds room, the list alone has the name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from envs.drawing.free_space import FreeSpace
from envs.drawing.lettering import LINE_HEIGHT, block_size, shortened, width_of, wrapped
from envs.drawing.shapes import Box, Color, Line, Point, Shape, Text

SIZES = (12, 11, 10, 9)  # of the letters of a name, the best first [px]
ROOM_SIZES = (18, 15, 13, 11, 9)
NUMBER_SIZE = 9
MAX_LINES = 4
PADDING = 2.0  # between the letters and their box
REACH = 60.0  # from the middle of furniture to that of its name beside it, besides half of both
BESIDE_SIZES = (11, 10)
BESIDE_LINES = 3
MIN_LEADER = 4.0  # a shorter line from a name to its furniture is left out
LEADER_STEP = 2.0
DARK: Color = (30, 32, 38)
LIGHT: Color = (255, 255, 255)
LEADER: Color = (120, 124, 132)


@dataclass(frozen=True, kw_only=True)
class Labeled:
    """What gets a name.

    Attributes:
        name: The name.
        box: The box around it on the plan.
        outline: Its corners; empty for what is round.
        color: The color of its letters on it.
    """

    name: str
    box: Box
    outline: tuple[Point, ...] = ()
    color: Color = DARK


def room_label(name: str, space: FreeSpace, color: Color) -> list[Shape]:
    """Return the name of a room as near as possible to its middle; shorter if it has too little floor."""
    for share in (1.0, 0.6, 0.35, 0.2):
        width = space.bounds.width * share
        for size in ROOM_SIZES:
            lines = wrapped(name, size, width)
            if share < 1.0 and size == ROOM_SIZES[-1]:
                lines = [shortened(name, size, width)]
            if not lines[0] or len(lines) > 2:
                continue
            box = space.nearest(*block_size(lines, size), space.bounds.middle)
            if box is not None:
                space.take(box)
                return list(_lines(lines, size, box, color))
    return []


def furniture_labels(items: Sequence[Labeled], space: FreeSpace, numbers: dict[str, int]) -> list[Shape]:
    """Return the names of a room's furniture, and the lines to what does not hold its name.

    Args:
        items: The furniture; its boxes have been taken from the space.
        space: The free floor of the room; filled.
        numbers: Filled with the number of each name that has no room.
    """
    shapes: list[Shape] = []
    waiting: list[Labeled] = []
    for item in items:
        inside = _inside(item)
        if inside:
            shapes += inside
        else:
            waiting.append(item)
    for item in waiting:
        beside = _beside(item, space)
        if not beside:
            numbers[item.name] = len(numbers) + 1
            beside = _number(item, str(numbers[item.name]), space)
        shapes += beside
    return shapes


def _inside(item: Labeled) -> list[Shape]:
    for size in SIZES:
        for lines in _breaks(item.name):
            width, height = block_size(lines, size)
            for is_vertical in (False, True):
                half = (height, width) if is_vertical else (width, height)
                if _holds(item, half[0] / 2 + PADDING, half[1] / 2 + PADDING):
                    x, y = item.box.middle
                    box = Box(x - half[0] / 2, y - half[1] / 2, x + half[0] / 2, y + half[1] / 2)
                    return list(_lines(lines, size, box, item.color, is_vertical))
    return []


def _breaks(name: str) -> Iterator[list[str]]:
    """Yield a name in one line, in two of about the same length, in three, and so on."""
    words = name.split()
    yield [name]
    for number in range(2, min(len(words), MAX_LINES) + 1):
        target = len(name) / number
        lines = [words[0]]
        for word in words[1:]:
            if len(lines) < number and len(lines[-1]) + len(word) / 2 > target:
                lines.append(word)
            else:
                lines[-1] += f" {word}"
        if len(lines) == number:
            yield lines


def _holds(item: Labeled, half_width: float, half_height: float) -> bool:
    """Whether a box around the middle lies inside an outline: on the inner side of each of its edges."""
    if half_width > item.box.width / 2 or half_height > item.box.height / 2:
        return False
    if not item.outline:
        return bool(half_width**2 + half_height**2 <= (item.box.width / 2) ** 2)
    corners = np.array(item.outline)
    middle = corners.mean(axis=0)
    for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        normal = np.array((start[1] - end[1], end[0] - start[0]))
        normal = normal / np.linalg.norm(normal)
        if abs((start - middle) @ normal) < half_width * abs(normal[0]) + half_height * abs(normal[1]) - 1e-6:
            return False
    return True


def _beside(item: Labeled, space: FreeSpace) -> list[Shape]:
    for size in BESIDE_SIZES:
        for lines in _breaks(item.name):
            if len(lines) > BESIDE_LINES:
                continue
            width, height = block_size(lines, size)
            reach = REACH + max(item.box.width + width, item.box.height + height) / 2
            box = space.nearest(width, height, item.box.middle, reach)
            if box is None:
                continue
            leader = _leader(item.box, box)
            points = _along(leader)
            others = [other for other in space.taken if not other.overlaps(item.box)]
            if any(
                other.left < x < other.right and other.top < y < other.bottom for x, y in points for other in others
            ):
                continue
            space.take(box)
            shapes: list[Shape] = list(_lines(lines, size, box, DARK))
            if points:
                space.take(_around(leader))
                shapes.append(leader)
            return shapes
    return []


def _number(item: Labeled, number: str, space: FreeSpace) -> list[Shape]:
    width, height = width_of(number, NUMBER_SIZE), NUMBER_SIZE * LINE_HEIGHT
    if _holds(item, width / 2, height / 2):
        x, y = item.box.middle
        return list(
            _lines([number], NUMBER_SIZE, Box(x - width / 2, y - height / 2, x + width / 2, y + height / 2), item.color)
        )
    reach = max(item.box.width + width, item.box.height + height) / 2 + MIN_LEADER
    box = space.nearest(width, height, item.box.middle, reach)
    if box is None:
        return []
    space.take(box)
    return list(_lines([number], NUMBER_SIZE, box, DARK))


def _leader(box: Box, label: Box) -> Line:
    """Return the shortest line between two boxes."""

    def between(low: float, high: float, other_low: float, other_high: float) -> tuple[float, float]:
        if high < other_low:
            return high, other_low
        if other_high < low:
            return low, other_high
        middle = (max(low, other_low) + min(high, other_high)) / 2
        return middle, middle

    x0, x1 = between(box.left, box.right, label.left, label.right)
    y0, y1 = between(box.top, box.bottom, label.top, label.bottom)
    return Line(start=(x0, y0), end=(x1, y1), color=LEADER)


def _along(line: Line) -> list[Point]:
    """Return points of a line, none of one that is too short to be drawn."""
    start, end = np.array(line.start), np.array(line.end)
    length = float(np.linalg.norm(end - start))
    if length < MIN_LEADER:
        return []
    return [tuple(point) for point in np.linspace(start, end, int(length / LEADER_STEP) + 2).tolist()]


def _around(line: Line) -> Box:
    (x0, y0), (x1, y1) = line.start, line.end
    return Box(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)).inflated(0.5)


def _lines(lines: Sequence[str], size: int, box: Box, color: Color, is_vertical: bool = False) -> Iterator[Text]:
    """Yield lines in the middle of a box, the first one on top; or, read upwards, on the left."""
    height = size * LINE_HEIGHT
    for k, line in enumerate(lines):
        half = width_of(line, size) / 2
        x, y = box.middle
        if is_vertical:
            left = box.left + k * height
            yield Text(
                text=line, box=Box(left, y - half, left + height, y + half), size=size, color=color, is_vertical=True
            )
        else:
            top = box.top + k * height
            yield Text(text=line, box=Box(x - half, top, x + half, top + height), size=size, color=color)
