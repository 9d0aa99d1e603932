"""Charts as SVG that stands in a page: rates with their intervals, bars, curves.

Colors are the page's, by classes (page.css), so that a chart follows its light and dark scheme; a series has a shape
or a place of its own beside its color. What is drawn of a row has the row's words as its title. A chart is drawn as
wide as a phone, and grows with the room that it has.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from planner.evaluation.statistics import Rate
from planner.reporting.table import escaped

WIDTH = 360
LEFT, RIGHT, TOP, BOTTOM = 40, 18, 8, 34  # margins of what is drawn between axes
HIGH = 190  # of what is drawn between axes
BAR, SPACE, HEADING = 16, 4, 17  # of horizontal bars
LEGEND = 17  # of one of its lines
NUMBER = 62  # room for the number at a bar's end
LETTER = 6.2  # width of a letter, about
MODE_COLORS = (0, 1)  # the page has colors 0 to 5
CYCLE_COLORS = (2, 3, 4, 5, 0, 1)
CHANGE_COLORS = (5, 2)  # before and after


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One bar: a rate with its interval, or a count."""

    group: str
    series: str
    value: Rate | int

    @property
    def length(self) -> float:
        """Of the bar, in its own unit."""
        return float(self.value) if isinstance(self.value, int) else self.value.value if self.value.total else 0.0


@dataclass(frozen=True, kw_only=True)
class Dot:
    """A rate at one of the places along the x axis; hollow where the weights were refused."""

    place: str
    series: str
    rate: Rate
    hollow: bool = False


def bars(title: str, found: Sequence[Bar], *, colors: Sequence[int] = MODE_COLORS) -> str:
    """Draw horizontal bars, group below group, with the intervals of rates.

    Args:
        title: Read out instead of the picture.
        found: Bars of a group stand together, in their order.
        colors: Of the series, in the order in which they come.
    """
    names = dict(zip(dict.fromkeys(bar.series for bar in found), colors, strict=False))
    counts = any(isinstance(bar.value, int) for bar in found)
    most = (max((bar.length for bar in found), default=1.0) or 1.0) if counts else 1.0
    parts, y = list[str](), 0.0
    for group in dict.fromkeys(bar.group for bar in found):
        parts.append(_text(2, y + 12, _cut(group, WIDTH), "label"))
        y += HEADING
        for bar in (b for b in found if b.group == group):
            parts.append(_bar(bar, y, most, names[bar.series]))
            y += BAR + SPACE
        y += 8
    return _svg(title, names, y, parts)


def _bar(bar: Bar, y: float, most: float, color: int) -> str:
    room = WIDTH - NUMBER - 4
    length = round(2 + room * bar.length / most, 1)
    said = f"{bar.group}, {bar.series}: {_said(bar.value)}"
    parts = [f'<rect class="bar fill s{color}" x="2" y="{y:g}" width="{length - 2:.1f}" height="{BAR}" rx="2"/>']
    at = length
    if isinstance(bar.value, Rate):
        low, high = (round(2 + room * bound, 1) for bound in bar.value.interval)
        middle, at = y + BAR / 2, max(length, high)
        drawn = f"M{low} {middle - 3:g}v6M{low} {middle:g}H{high}M{high} {middle - 3:g}v6"
        parts.append(f'<path class="whisker" d="{drawn}"/>')
    shown = str(bar.value) if isinstance(bar.value, int) else f"{100 * bar.length:.1f} %" if bar.value.total else "–"
    parts.append(_text(at + 5, y + BAR - 4, shown, "number"))
    return f'<g class="mark"><title>{escaped(said)}</title>{"".join(parts)}</g>'


def _said(value: Rate | int) -> str:
    return str(value) if isinstance(value, int) else f"{value} ({value.hits} of {value.total})"


def dots(title: str, found: Sequence[Dot], *, axis: str) -> str:
    """Draw rates along places, one line for each series, with their intervals.

    Args:
        title: Read out instead of the picture.
        found: Of each series in the order of places. A line goes through those that are not hollow.
        axis: What the places are.
    """
    names = dict(zip(dict.fromkeys(dot.series for dot in found), MODE_COLORS, strict=True))
    places = list(dict.fromkeys(dot.place for dot in found))
    wide = WIDTH - LEFT - RIGHT
    parts = [*_percents(), _text(LEFT + wide / 2, TOP + HIGH + 31, axis, "tick", "middle")]
    every = math.ceil(len(places) / 12)
    step = wide / len(places) if places else wide
    for k, place in enumerate(places):
        if k % every == 0:
            parts.append(_text(LEFT + step * (k + 0.5), TOP + HIGH + 15, place, "tick", "middle"))
    for number, (name, color) in enumerate(names.items()):
        members = [dot for dot in found if dot.series == name]
        aside = min(7.0, step / 4) * (number - (len(names) - 1) / 2)
        at = {id(dot): (LEFT + step * (places.index(dot.place) + 0.5) + aside, _y(dot.rate.value)) for dot in members}
        line = " ".join(f"{at[id(d)][0]:.1f},{at[id(d)][1]:.1f}" for d in members if not d.hollow)
        parts.append(f'<polyline class="line s{color}" points="{line}"/>')
        parts += [_dot(dot, *at[id(dot)], color) for dot in members]
    return _svg(title, names, TOP + HIGH + BOTTOM + 2, parts)


