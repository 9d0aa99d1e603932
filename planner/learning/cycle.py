"""One cycle of self-improvement: propose, plan, execute, score, keep, train, and evaluate the new weights.

A cycle is a folder: config.json, proposals.jsonl, episodes.jsonl, hindsight.jsonl and hindsight_episodes.jsonl,
physics.jsonl, training/, trained/, blend-SHARE/, held_out-SHARE.jsonl, model/, held_out.jsonl, metrics.json, plot.svg.
Each file is written atomically, so a killed cycle resumes where it stopped. Neither the teacher nor a search is used.
"""

from __future__ import annotations

import json
import random
import re
import shutil
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from envs.errors import quoted
from envs.symbolic.domain import load_domain
from envs.symbolic.goals import format_goal, parse_goal
from gpt.average import average
from gpt.data.batches import PackedBatches
from gpt.data.tokenized_documents import TokenizedDocuments
from gpt.files import write_text_atomically
from gpt.training.config import TrainConfig
from gpt.training.objective import Objective
from gpt.training.preference import preference_objective
from gpt.training.trainer import METRICS_FILE, train
from gpt.weights.checkpoint import load_model, save_model
from gpt.weights.model_folder import WEIGHTS_FILE
from planner.api import Planner
from planner.errors import StageError
from planner.io.json_lines import Record, read_lines, read_record, write_lines
from planner.learning.acceptance import KNOWN, Decision, decide, plot
from planner.learning.composition import compose
from planner.learning.curriculum import Curriculum, features
from planner.learning.episode_jobs import ExecuteInPhysics, JudgeTrial, TryTask, checked_episodes, plan_of
from planner.learning.failure_analysis import count_failures
from planner.learning.hindsight import achieved_subgoals
from planner.learning.proposal_jobs import ProposeTasks, VerbalizeGoal
from planner.learning.proposals import Proposal, Proposer
from planner.learning.training_examples import TrainingExample, instruction_documents, training_example_of
from planner.learning.training_mixture import LearningRule, build_mixture
from planner.prompts.text_format import Tree
from planner.rollouts.progress_log import Reporter
from planner.rollouts.resumable_stage import stage
from planner.tasks.held_out_trials import EvaluationTask, Split, draw_trials
from planner.tasks.home_splits import SPLITS, Span
from planner.verification.plan_verification import verify

if TYPE_CHECKING:
    from planner.workers.worker_pool import Workers

HELD_OUT_SPLITS = (
    Split(name="1-4 conditions", parts=(1, 2, 3, 4), conditions=(1, 4)),
    Split(name="5-10 conditions", parts=(5, 6, 7, 8), conditions=(5, 10)),
    Split(name="in turn", parts=(2, 2, 3), conditions=(2, 4), phrases="test", in_turn=True),
)
KNOWN_SPLIT = Split(name=KNOWN, parts=(1, 1, 1, 2))  # as frequent in the corpus as tasks of one and two parts
HINDSIGHT_EPISODES = "hindsight_episodes.jsonl"
TRAINED = "trained"  # the folder of the weights as trained, before they are mixed with the initial ones
EPISODES = ("episodes.jsonl", HINDSIGHT_EPISODES)
ANCHORED_STEP_SHARE = 0.75  # of the steps: a step costs about 2.5 forward passes, and the old weights add one


