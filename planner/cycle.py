"""One cycle of self-improvement: propose, plan, execute, score, keep, train, and judge the new weights.

A cycle is a folder: config.json, proposals.jsonl, episodes.jsonl, physics.jsonl, training/, model/, held_out.jsonl,
metrics.json, plot.svg. Each is written whole or not at all, so a killed cycle goes on where it was. No teacher and no
search takes part.
"""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from envs.errors import quoted
from envs.goals import parse_goal
from envs.state import Action, World, parse_action
from gpt.batches import PackedBatches, TokenizedDocuments
from gpt.checkpoint import load_model, save_model
from gpt.files import write_text_atomically
from gpt.train_config import TrainConfig
from gpt.trainer import METRICS_FILE, train
from planner.answer import Options
from planner.decode import Planner
from planner.errors import StageError
from planner.held_out import LONG, Split, Trial, draw_trials
from planner.lessons import Lesson, lesson_of, weights
from planner.measure import measure, ways
from planner.progress import Decision, decide, plot
from planner.propose import Proposal, Proposer, compose, start_of
from planner.replay import drawn
from planner.splits import SPLITS, Span
from planner.stages import Record, read_lines, read_record, stage, write_lines
from planner.text import encode
from planner.verify import verify

if TYPE_CHECKING:
    from gpt.tokenizer import Tokenizer

SHORT_SPLIT = Split(name="1-4 conditions", parts=(1, 2, 3, 4), conditions=(1, 4))
LONG_SPLIT = Split(name="5-6 conditions", parts=(4, 5, 6), conditions=LONG)
MAX_COPIES = 6  # of one new document, on average: more are learnt by heart
DIRECT = Options(samples=0, constrained=False, chunks=False, clauses=False, grounded=False)


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """How much a cycle does. The defaults take about 7 minutes on one CPU core.

    Attributes:
        homes: Homes of the train split that tasks are proposed for.
        per_home: Proposals sampled for each.
        composed: Longer tasks composed for each.
        samples: Further plans of the slow planner, where the first fails.
        steps: Optimizer steps.
        rows: Rows of a batch.
        lr: Peak learning rate: a fraction of what the first training took.
        new_share: The part of the tokens read in training that is new; the rest is replayed from the old corpus.
        held_out: Tasks of each of the two held-out splits.
        physics: Verified plans that must also work in the physical home to be kept.
    """

    homes: int = 24
    per_home: int = 6
    composed: int = 6
    samples: int = 2
    steps: int = 140
    rows: int = 8
    lr: float = 4e-4
    new_share: float = 0.4
    held_out: int = 50
    physics: int = 0

    def scaled(self, factor: float) -> Sizes:
        """Return sizes that take about `factor` times as long."""
        return replace(
            self,
            homes=max(1, round(self.homes * factor)),
            steps=max(2, round(self.steps * factor)),
            held_out=max(4, round(self.held_out * factor)),
        )


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """How a cycle ended: whether its weights are accepted, and the outcomes of the weights to go on with."""

    decision: Decision
    model: Path
    outcomes: list[Record]
    metrics: Record


def held_out(count: int, seed: int, span: Span) -> list[Trial]:
    """Return the tasks that weights are judged by: of both lengths, in homes outside the train split."""
    return [t for split in (SHORT_SPLIT, LONG_SPLIT) for t in draw_trials(split, count, seed=seed, span=span)]


def judge(model: Path, trials: Sequence[Trial], path: Path, samples: int) -> list[Record]:
    """Return each trial's outcome with some weights: by the direct pass, and with verification."""
    planner = Planner.load(model) if not path.exists() else None
    by_id = {trial.id: trial for trial in trials}
    options = ways(samples=samples)
    del options["constrained"]

    def make(key: str) -> Record:
        assert planner is not None
        found = measure(planner, by_id[key], options)
        outcome: Record = {"id": key, "split": found.trial.split, "same_goal": found.same}
        return outcome | {str(way): attempt.success for way, attempt in found.attempts.items()}

    return stage(path, list(by_id), make, f"held out, {model.parent.name}/{model.name}")


