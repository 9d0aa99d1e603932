"""Whether new weights are better than old ones on the same held-out tasks, and how that is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from planner.evaluation.statistics import Paired, Rate, compare
from planner.evaluation.tables import grid
from planner.io.json_lines import Record

WAYS = (("alone", "direct pass"), ("verified", "with verification"))
WORSE_P = 0.05  # weights are refused if verified success fell this surely
BAR, GAP, HEIGHT, LEFT, TOP = 46, 40, 200, 50, 40  # pixels of the plot
COLOURS = ("#9aa5b1", "#2f6f9f")


@dataclass(frozen=True, kw_only=True)
class Decision:
    """Whether new weights are accepted, why, and the paired comparisons that say so."""

    accepted: bool
    reason: str
    direct: Paired | None = None
    verified: Paired | None = None

    def as_dict(self) -> Record:
        """Plain data for metrics.json."""
        compared = {"direct": self.direct, "verified": self.verified}
        tests = {name: paired.as_dict() if paired else None for name, paired in compared.items()}
        return {"accepted": self.accepted, "reason": self.reason, **tests}


def decide(old: Sequence[Record], new: Sequence[Record]) -> Decision:
    """Accept new weights if held-out success rose: of direct pass and verified plans together, the latter not lost.

    Raises:
        ValueError: The outcomes are not of the same tasks.
    """
    if [o["id"] for o in old] != [n["id"] for n in new]:
        raise ValueError("old and new outcomes are not of the same tasks")
    direct, verified = (compare(_hits(old, way), _hits(new, way)) for way, _ in WAYS)
    gained = direct.wins + verified.wins - direct.losses - verified.losses
    fell = verified.losses > verified.wins and verified.p < WORSE_P
    if fell:
        reason = f"verified success fell ({verified.wins} tasks gained, {verified.losses} lost, p = {verified.p:.3f})"
    elif gained <= 0:
        reason = f"held-out success did not rise ({gained:+d} tasks)"
    else:
        reason = f"held-out success rose ({gained:+d} tasks: direct pass {_moved(direct)}, verified {_moved(verified)})"
    return Decision(accepted=gained > 0 and not fell, reason=reason, direct=direct, verified=verified)


def _moved(paired: Paired) -> str:
    return f"+{paired.wins} -{paired.losses}, p = {paired.p:.3f}"


def _hits(outcomes: Sequence[Record], way: str) -> list[bool]:
    return [bool(o[way]) for o in outcomes]


def rates(outcomes: Sequence[Record]) -> dict[str, Rate]:
    """Return the success of each way on each split, `direct pass, 5-6 conditions` and so on."""
    found = {}
    for split in dict.fromkeys(str(o["split"]) for o in outcomes):
        members = [o for o in outcomes if o["split"] == split]
        for way, name in WAYS:
            found[f"{name}, {split}"] = Rate(hits=sum(_hits(members, way)), total=len(members))
    return found


def before_and_after(old: Sequence[Record], new: Sequence[Record]) -> str:
    """Show success before and after with intervals, and the paired test of each row."""
    rows = []
    for split in dict.fromkeys(str(o["split"]) for o in old):
        for way, name in WAYS:
            first = [bool(o[way]) for o in old if o["split"] == split]
            second = [bool(o[way]) for o in new if o["split"] == split]
            paired = compare(first, second)
            before, after = (str(Rate(hits=sum(hits), total=len(hits))) for hits in (first, second))
            change = f"+{paired.wins} -{paired.losses}"
            rows.append([f"{name}, {split}", str(paired.total), before, after, change, f"{paired.p:.3f}"])
    return grid(["held-out success", "tasks", "before", "after", "tasks", "p"], rows)


def plot(title: str, series: Mapping[str, Sequence[Record]]) -> str:
    """Return an SVG of bars: for each way and split the success of each series, with 95 % intervals."""
    tables = {name: rates(outcomes) for name, outcomes in series.items()}
    groups = list(next(iter(tables.values()))) if tables else []
    step = BAR * len(tables) + GAP
    width = LEFT + step * max(1, len(groups)) + GAP
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{TOP + HEIGHT + 70}" '
        'font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="white"/>',
        f'<text x="{LEFT}" y="20" font-size="15">{title}: success in %, 95 % intervals</text>',
    ]
    for percent in range(0, 101, 25):
        y = _y(percent / 100)
        parts.append(f'<line x1="{LEFT}" x2="{width - 10}" y1="{y}" y2="{y}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{percent}</text>')
    for g, group in enumerate(groups):
        for s, table in enumerate(tables.values()):
            x = LEFT + GAP / 2 + g * step + s * BAR
            parts += _bar(x, table[group], COLOURS[s % len(COLOURS)])
        middle = LEFT + GAP / 2 + g * step + BAR * len(tables) / 2
        for line, words in enumerate(group.split(", ")):
            parts.append(f'<text x="{middle}" y="{TOP + HEIGHT + 18 + 15 * line}" text-anchor="middle">{words}</text>')
    for s, name in enumerate(tables):
        x, color = LEFT + 90 * s, COLOURS[s % len(COLOURS)]
        parts.append(f'<rect x="{x}" y="{TOP + HEIGHT + 48}" width="12" height="12" fill="{color}"/>')
        parts.append(f'<text x="{x + 18}" y="{TOP + HEIGHT + 58}">{name}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def _y(value: float) -> float:
    return round(TOP + HEIGHT * (1 - value), 1)


def _bar(x: float, rate: Rate, color: str) -> list[str]:
    value = rate.value if rate.total else 0.0
    low, high = rate.interval
    middle = x + BAR / 2 - 2
    return [
        f'<rect x="{x}" y="{_y(value)}" width="{BAR - 4}" height="{round(HEIGHT * value, 1)}" fill="{color}"/>',
        f'<line x1="{middle}" x2="{middle}" y1="{_y(low)}" y2="{_y(high)}" stroke="black"/>',
        f'<text x="{middle}" y="{_y(high) - 4}" text-anchor="middle">{100 * value:.0f}</text>',
    ]