MINUTES_PER_CYCLE = 20.0  # with the default `Sizes()`, on two CPU cores


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """How much a cycle does. The defaults take about 20 minutes on two CPU cores (`--workers 2`).

    Attributes:
        homes: Homes of the train split that tasks are proposed for.
        per_home: Proposals sampled for each.
        varied: Variants of proposals for each home.
        composed: Longer tasks composed for each home.
        tasks: Proposals to try, chosen by the curriculum.
        hindsight: Incidentally achieved goals to put into words. Each is tried if the GPT parses its own instruction
            back to that goal.
        samples: Further plans of the full planner (constrained decoding with verification) where the first fails.
        attempts: Plans that the direct pass samples for each task; rules that compare attempts need two or more.
        steps: Optimizer steps.
        rows: Rows of a batch.
        lr: Peak learning rate: a fraction of the rate of the first training.
        new_share: The fraction of the training tokens that is new; the rest is replayed from the old corpus.
        held_out: Evaluation tasks per held-out split.
        known: Known tasks, of which none may be lost.
        blends: Shares of the new weights in the mixtures with the initial ones, of which the best is taken.
        physics: Verified plans to execute in the physical home; those that fail there are not learned.
    """

    homes: int = 60
    per_home: int = 14
    varied: int = 10
    composed: int = 120
    tasks: int = 1600
    hindsight: int = 160
    samples: int = 2
    attempts: int = 0
    steps: int = 1200
    rows: int = 8
    lr: float = 8e-4
    new_share: float = 0.6
    held_out: int = 25
    known: int = 200
    blends: tuple[float, ...] = (1.0, 0.75, 0.5)
    physics: int = 0

    def scaled(self, factor: float) -> Sizes:
        """Return sizes that take about `factor` times as long."""
        return replace(
            self,
            homes=max(1, round(self.homes * factor)),
            tasks=max(1, round(self.tasks * factor)),
            hindsight=round(self.hindsight * factor),
            steps=max(2, round(self.steps * factor)),
            held_out=max(4, round(self.held_out * factor)),
            known=round(self.known * factor),
        )


@dataclass(frozen=True, kw_only=True)
class Method:
    """How a cycle learns.

    Attributes:
        rule: The learning rule (planner/learning/training_mixture.py).
        prefer_failures: Whether to prefer tasks like those that earlier cycles failed at; otherwise choose uniformly.
        device: Where training runs; `auto` is the first GPU if there is one.
    """

    rule: LearningRule = "rejection"
    prefer_failures: bool = True
    device: str = "cpu"

    def as_dict(self) -> Record:
        """The method's part of the cycle's config.json."""
        return {"rule": self.rule, "lean": self.prefer_failures, "device": self.device}


@dataclass(frozen=True, kw_only=True)
class CycleResult:
    """The result of a cycle: whether its weights are accepted, and the model and outcomes to continue with."""

    decision: Decision
    model: Path
    outcomes: list[Record]
    metrics: Record


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