def _dot(dot: Dot, x: float, y: float, color: int) -> str:
    low, high = (_y(bound) for bound in dot.rate.interval)
    said = f"{dot.place}, {dot.series}: {_said(dot.rate)}" + (", refused" if dot.hollow else "")
    css = f"s{color} {'hollow' if dot.hollow else 'fill'}"
    shape = (
        f'<rect class="{css}" x="{x - 3.5:.1f}" y="{y - 3.5:.1f}" width="7" height="7"/>'
        if color % 2
        else f'<circle class="{css}" cx="{x:.1f}" cy="{y:.1f}" r="4"/>'
    )
    whisker = f'<path class="thin s{color}" d="M{x:.1f} {low:.1f}V{high:.1f}"/>'
    return f'<g class="mark"><title>{escaped(said)}</title>{whisker}{shape}</g>'


def curves(title: str, series: Mapping[str, Sequence[tuple[float, float]]], *, axis: str) -> str:
    """Draw curves over a common x axis; the y axis begins at 0.

    Args:
        title: Read out instead of the picture.
        series: Points (x, y) of each.
        axis: What x is.
    """
    points = [point for found in series.values() for point in found]
    far = _round_up(max((x for x, _ in points), default=1.0))
    top = _round_up(max((y for _, y in points), default=1.0))
    wide = WIDTH - LEFT - RIGHT
    parts = [_text(LEFT + wide / 2, TOP + HIGH + 31, axis, "tick", "middle")]
    for k in range(5):
        parts += _grid(TOP + HIGH * (1 - k / 4), f"{top * k / 4:g}")
        parts.append(_text(LEFT + wide * k / 4, TOP + HIGH + 15, f"{far * k / 4:g}", "tick", "middle"))
    names = dict(zip(series, CYCLE_COLORS, strict=False))
    for name, found in series.items():
        line = " ".join(f"{LEFT + wide * x / far:.1f},{TOP + HIGH * (1 - y / top):.1f}" for x, y in found)
        last = f", {found[-1][1]:.4g} at the end" if found else ""
        parts.append(
            f'<g class="mark"><title>{escaped(name + last)}</title>'
            f'<polyline class="line s{names[name]}" points="{line}"/></g>'
        )
    return _svg(title, names, TOP + HIGH + BOTTOM + 2, parts)


def _svg(title: str, names: Mapping[str, int], high: float, parts: Iterable[str]) -> str:
    """The whole drawing, with the series named above it where there are several."""
    said, legend = escaped(title), list[str]()
    x, below = 2.0, 0.0
    for name, color in names.items() if len(names) > 1 else ():
        wide = 24 + LETTER * len(name)
        if x > 2 and x + wide > WIDTH:
            x, below = 2.0, below + LEGEND
        corner = 1 if color % 2 else 5
        legend.append(
            f'<rect class="fill s{color}" x="{x:.1f}" y="{below + 2:g}" width="10" height="10" rx="{corner}"/>'
        )
        legend.append(_text(x + 14, below + 11, name, "tick"))
        x += wide
    down = below + LEGEND + 2 if legend else 0.0
    return (
        f'<svg viewBox="0 0 {WIDTH} {high + down:g}" role="img" aria-label="{said}"><title>{said}</title>'
        f'{"".join(legend)}<g transform="translate(0 {down:g})">{"".join(parts)}</g></svg>'
    )


def _percents() -> Iterator[str]:
    for percent in range(0, 101, 25):
        yield from _grid(_y(percent / 100), f"{percent} %")


def _grid(y: float, label: str) -> Iterator[str]:
    yield f'<path class="grid" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>'
    yield _text(LEFT - 4, y + 4, label, "tick", "end")


def _y(value: float) -> float:
    return TOP + HIGH * (1 - value)


def _text(x: float, y: float, text: str, css: str, anchor: str = "start") -> str:
    placed = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text class="{css}" x="{x:.1f}" y="{y:.1f}"{placed}>{escaped(text)}</text>'


def _cut(text: str, wide: float) -> str:
    most = int(wide / LETTER)
    return text if len(text) <= most else text[: most - 1] + "…"


def _round_up(value: float) -> float:
    """The next number whose quarters are short to write."""
    if value <= 0 or not math.isfinite(value):
        return 1.0
    unit = 10.0 ** math.floor(math.log10(value))
    return next(step * unit for step in (1, 1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8, 10) if step * unit >= value)
