"""Where the two worlds agreed and where they did not: the records of `envs.agree`, counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from envs.evaluation.rates import Rate
from envs.evaluation.tallies import Row, SuccessCount, causes_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from envs.evaluation.job_pool import Record


@dataclass
class Agreement:
    """What came of some plans.

    Attributes:
        plans: That were carried out.
        done: By skill, whether it was done.
        agree: By skill, of those done, whether all atoms are the symbolic world's.
        resumed: Skills right after one that failed: whether they were done.
        disagreements: By skill, category and atom: how many, and the first.
        changed: By skill and atom: what failed skills changed, how many times, and the first.
        refused: Actions that cannot be done: whether both worlds said so in the same words, at once.
        wrong_refusals: Those of which they did not.
        wrong_starts: Plans whose first state was not the scene's.
        errors: Plans without a home.
    """

    plans: int = 0
    done: dict[str, SuccessCount] = field(default_factory=dict)
    agree: dict[str, SuccessCount] = field(default_factory=dict)
    resumed: SuccessCount = field(default_factory=SuccessCount)
    disagreements: Counter[str] = field(default_factory=Counter)
    changed: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    refused: list[bool] = field(default_factory=list)
    wrong_refusals: list[str] = field(default_factory=list)
    wrong_starts: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, object]:
        """Plain data for programs."""
        return {
            "plans": self.plans,
            "done": {skill: tally.as_dict() for skill, tally in self.done.items()},
            "agree": {skill: tally.as_dict() for skill, tally in self.agree.items()},
            "all_done": together(self.done).as_dict(),
            "all_agree": together(self.agree).as_dict(),
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
    """Count the records of plans."""
    found = Agreement()
    for record in sorted(records, key=lambda r: int(str(r["key"]))):
        key = f"plan {record['key']}"
        if record["error"]:
            found.errors.append(f"{key}: {record['error']}")
            continue
        found.plans += 1
        if not record.get("started_right", True):
            found.wrong_starts.append(f"{key}, home {record['home']}")
        prefix: list[str] = []
        after_failure = False
        for row in cast("list[Row]", record["steps"]):
            if row["status"] == "refused":
                _count_refusal(found, row, key)
                continue
            _count(found, row, key, prefix)
            done = row["status"] == "done"
            if after_failure:
                found.resumed.add(row, hit=done, key=key)
            after_failure = not done
            prefix.append(str(row["subtask"]))
    return found


def _count_refusal(found: Agreement, row: Row, key: str) -> None:
    found.refused.append(bool(row["agrees"]))
    if not row["agrees"]:
        said = f"physics {row['physical']!r} after {row['ticks']} ticks; symbolic {row['symbolic']!r}"
        found.wrong_refusals.append(f"{key}: {row['subtask']}: {said}")


def _count(found: Agreement, row: Row, key: str, prefix: list[str]) -> None:
    skill, done = str(row["skill"]), row["status"] == "done"
    found.done.setdefault(skill, SuccessCount()).add(row, hit=done, key=key)
    rows = cast("list[list[str]]", row["differences"])
    if done:
        atoms = ", ".join(sorted({atom for _, atom, _, _ in rows}))
        found.agree.setdefault(skill, SuccessCount()).add(row, hit=not rows, key=key, cause=f"differs in {atoms}")
    group = found.disagreements if done else found.changed
    kinds = {f"{skill} {row['category'] if done else ''}".strip() + f": {atom}" for _, atom, _, _ in rows}
    for kind in sorted(kinds):
        group[kind] += 1
        if kind not in found.examples:
            said = "; ".join(f"{name} {atom}: {seen}, not {wanted}" for name, atom, wanted, seen in rows)
            found.examples[kind] = f"{key}: {' → '.join([*prefix, str(row['subtask'])])}: {said}"


def together(tallies: dict[str, SuccessCount]) -> SuccessCount:
    """Add up all skills."""
    whole = SuccessCount()
    for tally in tallies.values():
        whole.total += tally.total
        whole.hits += tally.hits
        whole.simulated_s += tally.simulated_s
        whole.cpu_s += tally.cpu_s
        whole.collisions += tally.collisions
    return whole


def as_text(found: Agreement) -> str:
    """Write a table, then every kind of disagreement with its first example."""
    lines = [f"{'skill':12}{'agrees, of those done':>30}{'done':>30}"]
    for skill in sorted(found.done):
        agree = found.agree.get(skill, SuccessCount())
        lines.append(f"{skill:12}{agree.rate!s:>22} of {agree.total:<6}{found.done[skill].line()}")
    agree = together(found.agree)
    lines.append(f"{'all':12}{agree.rate!s:>22} of {agree.total:<6}{together(found.done).line()}")
    lines.append(f"{'after one that failed':36}{found.resumed.line()}")
    refused = Rate(hits=sum(found.refused), total=len(found.refused))
    lines.append(f"{found.plans} plans; refused alike: {refused} of {refused.total}; errors: {len(found.errors)}")
    for title, group in (("disagreements:", found.disagreements), ("what failed skills changed:", found.changed)):
        lines.append(title)
        lines += [f"  {n:5d}  {kind}\n         {found.examples[kind]}" for kind, n in group.most_common()] or ["  none"]
    lines += ["why skills failed:", causes_text(found.done)]
    for title, some in (
        ("refused differently", found.wrong_refusals),
        ("not as the scene says at the start", found.wrong_starts),
        ("error", found.errors),
    ):
        lines += [f"{title}: {text}" for text in some]
    return "\n".join(lines)