def run_cycle(
    folder: Path,
    model: Path,
    outcomes: list[Record],
    replay: TokenizedDocuments,
    sizes: Sizes,
    *,
    number: int,
    seed: int,
    method: Method = Method(),
    workers: Workers | None = None,
    reporter: Reporter | None = None,
) -> CycleResult:
    """Run one cycle, or the rest of an interrupted one.

    Args:
        folder: The cycle's folder.
        model: The initial weights.
        outcomes: Their outcomes on the held-out tasks.
        replay: Documents of the model's own corpus.
        sizes: How much to do.
        number: The cycle's number, from 1.
        seed: The run's seed.
        method: How the cycle learns.
        workers: Workers that run the episodes; None: this process.
        reporter: Receives the progress; None: the terminal only.
    """
    started_at = time.perf_counter()
    folder.mkdir(parents=True, exist_ok=True)
    config = {"model": str(model), "number": number, "seed": seed, "sizes": asdict(sizes)} | method.as_dict()
    write_text_atomically(folder / "config.json", json.dumps(config, indent=2) + "\n")
    reporter = (reporter or Reporter()).of_cycle(number)
    cycle_seed = seed * 1000 + number
    proposals = _propose(folder, model, sizes, cycle_seed, workers, reporter)
    curriculum = Curriculum(_earlier_episodes(folder, number), prefer_failures=method.prefer_failures)
    tasks = curriculum.choose([p for p in proposals if not p.dropped], sizes.tasks, cycle_seed)
    episodes = _run_episodes(folder / "episodes.jsonl", model, tasks, sizes, workers, reporter)
    relabeled = _hindsight(folder, model, tasks, episodes, sizes.hindsight, cycle_seed, workers, reporter)
    proposals += relabeled
    by_id = {p.id: p for p in proposals if not p.dropped}
    verbalized = [p for p in relabeled if not p.dropped]
    episodes += _run_episodes(folder / HINDSIGHT_EPISODES, model, verbalized, sizes, workers, reporter)
    physics_records = _physics(folder, by_id, episodes, sizes.physics, workers, reporter)
    examples = _training_examples(by_id, episodes, physics_records)
    failed_ids = {str(e["id"]) for e in episodes if not e["kept"]}
    instruction_trees = list(instruction_documents([p for p in by_id.values() if p.id not in failed_ids]))
    new_model = folder / "model"
    metrics: Record = {
        "cycle": number,
        "proposed": len(proposals),
        "dropped": dict(sorted(Counter(p.dropped for p in proposals if p.dropped).items())),
        "kept_by_origin": dict(sorted(Counter(p.origin for p in proposals if not p.dropped).items())),
        "episodes": len(episodes),
        "reached": sum(bool(e["kept"]) for e in episodes),
        "reached_directly": sum(bool(e["direct"]) for e in episodes),
        "physics": {"carried_out": len(physics_records), "reached": sum(bool(c["success"]) for c in physics_records)},
        "lost": sum("lost" in record for record in (*episodes, *physics_records)),
        "lessons": len(examples),
        "documents": sum(len(example.documents) for example in examples),
        "told": sum(len(tree.branches) for tree in instruction_trees),
        "from_hindsight": sum(example.weight < 1 for example in examples),
        "failures": count_failures(episodes, physics_records),
    }
    if not examples:
        decision = Decision(accepted=False, reason="nothing was learnt: no proposal led to a plan")
        new_outcomes = outcomes
    else:
        metrics["loss"] = _train(folder, model, examples, instruction_trees, replay, sizes, cycle_seed, method)
        trials = draw_held_out_tasks(sizes.held_out, seed, SPLITS["valid"], known=sizes.known)
        blend = _best_blend(folder, model, trials, outcomes, sizes, workers, reporter)
        decision, new_outcomes = blend.decision, blend.outcomes
        metrics["blend"] = blend.share
    metrics |= decision.as_dict() | {"seconds": round(time.perf_counter() - started_at, 1)}
    if not (folder / "metrics.json").exists():  # a resumed run keeps the original time
        figure = plot(f"cycle {number}, validation homes", {"before": outcomes, "after": new_outcomes})
        write_text_atomically(folder / "plot.svg", figure)
        write_text_atomically(folder / "metrics.json", json.dumps(metrics, indent=2) + "\n")
    return CycleResult(
        decision=decision,
        model=new_model if decision.accepted else model,
        outcomes=new_outcomes if decision.accepted else outcomes,
        metrics=metrics,
    )


@dataclass(frozen=True, kw_only=True)
class _Blend:
    share: float
    outcomes: list[Record]
    decision: Decision


def _best_blend(
    folder: Path, model: Path, trials: Sequence[EvaluationTask], outcomes: list[Record], sizes: Sizes,
    workers: Workers | None, reporter: Reporter,
) -> _Blend:  # fmt: skip
    """Mix the trained weights with the initial ones, and keep the mixture that gains most on validation tasks.

    What training forgot lies between the two (Wortsman et al. 2021, arXiv:2109.01903).
    """
    trained, tried = folder / TRAINED, list[_Blend]()
    for share in sizes.blends:
        blended = trained if share == 1 else folder / f"blend-{share:g}"
        if share < 1 and not (blended / WEIGHTS_FILE).exists():
            average([trained, model], blended, [share, 1 - share])
        path = folder / f"held_out-{share:g}.jsonl"
        new = evaluate_weights(blended, trials, path, sizes.samples, workers=workers, reporter=reporter)
        tried.append(_Blend(share=share, outcomes=new, decision=decide(outcomes, new)))
    best = max(tried, key=lambda b: (b.decision.accepted, b.decision.gained, b.share))
    chosen = trained if best.share == 1 else folder / f"blend-{best.share:g}"
    shutil.copytree(chosen, folder / "model", dirs_exist_ok=True)
    write_lines(folder / "held_out.jsonl", best.outcomes)
    return best


