"""How readings are scored, and tables of the scores over seeds."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from envs.errors import GoalError
from envs.symbolic.actions import State
from envs.symbolic.goals import format_query, format_rule, parse_goal, parse_query, parse_rule
from planner.benchmarks.reading_ablations.format_reader import Answered
from planner.benchmarks.reading_ablations.measured_sets import Item
from planner.benchmarks.reading_ablations.variants import BASE
from planner.evaluation.statistics import Spread, rounded
from planner.evaluation.tables import grid
from planner.goals.comparison import meaning
from planner.goals.feasibility import missing
from planner.tasks.task_files import Answer

ACTS = ("plan", "query", "rule")  # answers by which the robot does something about what it took for what was said
Figures = dict[str, float | None]
TITLES = {
    "right": "right", "same_goal": "same goal", "right_kind": "kind", "misread": "misread", "asked": "asked",
    "refused": "refused", "precision": "flagged: precision", "recall": "recall", "ranked": "ranked",
}  # fmt: skip
"""Figures of a set, in %, of all sentences that they are about. `ranked`: of a right and a wrong action, how often the
right one is surer (area under the ROC curve): whether a limit of confidence can tell them apart."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of one sentence.

    Attributes:
        right_answer: The right type of answer.
        answer: The type given: a refusal, too, where what was written is no goal about this home.
        same: Whether the goal, question or rules are those that were meant; None if none were.
        sure: How sure the GPT is.
        flagged: Words that were rightly said to be unread, said to be unread, and unread.
    """

    right_answer: Answer
    answer: Answer
    same: bool | None
    sure: float
    flagged: tuple[int, int, int]

    @property
    def is_right(self) -> bool:
        """Whether the robot does what was said, or rightly asks or refuses."""
        return self.answer == self.right_answer and (self.answer not in ACTS or self.same is True)


def outcome(item: Item, answered: Answered) -> Outcome:
    """Compare an answer with what was meant."""
    sentence, state = item.sentence, item.state
    written = _meaning(answered.goal, state) if answered.goal else None
    answer = answered.kind
    if answer in ACTS and (written is None or not _is_here(answered.goal, state)):
        answer = "refuse"
    unread = [tag == "unread" for tag in sentence.tags]
    has_goal = bool(sentence.goal)
    hits = sum(a and b for a, b in zip(answered.unread, unread, strict=True))
    return Outcome(
        right_answer=item.right_answer, answer=answer,
        same=(written is not None and written == _meaning(sentence.goal, state)) if has_goal else None,
        sure=answered.sure,
        flagged=(hits, sum(answered.unread), sum(unread)) if has_goal else (0, 0, 0),
    )  # fmt: skip


def _meaning(goal: str, state: State) -> object | None:
    """Return a value that is equal for goals, questions or rules with the same meaning; None if it is none of them."""
    scene, domain = state.world.scene, state.world.domain
    try:
        if goal.startswith("?"):
            return format_query(parse_query(goal, domain, scene=scene), domain)
        if goal.startswith("never "):
            return frozenset(format_rule(parse_rule(r.strip(), domain, scene=scene), domain) for r in goal.split(";"))
        return meaning(parse_goal(goal, domain, scene=scene))
    except GoalError:
        return None


def _is_here(goal: str, state: State) -> bool:
    """Whether the home has what a goal names; questions and rules may be about anything."""
    if goal.startswith(("?", "never ")):
        return True
    return missing(parse_goal(goal, state.world.domain, scene=state.world.scene), state) is None


def figures(outcomes: Sequence[Outcome]) -> Figures:
    """Return the figures of a set, in [0, 1]; None where there is nothing to measure."""
    with_goal = [o for o in outcomes if o.same is not None]
    to_act = [o for o in outcomes if o.right_answer in ACTS]
    hits, flagged, unread = (sum(o.flagged[i] for o in outcomes) for i in range(3))
    rates = {
        "right": _share(o.is_right for o in outcomes),
        "same_goal": _share(o.same is True for o in with_goal),
        "right_kind": _share(o.answer == o.right_answer for o in outcomes),
        "misread": _share(o.answer in ACTS and not o.is_right for o in outcomes),
        "asked": _share(o.answer == "ask" for o in to_act),
        "refused": _share(o.answer == "refuse" for o in to_act),
        "precision": hits / flagged if flagged else math.nan,
        "recall": hits / unread if unread else math.nan,
        "ranked": _ranked([o for o in outcomes if o.answer in ACTS]),
    }
    return {name: rounded(rate) for name, rate in rates.items()}


def _share(values: Iterable[bool]) -> float:
    collected = list(values)
    return sum(collected) / len(collected) if collected else math.nan


def _ranked(actions: Sequence[Outcome]) -> float:
    """Return the probability that a right action is surer than a wrong one; half of it where they are equally sure."""
    pairs = [(a.sure, b.sure) for a in actions if a.is_right for b in actions if not b.is_right]
    return sum((a > b) + 0.5 * (a == b) for a, b in pairs) / len(pairs) if pairs else math.nan


def tables(runs: Sequence[Mapping[str, object]]) -> str:
    """Return one table for each measured set: mean over seeds, half of the 95 % interval, and the gain over the base.

    The gain is that of `right`, of the same seeds.
    """
    names = list(dict.fromkeys(str(run["variant"]) for run in runs))
    sets = list(dict.fromkeys(name for run in runs for name in _sets(run)))
    parts = [grid(["trained", "seeds", "parameters", "tokens", "seconds"], [_training(runs, name) for name in names])]
    for measured in sets:
        rows = [
            [
                name,
                *(_percent(Spread.of(_values(runs, name, measured, figure).values())) for figure in TITLES),
                _percent(_gain(runs, name, measured)) if name != BASE else "-",
            ]
            for name in names
        ]
        parts.append(grid([measured, *TITLES.values(), "right - base"], rows))
    return "\n\n".join(parts)


def _sets(run: Mapping[str, object]) -> dict[str, Figures]:
    return cast("dict[str, Figures]", run["sets"])


def _training(runs: Sequence[Mapping[str, object]], name: str) -> list[str]:
    own = [run for run in runs if run["variant"] == name]
    seconds = Spread.of(float(str(run["seconds"])) for run in own)
    return [name, str(len(own)), f"{own[0]['parameters']:,}", f"{own[0]['tokens']:,}", f"{seconds.mean:,.0f}"]


def _values(runs: Sequence[Mapping[str, object]], name: str, measured: str, figure: str) -> dict[object, float]:
    """Return a figure by seed, without those that could not be measured."""
    found = {run["seed"]: _sets(run).get(measured, {}).get(figure) for run in runs if run["variant"] == name}
    return {seed: value for seed, value in found.items() if value is not None}


def _gain(runs: Sequence[Mapping[str, object]], name: str, measured: str) -> Spread:
    own, base = (_values(runs, each, measured, "right") for each in (name, BASE))
    return Spread.of(own[seed] - base[seed] for seed in own.keys() & base.keys())


def _percent(spread: Spread) -> str:
    if not spread.values:
        return "-"
    interval = f" ± {100 * spread.half_width:.1f}" if len(spread.values) > 1 else ""
    return f"{100 * spread.mean:.1f}{interval}"
