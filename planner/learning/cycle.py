"""One cycle of self-improvement: propose, plan, execute, score, keep, train, and evaluate the new weights.

A cycle is a folder: config.json, proposals.jsonl, episodes.jsonl, hindsight.jsonl and hindsight_episodes.jsonl,
physics.jsonl, training/, trained/, blend-SHARE/, held_out-SHARE.jsonl, model/, held_out.jsonl, metrics.json, plot.svg.
Each file is written atomically, so a killed cycle resumes where it stopped. Neither the teacher nor a search is used.
"""

from __future__ import annotations

import json
import random
import re
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from envs.errors import quoted
from envs.symbolic.domain import load_domain
from envs.symbolic.goals import format_goal, parse_goal
from gpt.data.batches import PackedBatches
from gpt.data.tokenized_documents import TokenizedDocuments
from gpt.files import write_text_atomically
from gpt.training.config import TrainConfig
from gpt.training.objective import Objective
from gpt.training.preference import preference_objective
from gpt.training.trainer import METRICS_FILE, train
from gpt.weights.checkpoint import load_model, save_model
from planner.api import Planner
from planner.errors import StageError
from planner.io.json_lines import Record, read_lines, read_record, write_lines
from planner.learning.acceptance import Decision, plot
from planner.learning.episode_jobs import ExecuteInPhysics, TryTask, checked_episodes, plan_of
from planner.learning.failure_analysis import count_failures
from planner.learning.judging import TRAINED, best_blend, draw_held_out_tasks
from planner.learning.proposing.composition import compose
from planner.learning.proposing.hindsight import achieved_subgoals, features
from planner.learning.proposing.jobs import ProposeTasks, VerbalizeGoal
from planner.learning.proposing.proposals import Proposal, Proposer, initial_state_of
from planner.learning.proposing.said import ReadSaid
from planner.learning.sizes import Method, Sizes
from planner.learning.training_examples import TrainingExample, instruction_documents, training_example_of
from planner.learning.training_mixture import build_mixture
from planner.prompts.text_format import Tree
from planner.rollouts.progress_log import Reporter
from planner.rollouts.resumable_stage import stage
from planner.tasks.home_splits import SPLITS
from planner.verification.plan_verification import verify

if TYPE_CHECKING:
    from planner.workers.worker_pool import Workers

HINDSIGHT_EPISODES = "hindsight_episodes.jsonl"
EPISODES = ("episodes.jsonl", HINDSIGHT_EPISODES)
EARLIER_WEIGHT = 0.5  # of a lesson of an earlier cycle, relative to a new one
ANCHORED_STEP_SHARE = 0.75  # of the steps: a step costs about 2.5 forward passes, and the old weights add one


@dataclass(frozen=True, kw_only=True)
class CycleResult:
    """The result of a cycle: whether its weights are accepted, and the model and outcomes to continue with."""

    decision: Decision
    model: Path
    outcomes: list[Record]
    metrics: Record


