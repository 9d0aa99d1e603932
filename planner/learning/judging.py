"""Judge the weights of a cycle on held-out tasks, and mix them with the initial ones where that is better."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gpt.average import average
from gpt.weights.model_folder import WEIGHTS_FILE
from planner.io.json_lines import Record, write_lines
from planner.learning.acceptance import KNOWN, Decision, decide
from planner.learning.episode_jobs import JudgeTrial
from planner.rollouts.resumable_stage import stage
from planner.tasks.held_out_trials import EvaluationTask, Split, draw_trials

if TYPE_CHECKING:
    from pathlib import Path

    from planner.learning.sizes import Sizes
    from planner.rollouts.progress_log import Reporter
    from planner.tasks.home_splits import Span
    from planner.workers.worker_pool import Workers

HELD_OUT_SPLITS = (
    Split(name="1-4 conditions", parts=(1, 2, 3, 4), conditions=(1, 4)),
    Split(name="5-10 conditions", parts=(5, 6, 7, 8), conditions=(5, 10)),
    Split(name="in turn", parts=(2, 2, 3), conditions=(2, 4), phrases="test", in_turn=True),
)
KNOWN_SPLIT = Split(name=KNOWN, parts=(1, 1, 1, 2))  # as frequent in the corpus as tasks of one and two parts
TRAINED = "trained"  # the folder of the weights as trained, before they are mixed with the initial ones


def draw_held_out_tasks(count: int, seed: int, span: Span, *, known: int = 0) -> list[EvaluationTask]:
    """Return evaluation tasks, `count` of each held-out split and `known` known ones.

    `span` is the seed range of their homes.
    """
    counts = [*((split, count) for split in HELD_OUT_SPLITS), (KNOWN_SPLIT, known)]
    return [t for split, number in counts for t in draw_trials(split, number, seed=seed, span=span)]


def evaluate_weights(
    model: Path,
    trials: Sequence[EvaluationTask],
    path: Path,
    samples: int,
    *,
    workers: Workers | None = None,
    reporter: Reporter | None = None,
) -> list[Record]:
    """Return the outcome of each trial with these weights: by the direct pass, and with verification."""
    by_id = {trial.id: trial for trial in trials}
    job, name = JudgeTrial(model=model, trials=by_id, samples=samples), f"held out, {model.parent.name}/{model.name}"
    return stage(path, list(by_id), job, name, workers=workers, reporter=reporter)


@dataclass(frozen=True, kw_only=True)
class Blend:
    """A mixture of trained and initial weights.

    Attributes:
        share: The share of the trained ones.
        outcomes: Its outcomes on the held-out tasks.
        decision: Whether it is better than the initial weights.
    """

    share: float
    outcomes: list[Record]
    decision: Decision


def best_blend(
    folder: Path, model: Path, trials: Sequence[EvaluationTask], outcomes: list[Record], sizes: Sizes,
    workers: Workers | None, reporter: Reporter,
) -> Blend:  # fmt: skip
    """Mix the trained weights with the initial ones, and keep the mixture that gains most on validation tasks.

    What training forgot lies between the two (Wortsman et al. 2021, arXiv:2109.01903).
    """
    trained, tried = folder / TRAINED, list[Blend]()
    for share in sizes.blends:
        blended = trained if share == 1 else folder / f"blend-{share:g}"
        if share < 1 and not (blended / WEIGHTS_FILE).exists():
            average([trained, model], blended, [share, 1 - share])
        path = folder / f"held_out-{share:g}.jsonl"
        new = evaluate_weights(blended, trials, path, sizes.samples, workers=workers, reporter=reporter)
        tried.append(Blend(share=share, outcomes=new, decision=decide(outcomes, new)))
    best = max(tried, key=lambda b: (b.decision.accepted, b.decision.gained, b.share))
    chosen = trained if best.share == 1 else folder / f"blend-{best.share:g}"
    shutil.copytree(chosen, folder / "model", dirs_exist_ok=True)
    write_lines(folder / "held_out.jsonl", best.outcomes)
    return best