def _propose(
    folder: Path, model: Path, sizes: Sizes, seed: int, workers: Workers | None, reporter: Reporter
) -> list[Proposal]:
    path = folder / "proposals.jsonl"
    if not path.exists():
        homes = random.Random(f"homes/{seed}").sample(range(*SPLITS["train"]), sizes.homes)
        job = ProposeTasks(model=model, seed=seed, count=sizes.per_home)
        keys = [str(home) for home in homes]
        home_records = stage(folder / "sampled.jsonl", keys, job, "proposals", workers=workers, reporter=reporter)
        proposals = [p for record in home_records for p in _proposals(record["proposals"], folder / "sampled.jsonl")]
        category_counts = Counter(category for p in proposals if not p.dropped for category in _categories(p))
        proposals += list(Proposer(Planner.load(model), seed).vary(proposals, sizes.varied, category_counts))
        proposals += list(compose(proposals, sizes.composed, seed))
        write_lines(path, [p.as_dict() for p in proposals])
    return _proposals(read_lines(path), path)


def _proposals(records: object, path: Path) -> list[Proposal]:
    try:
        proposals = [Proposal(**{k: v for k, v in r.items() if k != "lost"}) for r in records]  # type: ignore[attr-defined]
    except (TypeError, AttributeError) as error:  # a key too many or too few
        raise StageError(f"{path}: not a proposal ({error}); delete the file to rebuild it") from None
    for number, proposal in enumerate(proposals, start=1):
        proposal.check(f"{path}, proposal {number}")
    return proposals


def _categories(proposal: Proposal) -> set[str]:
    domain = load_domain()
    return {c for c in (*domain.objects, *domain.fixtures) if re.search(rf"\b{c}\b", proposal.goal)}


def _earlier_episodes(folder: Path, number: int) -> list[Record]:
    """Return the episodes of all earlier cycles."""
    files = [folder.parent / f"cycle-{k}" / name for k in range(1, number) for name in EPISODES]
    return [record for file in files if file.exists() for record in checked_episodes(read_lines(file), file)]


def _run_episodes(
    path: Path, model: Path, tasks: Sequence[Proposal], sizes: Sizes, workers: Workers | None, reporter: Reporter
) -> list[Record]:
    """Try each task with the full planner and with the direct pass."""
    by_id = {task.id: task for task in tasks}
    job = TryTask(model=model, tasks=by_id, samples=sizes.samples, attempts=sizes.attempts)
    records = stage(path, list(by_id), job, path.stem.replace("_", ", "), workers=workers, reporter=reporter)
    return checked_episodes(records, path)


def _hindsight(
    folder: Path,
    model: Path,
    tasks: Sequence[Proposal],
    episodes: Sequence[Record],
    count: int,
    seed: int,
    workers: Workers | None,
    reporter: Reporter,
) -> list[Proposal]:
    """Return tasks from incidentally achieved goals, those with the rarest features first."""
    path = folder / "hindsight.jsonl"
    if path.exists():
        return _proposals(read_lines(path), path)
    rng = random.Random(f"hindsight/{seed}")
    feature_counts = Counter(key for e in episodes for key in features(parse_goal(str(e["goal"]))))
    candidates: dict[tuple[int, str], tuple[float, Proposal]] = {}
    for index, (task, record) in enumerate(zip(tasks, episodes, strict=True)):
        initial_state = task.initial_state()
        for goal in achieved_subgoals(initial_state, plan_of(record, initial_state.world), rng):
            goal_text = format_goal(goal)
            rarity = min(feature_counts[key] for key in features(goal)) + rng.random()
            candidate = Proposal(
                id=f"{task.home}/hindsight/{index}/{len(candidates)}", home=task.home, instruction="", goal=goal_text,
                origin="hindsight", furnished_for=task.furnished_for or task.goal,
            )  # fmt: skip
            candidates.setdefault((task.home, goal_text), (rarity, candidate))
    by_id = {p.id: p for _, p in sorted(candidates.values(), key=lambda f: f[0])[:count]}
    if not by_id:
        return []
    job = VerbalizeGoal(model=model, seed=seed, reached=by_id)
    return _proposals(stage(path, list(by_id), job, "hindsight, words", workers=workers, reporter=reporter), path)


