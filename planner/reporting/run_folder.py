"""Read the folder of a run of `planner.improve`, also of one that is still running or was killed.

The records of an unfinished stage are in `NAME.partial.jsonl` and are included. A cycle is finished once it has its
metrics.json, the last file that it writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from planner.errors import PlannerError, StageError
from planner.io.json_lines import Record, check_fields, read_lines, read_record

OUTCOME_TYPES = {"id": str, "split": str, "alone": bool, "verified": bool}  # of a held-out outcome
PROPOSAL_KEYS = ("id", "instruction", "goal")
LESSONS_FILE, LESSON_KEYS = "lessons.jsonl", ("home", "said", "corrections", "understood", "goal")
STEPS_FILE = "metrics.jsonl"  # as in gpt.training.trainer, which imports torch
EPISODE_KEYS = ("id", "instruction", "goal", "direct", "kept", "plan")


class RunError(PlannerError, ValueError):
    """The folder is not a run of `planner.improve`."""


@dataclass(frozen=True, kw_only=True)
class Cycle:
    """The existing data of one cycle; missing data is empty.

    Attributes:
        number: The cycle's number, from 1.
        config: Its config.json.
        metrics: Its metrics.json; None until it is finished.
        proposals: Proposed tasks, including dropped ones and those from hindsight.
        episodes: Episodes so far.
        physics: Plans that were executed in the physical home.
        outcomes: The new weights' outcomes on the held-out tasks; empty if nothing was learned.
        training: The logged training steps.
        said: Instructions of people, with what they were read as.
        missing: Files that do not exist yet.
    """

    number: int
    config: Record = field(default_factory=dict)
    metrics: Record | None = None
    proposals: Sequence[Record] = ()
    episodes: Sequence[Record] = ()
    physics: Sequence[Record] = ()
    outcomes: Sequence[Record] = ()
    training: Sequence[Record] = ()
    said: Sequence[Record] = ()
    missing: Sequence[str] = ()

    @property
    def accepted(self) -> bool:
        """Whether its weights were accepted."""
        return bool(self.metrics and self.metrics.get("accepted"))


@dataclass(frozen=True, kw_only=True)
class Run:
    """The existing data of a run.

    Attributes:
        folder: The run's folder.
        config: Its config.json.
        results: Its results.json; None until the run is done.
        validation: Outcomes of the initial weights on validation homes, by which new weights are accepted.
        before: Outcomes of the initial weights on test homes.
        after: Outcomes of the last accepted weights on test homes; those of `before` if none were accepted.
        cycles: All cycles that have begun.
        corrections: What was corrected in dialogues (`lessons.jsonl` beside the run's folder).
    """

    folder: Path
    config: Record
    results: Record | None
    validation: Sequence[Record]
    before: Sequence[Record]
    after: Sequence[Record]
    cycles: Sequence[Cycle]
    corrections: Sequence[Record] = ()

    @property
    def finished_cycles(self) -> list[Cycle]:
        """The finished cycles."""
        return [cycle for cycle in self.cycles if cycle.metrics is not None]

    @property
    def missing(self) -> list[str]:
        """Messages about missing results; empty once the run is done."""
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
    """Return the recorded failure of an episode in words; "" if there is none."""
    failure = episode.get("failure")
    if not isinstance(failure, dict):
        return ""
    return ": ".join(str(failure[key]) for key in ("kind", "detail") if failure.get(key))


def read_run(folder: Path) -> Run:
    """Read the existing data of a run.

    Raises:
        RunError: The folder is not a run, or has no results yet.
        StageError: A file in it is damaged.
    """
    if not (folder / "config.json").is_file():
        raise RunError(f"{folder}: not a run of planner.improve (there is no config.json); give the folder of one")
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
        corrections=_lines(folder.resolve().parent / LESSONS_FILE, LESSON_KEYS),
    )
    if not (run.validation or run.before or run.cycles):
        raise RunError(f"{folder}: nothing was done in this run yet; report once its first tasks are evaluated")
    return run


def _cycle(folder: Path, number: int) -> Cycle:
    names = ("proposals.jsonl", "episodes.jsonl", "training.json", "held_out.jsonl", "metrics.json")
    is_finished = (folder / "metrics.json").exists()
    return Cycle(
        number=number,
        config=read_record(folder / "config.json") if (folder / "config.json").exists() else {},
        metrics=read_record(folder / "metrics.json") if is_finished else None,
        proposals=[
            p
            for name in ("proposals.jsonl", "hindsight.jsonl", "said.jsonl")
            for p in _lines(folder / name, PROPOSAL_KEYS)
        ],
        episodes=[
            e for name in ("episodes.jsonl", "hindsight_episodes.jsonl") for e in _lines(folder / name, EPISODE_KEYS)
        ],
        physics=_lines(folder / "physics.jsonl", ("id", "success")),
        outcomes=_outcomes(folder / "held_out.jsonl") if is_finished else (),
        training=_lines(folder / "training" / STEPS_FILE, ("step", "loss")),
        said=_lines(folder / "said.jsonl", PROPOSAL_KEYS),
        missing=() if is_finished else [name for name in names if not (folder / name).exists()],
    )


def _outcomes(path: Path) -> list[Record]:
    outcomes = read_lines(path) if path.exists() else []
    for number, outcome in enumerate(outcomes, start=1):
        check_fields(outcome, OUTCOME_TYPES, f"{path}, line {number}")
    return outcomes


def _after(folder: Path, numbers: Sequence[int]) -> list[Record]:
    """Return the outcomes of the last cycle that was evaluated on test homes."""
    paths = [folder / f"test-after-cycle-{number}.jsonl" for number in reversed(numbers)]
    return next((_outcomes(path) for path in paths if path.exists()), [])


def _lines(path: Path, keys: Sequence[str]) -> list[Record]:
    """Return a stage's records, or those so far if it is unfinished."""
    partial_path = path.with_suffix(".partial.jsonl")
    if partial_path.exists() and not path.exists():
        try:
            return read_lines(partial_path, keys)
        except StageError:
            if not path.exists():  # otherwise the stage finished in the meantime
                raise
    return read_lines(path, keys) if path.exists() else []
