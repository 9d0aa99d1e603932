"""Decide whether new weights are better than old ones on the same held-out tasks, and show it as table and plot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from planner.evaluation.statistics import Paired, Rate, compare
from planner.evaluation.tables import grid
from planner.io.json_lines import Record

MODE_LABELS = (("alone", "direct pass"), ("verified", "with verification"))
MAX_P_OF_DROP = 0.05  # weights are rejected if verified success fell with a p-value below this
BAR_WIDTH, GAP, PLOT_HEIGHT, LEFT_MARGIN, TOP_MARGIN = 46, 40, 200, 50, 40  # pixels of the plot
COLORS = ("#9aa5b1", "#2f6f9f")


@dataclass(frozen=True, kw_only=True)
class Decision:
    """Whether new weights are accepted, why, and the paired comparisons behind it."""

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
    """Accept new weights if held-out success, summed over both modes, rose and verified success did not clearly fall.

    A clear fall is one with a p-value below `MAX_P_OF_DROP`.

    Raises:
        ValueError: The outcomes are of different tasks.
    """
    if [o["id"] for o in old] != [n["id"] for n in new]:
        raise ValueError("old and new outcomes are of different tasks")
    direct, verified = (compare(_hits(old, mode), _hits(new, mode)) for mode, _ in MODE_LABELS)
    gained = direct.wins + verified.wins - direct.losses - verified.losses
    fell = verified.losses > verified.wins and verified.p < MAX_P_OF_DROP
    if fell:
        reason = f"verified success fell ({verified.wins} tasks gained, {verified.losses} lost, p = {verified.p:.3f})"
    elif gained <= 0:
        reason = f"held-out success did not rise ({gained:+d} tasks)"
    else:
        moves = f"direct pass {_gains_and_losses(direct)}, verified {_gains_and_losses(verified)}"
        reason = f"held-out success rose ({gained:+d} tasks: {moves})"
    return Decision(accepted=gained > 0 and not fell, reason=reason, direct=direct, verified=verified)


def _gains_and_losses(paired: Paired) -> str:
    return f"+{paired.wins} -{paired.losses}, p = {paired.p:.3f}"


def _hits(outcomes: Sequence[Record], mode: str) -> list[bool]:
    return [bool(o[mode]) for o in outcomes]


def rates(outcomes: Sequence[Record]) -> dict[str, Rate]:
    """Return the success of each mode on each split, under names such as `direct pass, 5-6 conditions`."""
    by_group = {}
    for split in dict.fromkeys(str(o["split"]) for o in outcomes):
        members = [o for o in outcomes if o["split"] == split]
        for mode, name in MODE_LABELS:
            by_group[f"{name}, {split}"] = Rate(hits=sum(_hits(members, mode)), total=len(members))
    return by_group


def before_and_after(old: Sequence[Record], new: Sequence[Record]) -> str:
    """Return a table of success before and after, with intervals and a paired test in each row; and of misreads.

    A misread is silent: the full planner acted, and not on what was said. Runs of earlier versions did not count them.
    """
    rows = []
    counts_misreads = all("misread" in outcome for outcome in (*old, *new))
    labels = (*MODE_LABELS, ("misread", "silent misreads")) if counts_misreads else MODE_LABELS
    for split in dict.fromkeys(str(o["split"]) for o in old):
        for mode, name in labels:
            old_hits = [bool(o[mode]) for o in old if o["split"] == split]
            new_hits = [bool(o[mode]) for o in new if o["split"] == split]
            paired = compare(old_hits, new_hits)
            before, after = (str(Rate(hits=sum(hits), total=len(hits))) for hits in (old_hits, new_hits))
            change = f"+{paired.wins} -{paired.losses}"
            rows.append([f"{name}, {split}", str(paired.total), before, after, change, f"{paired.p:.3f}"])
    return grid(["held-out success", "tasks", "before", "after", "tasks", "p"], rows)


def plot(title: str, series: Mapping[str, Sequence[Record]]) -> str:
    """Return an SVG of bars: the success of each series for each mode and split, with 95 % intervals."""
    tables = {name: rates(outcomes) for name, outcomes in series.items()}
    groups = list(next(iter(tables.values()))) if tables else []
    step = BAR_WIDTH * len(tables) + GAP
    width = LEFT_MARGIN + step * max(1, len(groups)) + GAP
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{TOP_MARGIN + PLOT_HEIGHT + 70}" '
        'font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="white"/>',
        f'<text x="{LEFT_MARGIN}" y="20" font-size="15">{title}: success in %, 95 % intervals</text>',
    ]
    for percent in range(0, 101, 25):
        y = _y(percent / 100)
        parts.append(f'<line x1="{LEFT_MARGIN}" x2="{width - 10}" y1="{y}" y2="{y}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT_MARGIN - 8}" y="{y + 4}" text-anchor="end">{percent}</text>')
    for g, group in enumerate(groups):
        for s, table in enumerate(tables.values()):
            x = LEFT_MARGIN + GAP / 2 + g * step + s * BAR_WIDTH
            parts += _bar(x, table[group], COLORS[s % len(COLORS)])
        middle = LEFT_MARGIN + GAP / 2 + g * step + BAR_WIDTH * len(tables) / 2
        for line, words in enumerate(group.split(", ")):
            y = TOP_MARGIN + PLOT_HEIGHT + 18 + 15 * line
            parts.append(f'<text x="{middle}" y="{y}" text-anchor="middle">{words}</text>')
    for s, name in enumerate(tables):
        x, color = LEFT_MARGIN + 90 * s, COLORS[s % len(COLORS)]
        parts.append(f'<rect x="{x}" y="{TOP_MARGIN + PLOT_HEIGHT + 48}" width="12" height="12" fill="{color}"/>')
        parts.append(f'<text x="{x + 18}" y="{TOP_MARGIN + PLOT_HEIGHT + 58}">{name}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def _y(value: float) -> float:
    return round(TOP_MARGIN + PLOT_HEIGHT * (1 - value), 1)


def _bar(x: float, rate: Rate, color: str) -> list[str]:
    value = rate.value if rate.total else 0.0
    low, high = rate.interval
    width, height = BAR_WIDTH - 4, round(PLOT_HEIGHT * value, 1)
    middle = x + BAR_WIDTH / 2 - 2
    return [
        f'<rect x="{x}" y="{_y(value)}" width="{width}" height="{height}" fill="{color}"/>',
        f'<line x1="{middle}" x2="{middle}" y1="{_y(low)}" y2="{_y(high)}" stroke="black"/>',
        f'<text x="{middle}" y="{_y(high) - 4}" text-anchor="middle">{100 * value:.0f}</text>',
    ]
