"""What the folder of a run of `planner.improve` holds, whole or not: a run may be under way, or was killed.

A stage that is under way has its records beside, in `NAME.partial.jsonl`; those count as far as they go. A cycle is
whole once it has its metrics.json, the last that it writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from planner.errors import PlannerError, StageError
from planner.io.json_lines import Record, read_lines, read_record

OUTCOME_KEYS = ("id", "split", "alone", "verified")  # keys of a held-out outcome
PROPOSAL_KEYS = ("id", "instruction", "goal")
STEPS_FILE = "metrics.jsonl"  # as in gpt.training.trainer, which imports torch
EPISODE_KEYS = ("id", "instruction", "goal", "direct", "kept", "plan")


class RunError(PlannerError, ValueError):
    """A folder that is no run of `planner.improve`."""


@dataclass(frozen=True, kw_only=True)
class Cycle:
    """What is there of one cycle; what is not is empty.

    Attributes:
        number: From 1.
        config: Its config.json.
        metrics: Its metrics.json; None as long as it is not whole.
        proposals: Tasks that were proposed, dropped ones and those found in hindsight included.
        episodes: The tasks that were tried, as far as they are.
        physics: Plans that were carried out in the physical home.
        outcomes: The new weights' outcomes on the held-out tasks; empty where nothing was learned.
        training: The steps that training reported.
        missing: Files that it does not have yet.
    """

    number: int
    config: Record = field(default_factory=dict)
    metrics: Record | None = None
    proposals: Sequence[Record] = ()
    episodes: Sequence[Record] = ()
    physics: Sequence[Record] = ()
    outcomes: Sequence[Record] = ()
    training: Sequence[Record] = ()
    missing: Sequence[str] = ()

    @property
    def accepted(self) -> bool:
        """Whether its weights were accepted."""
        return bool(self.metrics and self.metrics.get("accepted"))


@dataclass(frozen=True, kw_only=True)
class Run:
    """What is there of a run.

    Attributes:
        folder: Where it is.
        config: Its config.json.
        results: Its results.json; None as long as it is not done.
        validation: Outcomes of the weights it began with on validation homes, by which weights are accepted.
        before: Their outcomes on test homes.
        after: Outcomes of the last accepted weights on test homes; those of `before` where none were accepted.
        cycles: All that have begun.
    """

    folder: Path
    config: Record
    results: Record | None
    validation: Sequence[Record]
    before: Sequence[Record]
    after: Sequence[Record]
    cycles: Sequence[Cycle]

    @property
    def finished_cycles(self) -> list[Cycle]:
        """The cycles that are done."""
        return [cycle for cycle in self.cycles if cycle.metrics is not None]

    @property
    def missing(self) -> list[str]:
        """What is not there yet, in words; empty once the run is done."""
        if self.results is not None:
            return []
        messages = [
            f"cycle {c.number} is under way (proposals: {len(c.proposals)}, episodes: {len(c.episodes)}; "
            f"lacking: {', '.join(c.missing)})"
            for c in self.cycles
            if c.metrics is None
        ]
        if not self.validation:
            messages.append("the first weights have not been judged on validation homes yet")
        if not self.before:
            messages.append("the first weights have not been judged on test homes yet")
        return [*messages, "results.json is written at the end: what test homes say of the new weights comes with it"]


def failure_of(episode: Record) -> str:
    """Say what went wrong in an episode, as it was recorded; "" if nothing was."""
    failure = episode.get("failure")
    if not isinstance(failure, dict):
        return ""
    return ": ".join(str(failure[key]) for key in ("kind", "detail") if failure.get(key))


def read_run(folder: Path) -> Run:
    """Read what is there of a run.

    Raises:
        RunError: The folder is no run, or nothing was done in it yet.
        StageError: A file in it is damaged.
    """
    if not (folder / "config.json").is_file():
        raise RunError(f"{folder}: no run of planner.improve (there is no config.json); name the folder of one")
    results = read_record(folder / "results.json") if (folder / "results.json").exists() else None
    numbers = sorted(int(n) for p in folder.glob("cycle-*") if p.is_dir() and (n := p.name[6:]).isdecimal())
    before = _outcomes(folder / "test-before.jsonl")
    run = Run(
        folder=folder,
        config=read_record(folder / "config.json"),
        results=results,
        validation=_outcomes(folder / "validation-before.jsonl"),
        before=before,
        after=_after(folder, numbers) or (before if results is not None else ()),
        cycles=[_cycle(folder / f"cycle-{number}", number) for number in numbers],
    )
    if not (run.validation or run.before or run.cycles):
        raise RunError(f"{folder}: nothing was done in this run yet; make the report once its first tasks are judged")
    return run


def _cycle(folder: Path, number: int) -> Cycle:
    names = ("proposals.jsonl", "episodes.jsonl", "training.json", "held_out.jsonl", "metrics.json")
    done = (folder / "metrics.json").exists()
    return Cycle(
        number=number,
        config=read_record(folder / "config.json") if (folder / "config.json").exists() else {},
        metrics=read_record(folder / "metrics.json") if done else None,
        proposals=[p for name in ("proposals.jsonl", "hindsight.jsonl") for p in _lines(folder / name, PROPOSAL_KEYS)],
        episodes=[
            e for name in ("episodes.jsonl", "hindsight_episodes.jsonl") for e in _lines(folder / name, EPISODE_KEYS)
        ],
        physics=_lines(folder / "physics.jsonl", ("id", "success")),
        outcomes=_outcomes(folder / "held_out.jsonl") if done else (),
        training=_lines(folder / "training" / STEPS_FILE, ("step", "loss")),
        missing=() if done else [name for name in names if not (folder / name).exists()],
    )


def _outcomes(path: Path) -> list[Record]:
    return read_lines(path, OUTCOME_KEYS) if path.exists() else []


def _after(folder: Path, numbers: Sequence[int]) -> list[Record]:
    """Outcomes of the last cycle that was judged on test homes."""
    paths = [folder / f"test-after-cycle-{number}.jsonl" for number in reversed(numbers)]
    return next((_outcomes(path) for path in paths if path.exists()), [])


def _lines(path: Path, keys: Sequence[str]) -> list[Record]:
    """A stage's records, or those that it has so far."""
    partial_path = path.with_suffix(".partial.jsonl")
    if partial_path.exists() and not path.exists():
        try:
            return read_lines(partial_path, keys)
        except StageError:
            if not path.exists():  # else the stage has ended between two looks
                raise
    return read_lines(path, keys) if path.exists() else []