def run_cycle(
    folder: Path,
    model: Path,
    outcomes: list[Record],
    replay: TokenizedDocuments,
    sizes: Sizes,
    *,
    number: int,
    seed: int,
) -> Verdict:
    """Do one cycle, or the rest of it.

    Args:
        folder: The cycle's folder.
        model: The weights to start from.
        outcomes: Their outcomes on the held-out tasks.
        replay: Documents of the model's own corpus.
        sizes: How much to do.
        number: Of the cycle, from 1.
        seed: Of the run.
    """
    began = time.perf_counter()
    folder.mkdir(parents=True, exist_ok=True)
    config = {"model": str(model), "number": number, "seed": seed, "sizes": asdict(sizes)}
    write_text_atomically(folder / "config.json", json.dumps(config, indent=2) + "\n")
    proposals = _propose(folder, model, sizes, seed * 1000 + number)
    episodes = _episodes(folder, model, proposals, sizes)
    carried = _physics(folder, episodes, sizes.physics)
    lessons = _lessons(episodes, carried)
    new = folder / "model"
    metrics: Record = {
        "cycle": number,
        "proposed": len(proposals),
        "dropped": dict(sorted(Counter(p.dropped for p in proposals if p.dropped).items())),
        "episodes": len(episodes),
        "reached": sum(bool(e["kept"]) for e in episodes),
        "reached_directly": sum(bool(e["direct"]) for e in episodes),
        "physics": {"carried_out": len(carried), "reached": sum(bool(c["success"]) for c in carried)},
        "lessons": len(lessons),
        "documents": sum(len(lesson.documents) for lesson in lessons),
        "from_hindsight": sum(lesson.weight < 1 for lesson in lessons),
    }
    if not lessons:
        decision = Decision(accepted=False, reason="nothing was learnt: no proposal led to a plan")
        fresh = outcomes
    else:
        metrics["loss"] = _train(folder, model, lessons, replay, sizes, seed * 1000 + number)
        trials = held_out(sizes.held_out, seed, SPLITS["valid"])
        fresh = judge(new, trials, folder / "held_out.jsonl", sizes.samples)
        decision = decide(outcomes, fresh)
    metrics |= decision.as_dict() | {"seconds": round(time.perf_counter() - began, 1)}
    if not (folder / "metrics.json").exists():  # a resumed run keeps the time that the cycle took
        figure = plot(f"cycle {number}, validation homes", {"before": outcomes, "after": fresh})
        write_text_atomically(folder / "plot.svg", figure)
        write_text_atomically(folder / "metrics.json", json.dumps(metrics, indent=2) + "\n")
    return Verdict(
        decision=decision,
        model=new if decision.accepted else model,
        outcomes=fresh if decision.accepted else outcomes,
        metrics=metrics,
    )


def _propose(folder: Path, model: Path, sizes: Sizes, seed: int) -> list[Proposal]:
    path = folder / "proposals.jsonl"
    if not path.exists():
        proposer = Proposer(Planner.load(model), seed)
        homes = random.Random(f"homes/{seed}").sample(range(*SPLITS["train"]), sizes.homes)
        written = [p for home in homes for p in proposer.propose(home, sizes.per_home)]
        written += list(compose(written, sizes.composed, seed))
        write_lines(path, [p.as_dict() for p in written])
    try:
        return [Proposal(**record) for record in read_lines(path)]  # type: ignore[arg-type]
    except TypeError as error:  # a key too many or too few
        raise StageError(f"{path}: not a proposal ({error}); delete the file to have it made anew") from None


def _episodes(folder: Path, model: Path, proposals: Sequence[Proposal], sizes: Sizes) -> list[Record]:
    """Let the slow planner and the direct pass try each task; what is recorded depends on the task alone."""
    tasks = {p.id: p for p in proposals if not p.dropped}
    path = folder / "episodes.jsonl"
    planner = None if path.exists() else Planner.load(model)

    def make(key: str) -> Record:
        assert planner is not None
        task, goal = tasks[key], parse_goal(tasks[key].goal)
        start = start_of(task.home, goal)
        direct = planner.plan(task.instruction, start, DIRECT)
        slow = planner.reach(goal, start, Options(samples=sizes.samples))
        report = verify(start, goal, slow.actions)
        return {
            "id": key, "home": task.home, "instruction": task.instruction, "goal": task.goal, "parts": task.parts,
            "conditions": len(goal.conditions), "direct": verify(start, goal, direct.actions).ok, "kept": report.ok,
            "rate": round(report.score.rate, 4), "plan": list(slow.subtasks), "tried": slow.tried,
        }  # fmt: skip

    return stage(path, list(tasks), make, f"episodes, {folder.name}")