def run_cycle(
    folder: Path,
    model: Path,
    outcomes: list[Record],
    replay: TokenizedDocuments,
    sizes: Sizes,
    *,
    number: int,
    seed: int,
    method: Method | None = None,
    said: Sequence[str] = (),
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
        method: How the cycle learns; None: by the default rule.
        said: Instructions of people, without their meaning.
        workers: Workers that run the episodes; None: this process.
        reporter: Receives the progress; None: the terminal only.
    """
    started_at, method = time.perf_counter(), method or Method()
    folder.mkdir(parents=True, exist_ok=True)
    config = {"model": str(model), "number": number, "seed": seed, "sizes": asdict(sizes)} | method.as_dict()
    write_text_atomically(folder / "config.json", json.dumps(config, indent=2) + "\n")
    reporter = (reporter or Reporter()).of_cycle(number)
    cycle_seed = seed * 1000 + number
    proposals = _propose(folder, model, sizes, number, cycle_seed, workers, reporter)
    proposals += _understood(folder, model, said, cycle_seed, workers, reporter)
    tasks = _evenly([p for p in proposals if not p.dropped], sizes.tasks, cycle_seed)
    episodes = _run_episodes(folder / "episodes.jsonl", model, tasks, sizes, workers, reporter)
    relabeled = _hindsight(folder, model, tasks, episodes, sizes.hindsight, cycle_seed, workers, reporter)
    proposals += relabeled
    by_id = {p.id: p for p in proposals if not p.dropped}
    verbalized = [p for p in relabeled if not p.dropped]
    episodes += _run_episodes(folder / HINDSIGHT_EPISODES, model, verbalized, sizes, workers, reporter)
    physics_records = _physics(folder, by_id, episodes, sizes.physics, workers, reporter)
    examples = _training_examples(by_id, episodes, physics_records)
    n_new = len(examples)
    examples += _earlier_examples(folder, number)
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
        "lessons": n_new,
        "replayed_lessons": len(examples) - n_new,
        "documents": sum(len(example.documents) for example in examples),
        "told": sum(len(tree.branches) for tree in instruction_trees),
        "from_hindsight": sum(example.weight < 1 for example in examples),
        "failures": count_failures(episodes, physics_records),
    }
    if not n_new:
        decision = Decision(accepted=False, reason="nothing was learnt: no proposal led to a plan")
        new_outcomes = outcomes
    else:
        metrics["loss"] = _train(folder, model, examples, instruction_trees, replay, sizes, cycle_seed, method)
        trials = draw_held_out_tasks(sizes.held_out, seed, SPLITS["valid"], known=sizes.known)
        blend = best_blend(folder, model, trials, outcomes, sizes, workers, reporter)
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


def _propose(
    folder: Path, model: Path, sizes: Sizes, number: int, seed: int, workers: Workers | None, reporter: Reporter
) -> list[Proposal]:
    """Return tasks that the GPT wrote, variants of them, other words for them, and longer tasks composed of them."""
    path = folder / "proposals.jsonl"
    if not path.exists():
        homes = random.Random(f"homes/{seed}").sample(range(*SPLITS["train"]), sizes.homes)
        job = ProposeTasks(model=model, seed=seed, count=sizes.per_home)
        keys = [str(home) for home in homes]
        home_records = stage(folder / "sampled.jsonl", keys, job, "proposals", workers=workers, reporter=reporter)
        proposals = [p for record in home_records for p in _proposals(record["proposals"], folder / "sampled.jsonl")]
        category_counts = Counter(category for p in proposals if not p.dropped for category in _categories(p))
        proposals += list(Proposer(Planner.load(model), seed).vary(proposals, sizes.varied, category_counts))
        proposals += _reworded(folder, model, proposals, sizes.reworded, seed, workers, reporter)
        proposals += list(compose(proposals, sizes.composed, seed, longest=sizes.longest + number - 1))
        write_lines(path, [p.as_dict() for p in proposals])
    return _proposals(read_lines(path), path)


def _reworded(
    folder: Path,
    model: Path,
    proposals: Sequence[Proposal],
    count: int,
    seed: int,
    workers: Workers | None,
    reporter: Reporter,
) -> list[Proposal]:
    """Return proposals in other words of the GPT, if it reads the same goal in them."""
    chosen = _evenly([p for p in proposals if not p.dropped], count, seed)
    by_id = {f"{p.id}/reworded": replace(p, id=f"{p.id}/reworded", origin="reworded") for p in chosen}
    if not by_id:
        return []
    path, job = folder / "reworded.jsonl", VerbalizeGoal(model=model, seed=seed, reached=by_id)
    return _proposals(stage(path, list(by_id), job, "other words", workers=workers, reporter=reporter), path)


def _understood(
    folder: Path, model: Path, said: Sequence[str], seed: int, workers: Workers | None, reporter: Reporter
) -> list[Proposal]:
    """Return what people said as tasks, where all readings of it agree."""
    if not said:
        return []
    path, by_id = folder / "said.jsonl", {f"said/{number}": text for number, text in enumerate(said)}
    job = ReadSaid(model=model, seed=seed, said=by_id)
    return _proposals(stage(path, list(by_id), job, "instructions", workers=workers, reporter=reporter), path)


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


def _evenly(proposals: Sequence[Proposal], count: int, seed: int) -> list[Proposal]:
    """Return up to `count` proposals, each as likely as the others, in their order.

    Earlier cycles' failures are not preferred: over three seeds that was not better (docs/results.md).
    """
    rng = random.Random(f"tasks/{seed}")
    return [proposals[i] for i in sorted(rng.sample(range(len(proposals)), min(count, len(proposals))))]


def _earlier_examples(folder: Path, number: int) -> list[TrainingExample]:
    """Return what the GPT did right at once in earlier cycles: its own answers, so that it keeps them."""
    examples: list[TrainingExample] = []
    for earlier in (folder.parent / f"cycle-{k}" for k in range(1, number)):
        files = [earlier / name for name in EPISODES if (earlier / name).exists()]
        records = [r for file in files for r in checked_episodes(read_lines(file), file) if r["direct"] and r["kept"]]
        for record in records:
            furnished_for = parse_goal(str(record["furnished_for"] or record["goal"]))
            initial_state = initial_state_of(int(str(record["home"])), furnished_for)
            example = training_example_of(record, initial_state, plan_of(record, initial_state.world))
            if example is not None:
                examples.append(replace(example, weight=EARLIER_WEIGHT))
    return examples


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
