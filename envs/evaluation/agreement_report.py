"""Summarize the records of `envs.agree`: where the symbolic and the physical world agree and where they differ."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from envs.evaluation.rates import Rate
from envs.evaluation.success_counts import Row, SuccessCount, causes_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from envs.evaluation.job_pool import Record


@dataclass
class Agreement:
    """Agreement of the two worlds over a set of plans.

    Attributes:
        plans: Number of executed plans.
        done: By skill, how many actions were done.
        agree: By skill, how many of the done actions ended with the atoms of the symbolic world.
        beside: Of the actions that had to put something beside an object, how many were done.
        resumed: Of the actions that follow a failed one, how many were done.
        disagreements: By skill, category and atom, the number of done actions after which that atom differs.
        changed: By skill and atom, the number of failed actions that changed that atom.
        examples: For each entry of `disagreements` and `changed`, the first example.
        refused: For each inapplicable action, whether both worlds refused it in the same words, in no simulated time.
        wrong_refusals: The inapplicable actions for which this is false, with both answers.
        wrong_starts: Plans whose initial state was not the scene's.
        errors: Plans for which no home could be built.
    """

    plans: int = 0
    done: dict[str, SuccessCount] = field(default_factory=dict)
    agree: dict[str, SuccessCount] = field(default_factory=dict)
    beside: SuccessCount = field(default_factory=SuccessCount)
    resumed: SuccessCount = field(default_factory=SuccessCount)
    disagreements: Counter[str] = field(default_factory=Counter)
    changed: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    refused: list[bool] = field(default_factory=list)
    wrong_refusals: list[str] = field(default_factory=list)
    wrong_starts: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, object]:
        """Return plain data for JSON."""
        return {
            "plans": self.plans,
            "done": {skill: tally.as_dict() for skill, tally in self.done.items()},
            "agree": {skill: tally.as_dict() for skill, tally in self.agree.items()},
            "all_done": combined(self.done).as_dict(),
            "all_agree": combined(self.agree).as_dict(),
            "put_beside": self.beside.as_dict(),
            "after_a_failure": self.resumed.as_dict(),
            "disagreements": dict(self.disagreements.most_common()),
            "changed_by_failures": dict(self.changed.most_common()),
            "examples": self.examples,
            "refused": Rate(hits=sum(self.refused), total=len(self.refused)).as_dict(),
            "wrong_refusals": self.wrong_refusals,
            "wrong_starts": self.wrong_starts,
            "errors": self.errors,
        }


def summarize(records: Iterable[Record]) -> Agreement:
    """Count the records of a set of plans."""
    report = Agreement()
    for record in sorted(records, key=lambda r: int(str(r["key"]))):
        key = f"plan {record['key']}"
        if record["error"]:
            report.errors.append(f"{key}: {record['error']}")
            continue
        report.plans += 1
        if not record.get("started_right", True):
            report.wrong_starts.append(f"{key}, home {record['home']}")
        prefix: list[str] = []
        after_failure = False
        for row in cast("list[Row]", record["steps"]):
            if row["status"] == "refused":
                _count_refusal(report, row, key)
                continue
            _count(report, row, key, prefix)
            done = row["status"] == "done"
            if row.get("beside"):
                report.beside.add(row, hit=done, key=key)
            if after_failure:
                report.resumed.add(row, hit=done, key=key)
            after_failure = not done
            prefix.append(str(row["subtask"]))
    return report


def _count_refusal(report: Agreement, row: Row, key: str) -> None:
    report.refused.append(bool(row["agrees"]))
    if not row["agrees"]:
        answers = f"physics {row['physical']!r} after {row['ticks']} ticks; symbolic {row['symbolic']!r}"
        report.wrong_refusals.append(f"{key}: {row['subtask']}: {answers}")


def _count(report: Agreement, row: Row, key: str, prefix: list[str]) -> None:
    skill, done = str(row["skill"]), row["status"] == "done"
    report.done.setdefault(skill, SuccessCount()).add(row, hit=done, key=key)
    rows = cast("list[list[str]]", row["differences"])
    if done:
        atoms = ", ".join(sorted({atom for _, atom, _, _ in rows}))
        report.agree.setdefault(skill, SuccessCount()).add(row, hit=not rows, key=key, cause=f"differs in {atoms}")
    group = report.disagreements if done else report.changed
    labels = {f"{skill} {row['category'] if done else ''}".strip() + f": {atom}" for _, atom, _, _ in rows}
    for label in sorted(labels):
        group[label] += 1
        if label not in report.examples:
            details = "; ".join(f"{name} {atom}: {actual}, not {expected}" for name, atom, expected, actual in rows)
            report.examples[label] = f"{key}: {' → '.join([*prefix, str(row['subtask'])])}: {details}"


def combined(tallies: dict[str, SuccessCount]) -> SuccessCount:
    """Add up the counts of all skills."""
    total = SuccessCount()
    for count in tallies.values():
        total.total += count.total
        total.hits += count.hits
        total.simulated_s += count.simulated_s
        total.cpu_s += count.cpu_s
        total.collisions += count.collisions
    return total


def as_text(report: Agreement) -> str:
    """Return a table, then every type of disagreement with its first example."""
    lines = [f"{'skill':12}{'agrees, of those done':>30}{'done':>30}"]
    for skill in sorted(report.done):
        agree = report.agree.get(skill, SuccessCount())
        lines.append(f"{skill:12}{agree.rate!s:>22} of {agree.total:<6}{report.done[skill].line()}")
    agree = combined(report.agree)
    lines.append(f"{'all':12}{agree.rate!s:>22} of {agree.total:<6}{combined(report.done).line()}")
    lines.append(f"{'put beside something':36}{report.beside.line()}")
    lines.append(f"{'after one that failed':36}{report.resumed.line()}")
    refused = Rate(hits=sum(report.refused), total=len(report.refused))
    lines.append(f"{report.plans} plans; refused alike: {refused} of {refused.total}; errors: {len(report.errors)}")
    for title, group in (("disagreements:", report.disagreements), ("what failed skills changed:", report.changed)):
        lines.append(title)
        lines += [
            f"  {number:5d}  {label}\n         {report.examples[label]}" for label, number in group.most_common()
        ] or ["  none"]
    lines += ["why skills failed:", causes_text(report.done)]
    for title, texts in (
        ("refused differently", report.wrong_refusals),
        ("not as the scene says at the start", report.wrong_starts),
        ("error", report.errors),
    ):
        lines += [f"{title}: {text}" for text in texts]
    return "\n".join(lines)