def _physics(
    folder: Path,
    tasks: Mapping[str, Proposal],
    episodes: Sequence[Record],
    count: int,
    workers: Workers | None,
    reporter: Reporter,
) -> list[Record]:
    """Execute some of the successful plans in the physical home."""
    reached = {str(e["id"]): e for e in episodes if e["kept"]}
    keys = list(reached)[:: max(1, len(reached) // max(1, count))][:count]
    if not keys:
        return []
    job = ExecuteInPhysics(tasks=tasks, episodes={key: reached[key] for key in keys})
    return stage(folder / "physics.jsonl", keys, job, "physics", workers=workers, reporter=reporter)


def _training_examples(
    tasks: Mapping[str, Proposal], episodes: Sequence[Record], physics_records: Sequence[Record]
) -> list[TrainingExample]:
    """Return training examples from episodes; plans that failed in physics give none."""
    failed_ids = {c["id"] for c in physics_records if not c["success"]}
    examples = []
    for record in episodes:
        if record["id"] in failed_ids:
            continue
        task = tasks[str(record["id"])]
        initial_state = task.initial_state()
        plan = plan_of(record, initial_state.world)
        if record["kept"] and not verify(initial_state, parse_goal(task.goal), plan).ok:
            raise StageError(f"episode {record['id']}: its plan misses the goal; delete the file of the episodes")
        example = training_example_of(record, initial_state, plan)
        if example is not None:
            examples.append(example)
    return examples


def _train(
    folder: Path,
    initial_model: Path,
    examples: Sequence[TrainingExample],
    instruction_trees: Sequence[Tree],
    replay: TokenizedDocuments,
    sizes: Sizes,
    seed: int,
    method: Method,
) -> float | None:
    """Fine-tune on new and old documents; return the mean loss of the last steps.

    Rules that compare with the initial weights run those on each document too, so they take fewer steps for the same
    computation.
    """
    path, rule = folder / "training.json", method.rule
    if not path.exists():
        model, tokenizer, extra = load_model(initial_model)
        block_size = model.config.block_size
        steps = sizes.steps if rule == "rejection" else max(2, round(ANCHORED_STEP_SHARE * sizes.steps))
        mixture = build_mixture(
            examples, instruction_trees, replay, tokenizer, steps * sizes.rows * block_size, new_share=sizes.new_share,
            limit=block_size + 1, rng=random.Random(f"mix/{seed}"), rule=rule,
        )  # fmt: skip
        config = TrainConfig(
            steps=steps, batch_rows=sizes.rows, lr=sizes.lr, warmup_steps=min(10, steps - 1),
            schedule="cosine", eval_every=0, checkpoint_every=20, seed=seed, device=method.device,
            compile=False,
        )  # fmt: skip
        values = None if rule == "rejection" else mixture.values
        batches = PackedBatches(mixture.documents, sizes.rows, block_size, seed, values)
        objective = Objective if rule == "rejection" else preference_objective(rule, model)
        result = train(model, batches, None, config, folder / "training", resume=True, objective=objective)
        save_model(model, tokenizer, folder / TRAINED, {**extra, "improved_from": str(initial_model)})
        # Not result.loss: after a kill between the last step and this line, the repeated call trains no step.
        last_metrics = read_lines(folder / "training" / METRICS_FILE)[-1]
        write_text_atomically(
            path, json.dumps({"loss": last_metrics["loss"], "documents": len(mixture.documents)}) + "\n"
        )
        result.checkpoint.unlink(missing_ok=True)  # three times the size of the weights, and no longer needed
    loss = read_record(path, ("loss",))["loss"]
    if loss is not None and not isinstance(loss, float):
        raise StageError(f"{path}: loss is {quoted(loss)}, not a number; delete the file to rebuild it")
    return loss
