"""Decide whether new weights are better than old ones on the same held-out tasks, and show it as table and plot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from planner.evaluation.statistics import Paired, Rate, compare, rounded
from planner.evaluation.tables import grid
from planner.io.json_lines import Record

MODE_LABELS = (("alone", "direct pass"), ("verified", "with verification"))
MAX_P_OF_DROP = 0.05  # weights are rejected if verified success fell, or misreads rose, with a p-value below this
MAX_KNOWN_LOSS = 0.005  # of the known tasks, gains subtracted; one task of a few may always go
MAX_LENGTH = 1.05  # subtasks of plans for tasks that both reach, new to old
MAX_TOKENS = 1.25  # tokens written for them, new to old
KNOWN = "known"  # the split on which nothing may be lost
BAR_WIDTH, GAP, PLOT_HEIGHT, LEFT_MARGIN, TOP_MARGIN = 46, 40, 200, 50, 40  # pixels of the plot
COLORS = ("#9aa5b1", "#2f6f9f")


@dataclass(frozen=True, kw_only=True)
class Decision:
    """Whether new weights are accepted, why, and the paired comparisons behind it.

    Attributes:
        accepted: Whether they are.
        reason: Why, or why not.
        direct: The direct pass on all tasks, old and new.
        verified: The full planner on them.
        known: The full planner on known tasks alone.
        misread: Silent misreads of all tasks; a win is a new one.
        length: Subtasks of plans for tasks that both reach, new to old.
        tokens: Tokens written for them, new to old.
    """

    accepted: bool
    reason: str
    direct: Paired | None = None
    verified: Paired | None = None
    known: Paired | None = None
    misread: Paired | None = None
    length: float | None = None
    tokens: float | None = None

    @property
    def gained(self) -> int:
        """Tasks gained, minus those lost, over both modes."""
        both = [paired for paired in (self.direct, self.verified) if paired is not None]
        return sum(paired.wins - paired.losses for paired in both)

    def as_dict(self) -> Record:
        """Plain data for metrics.json."""
        compared = {"direct": self.direct, "verified": self.verified, "known": self.known, "misread": self.misread}
        tests = {name: paired.as_dict() if paired else None for name, paired in compared.items()}
        ratios = {
            name: None if value is None else rounded(value)
            for name, value in (("length", self.length), ("tokens", self.tokens))
        }
        return {"accepted": self.accepted, "reason": self.reason, **tests, **ratios}


def decide(old: Sequence[Record], new: Sequence[Record]) -> Decision:
    """Accept new weights if success, summed over both modes, rose, and nothing that matters became worse.

    Worse is: verified success clearly fell, or silent misreads clearly rose (a p-value below `MAX_P_OF_DROP`); known
    tasks were lost; plans became longer, or took more tokens, than the limits above allow.

    Raises:
        ValueError: The outcomes are of different tasks.
    """
    if [o["id"] for o in old] != [n["id"] for n in new]:
        raise ValueError("old and new outcomes are of different tasks")
    pairs = list(zip(old, new, strict=True))
    known_pairs = [(o, n) for o, n in pairs if o.get("split") == KNOWN]
    direct, verified = (_compared(pairs, mode) for mode, _ in MODE_LABELS)
    known = _compared(known_pairs, "verified") if known_pairs else None
    counts_misreads = all("misread" in outcome for outcome in (*old, *new))
    misread = _compared(pairs, "misread") if counts_misreads else None
    decision = Decision(
        accepted=False, reason="", direct=direct, verified=verified, known=known, misread=misread,
        length=_ratio(old, new, "steps"), tokens=_ratio(old, new, "tokens"),
    )  # fmt: skip
    if worse := _what_is_worse(decision):
        return replace(decision, reason=worse)
    if decision.gained <= 0:
        return replace(decision, reason=f"success did not rise ({decision.gained:+d} tasks)")
    moves = f"direct pass {_gains_and_losses(direct)}, verified {_gains_and_losses(verified)}"
    return replace(decision, accepted=True, reason=f"success rose ({decision.gained:+d} tasks: {moves})")


def _what_is_worse(decision: Decision) -> str:
    verified, known, misread = decision.verified, decision.known, decision.misread
    assert verified is not None
    if verified.losses > verified.wins and verified.p < MAX_P_OF_DROP:
        return f"verified success fell ({verified.wins} tasks gained, {verified.losses} lost, p = {verified.p:.3f})"
    if known is not None and known.losses - known.wins > max(1.0, MAX_KNOWN_LOSS * known.total):
        return f"known tasks were lost ({known.wins} of {known.total} gained, {known.losses} lost)"
    if misread is not None and misread.wins > misread.losses and misread.p < MAX_P_OF_DROP:
        return f"silent misreads rose ({misread.wins} more, {misread.losses} fewer, p = {misread.p:.3f})"
    if decision.length is not None and decision.length > MAX_LENGTH:
        return f"plans became longer ({decision.length:.2f} times)"
    if decision.tokens is not None and decision.tokens > MAX_TOKENS:
        return f"plans take more tokens ({decision.tokens:.2f} times)"
    return ""


def _compared(pairs: Sequence[tuple[Record, Record]], mode: str) -> Paired:
    return compare(_hits([o for o, _ in pairs], mode), _hits([n for _, n in pairs], mode))


def _ratio(old: Sequence[Record], new: Sequence[Record], key: str) -> float | None:
    """Return the sum of a number over the tasks that both full planners reach, new to old; None without such tasks."""
    both = [(o, n) for o, n in zip(old, new, strict=True) if o["verified"] and n["verified"] and key in o and key in n]
    before = sum(float(str(o[key])) for o, _ in both)
    return sum(float(str(n[key])) for _, n in both) / before if before else None


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