def _physics(folder: Path, episodes: Sequence[Record], count: int) -> list[Record]:
    """Carry some of the plans that worked out in the physical home."""
    worked = {str(e["id"]): e for e in episodes if e["kept"]}
    chosen = list(worked)[:: max(1, len(worked) // max(1, count))][:count]
    if not chosen:
        return []

    def make(key: str) -> Record:
        from planner.perform import perform
        from planner.stage import Stage

        record, goal = worked[key], parse_goal(str(worked[key]["goal"]))
        start = start_of(int(str(record["home"])), goal, geometry=True)
        episode = perform(_plan(record, start.world), goal, start, Stage(backend="physics", quiet=True))
        failed = next((f"{s.subtask}: {s.reason}" for s in episode.steps if s.status != "done"), "")
        return {"id": key, "success": episode.success, "rate": round(episode.rate, 4), "failed": failed}

    return stage(folder / "physics.jsonl", chosen, make, f"physics, {folder.name}")


def _plan(record: Record, world: World) -> list[Action]:
    steps = record["plan"]
    assert isinstance(steps, list)
    return [parse_action(world, str(step)) for step in steps]


def _lessons(episodes: Sequence[Record], carried: Sequence[Record]) -> list[Lesson]:
    """Return what episodes teach; a plan that failed in physics teaches nothing."""
    broke = {c["id"] for c in carried if not c["success"]}
    found = []
    for record in episodes:
        if record["id"] in broke:
            continue
        start = start_of(int(str(record["home"])), parse_goal(str(record["goal"])))
        lesson = lesson_of(record, start, _plan(record, start.world))
        if lesson is not None:
            found.append(lesson)
    return found


def mixed(
    lessons: Sequence[Lesson], replay: TokenizedDocuments, tokenizer: Tokenizer, n_tokens: int, sizes: Sizes,
    block_size: int, rng: random.Random,
) -> TokenizedDocuments:  # fmt: skip
    """Return about `n_tokens` of training documents: new ones drawn by their weights, and replayed old ones.

    New documents are at most `new_share` of the tokens, and on average at most `MAX_COPIES` times themselves.
    """
    encoded = [[encode(d, tokenizer) for d in lesson.documents] for lesson in lessons]
    encoded = [[d for d in documents if len(d[0]) <= block_size + 1] for documents in encoded]
    pairs = [(documents, w) for documents, w in zip(encoded, weights(lessons), strict=True) if documents]
    ids: list[list[int]] = []
    learn: list[list[bool]] = []
    branch: list[list[int]] = []
    known = sum(len(d[0]) for documents, _ in pairs for d in documents)
    wanted = min(sizes.new_share * n_tokens, MAX_COPIES * known)
    read = 0
    while read < wanted:
        for one, marks in rng.choices([p[0] for p in pairs], [p[1] for p in pairs])[0]:
            ids.append(one)
            learn.append(marks)
            branch.append([0] * len(one))
            read += len(one)
    for one, marks, numbers in drawn(replay, n_tokens - read, rng):
        ids.append(one)
        learn.append(marks)
        branch.append(numbers)
    return TokenizedDocuments.from_lists(ids, learn, branch)


def _train(
    folder: Path, start: Path, lessons: Sequence[Lesson], replay: TokenizedDocuments, sizes: Sizes, seed: int
) -> float | None:
    """Fine-tune on new and old documents; returns the mean loss of the last steps."""
    done = folder / "training.json"
    if not done.exists():
        model, tokenizer, extra = load_model(start)
        block_size = model.config.block_size
        n_tokens = sizes.steps * sizes.rows * block_size
        documents = mixed(lessons, replay, tokenizer, n_tokens, sizes, block_size, random.Random(f"mix/{seed}"))
        config = TrainConfig(
            steps=sizes.steps, batch_rows=sizes.rows, lr=sizes.lr, warmup_steps=min(10, sizes.steps - 1),
            schedule="cosine", eval_every=0, checkpoint_every=20, seed=seed, device="cpu",
        )  # fmt: skip
        batches = PackedBatches(documents, sizes.rows, block_size, seed)
        result = train(model, batches, None, config, folder / "training", resume=True)
        save_model(model, tokenizer, folder / "model", {**extra, "improved_from": str(start)})
        # Not result.loss: a call that was killed after its last step has none to report when it is made again.
        last = read_lines(folder / "training" / METRICS_FILE)[-1]
        write_text_atomically(done, json.dumps({"loss": last["loss"], "documents": len(documents)}) + "\n")
        result.checkpoint.unlink(missing_ok=True)  # three times the weights, and of no more use
    loss = read_record(done, ("loss",))["loss"]
    if loss is not None and not isinstance(loss, float):
        raise StageError(f"{done}: loss is {quoted(loss)}, not a number; delete the file to have it made anew")
    return loss
