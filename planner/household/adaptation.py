"""Simulate days and train an adapter after each: what `python -m planner.improve --home` does.

`NAME.adapter.safetensors` is written beside the home's file after each night. runs/NAME/ gets config.json, days.jsonl
(what was asked, seen and opened) and results.json. A run starts from scratch and replaces the files of an earlier one.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from envs.scenes.home_file import bundled_homes, named_home
from gpt.files import write_text_atomically
from gpt.inference.numpy_model import NumpyModel
from gpt.weights.adapter import Adapter, merged, save_adapter
from gpt.weights.checkpoint import load_model, weights_of
from planner.api import Planner
from planner.corrections.lessons import read_lessons
from planner.errors import PlannerError
from planner.evaluation.statistics import mean
from planner.exploration.learned_prior import LearnedHabits
from planner.household.adapter_training import AdapterSizes, AdapterTrainer
from planner.household.daily_life import simulate_day, tasks_of
from planner.household.simulated_household import sample_household
from planner.io.command import writable, writable_file
from planner.io.json_lines import Record, write_lines
from planner.learning.replay_corpus import find_replay
from planner.prompts.document_kinds import kinds_of
from planner.world_model.location_prior import COMMON
from planner.world_model.open_home import open_home

if TYPE_CHECKING:
    from gpt.data.tokenized_documents import TokenizedDocuments
    from planner.corrections.lessons import Lesson
    from planner.household.simulated_household import Household
    from planner.world_model.location_prior import Habits

DAYS = 20  # simulated, where there are no lessons


class BaseModel:
    """Frozen weights that adapters are trained on, and planners with and without an adapter."""

    def __init__(self, folder: Path) -> None:
        """Load a model folder."""
        self.model, self.tokenizer, extra = load_model(folder)
        self._kinds = kinds_of(extra)
        self._arrays = {n: t.float().cpu().numpy().copy() for n, t in weights_of(self.model).items()}

    def planner(self, adapter: Adapter | None = None) -> Planner:
        """Return a planner with an adapter merged in, or with the weights alone."""
        arrays = self._arrays if adapter is None else merged(self._arrays, adapter)
        notes = None if adapter is None else adapter.extra
        return Planner(NumpyModel(self.model.config, arrays), self.tokenizer, kinds=self._kinds, notes=notes)


@dataclass(frozen=True, kw_only=True)
class SimulatedDay:
    """The record of a day and the adapter of the night after it."""

    record: Record
    adapter: Adapter


def simulate_days(
    household: Household, base: BaseModel, replay: TokenizedDocuments, folder: Path, *, days: int, seed: int,
    sizes: AdapterSizes | None = None, lessons: Sequence[Lesson] = (),
) -> Iterator[SimulatedDay]:  # fmt: skip
    """Simulate days in a household, each with the adapter of the night before.

    Args:
        household: The simulated household.
        base: The frozen weights.
        replay: Documents of their corpus.
        folder: Where the metrics of each night are written.
        days: Number of days.
        seed: Seed of days and nights.
        sizes: Sizes of the training of one night.
        lessons: What was corrected in dialogues, learned every night.
    """
    trainer = AdapterTrainer(base.model, base.tokenizer, replay, sizes or AdapterSizes(), folder)
    planner = base.planner()
    habits: Habits = COMMON
    adapter: Adapter | None = None
    records: list[Record] = []
    for day in range(1, days + 1):
        records.append(simulate_day(household, planner, habits, day=day, seed=seed))
        adapter = trainer.train_adapter(records, household.home.world.scene, adapter, seed=seed, lessons=lessons)
        planner = base.planner(adapter)
        habits = LearnedHabits(planner.prompts)
        yield SimulatedDay(record=records[-1], adapter=adapter)


def improve_home(
    home: str, *, model: Path, days: int | None, seed: int, folder: Path, out: Path | None,
    lessons: Path | None = None, as_json: bool = False,
) -> int:  # fmt: skip
    """Adapt the planner to a home, then write and print the results.

    Args:
        home: A home file, the name of a bundled one, or a seed.
        model: The model folder.
        days: Number of days to simulate; None: `DAYS`, or none where there are lessons of this home.
        seed: Seed of the simulated household, its days and nights.
        folder: The run's folder.
        out: Where the adapter is written; by default beside the home's file, or otherwise in the folder.
        lessons: A file of what was corrected in dialogues (planner/corrections/lessons.py).
        as_json: Print JSON.

    Raises:
        PlannerError: There is no such home, no lesson and no day, or the output cannot be written.
    """
    started_at = time.perf_counter()
    state = open_home(home, geometry=False)
    taught = [] if lessons is None else read_lessons(lessons, state.world.scene.name)
    if lessons is not None and not lessons.is_file():
        raise PlannerError(f"{lessons}: no such file; `planner.plan --interactive` keeps what is corrected")
    days = (0 if taught else DAYS) if days is None else days
    if days < (0 if taught else 1) or seed < 0:
        raise PlannerError(f"--days is at least 1 (0 with --lessons) and --seed at least 0; got {days} and {seed}")
    writable(folder)
    path = out or adapter_path(home, folder)
    writable_file(path)
    config = {"home": home, "model": str(model), "days": days, "seed": seed, "night": asdict(AdapterSizes())}
    write_text_atomically(folder / "config.json", json.dumps(config, indent=2) + "\n")
    base = BaseModel(model)
    replay = find_replay(model, folder / "replay", seed)
    records: list[Record] = []
    if not days:
        trainer = AdapterTrainer(base.model, base.tokenizer, replay, AdapterSizes(), folder / "night")
        save_adapter(path, trainer.train_adapter([], state.world.scene, None, seed=seed, lessons=taught))
    simulated_days = (
        simulate_days(
            sample_household(state, seed), base, replay, folder / "night", days=days, seed=seed, lessons=taught
        )
        if days else iter(())
    )  # fmt: skip
    for simulated in tqdm(simulated_days, total=days, desc="days", unit="day", disable=None):
        records.append(simulated.record)
        write_lines(folder / "days.jsonl", records)
        save_adapter(path, simulated.adapter)
    results: Record = {
        "home": home, "seed": seed, "lessons": len(taught), "adapter": str(path), "bytes": path.stat().st_size,
        "days": [day_summary(record) for record in records], "seconds": round(time.perf_counter() - started_at, 1),
    }  # fmt: skip
    write_text_atomically(folder / "results.json", json.dumps(results, indent=2) + "\n")
    print(json.dumps(results) if as_json else _summary_text(results, records))
    return 0


def adapter_path(home: str, folder: Path) -> Path:
    """Return the path of a home's adapter: beside a home file; for a bundled home or a seed, in the run's folder."""
    named = named_home(home)
    if isinstance(named, int) or named in bundled_homes().values():
        return folder / f"{named if isinstance(named, int) else named.stem}.adapter.safetensors"
    return named.parent / f"{named.stem}.adapter.safetensors"


def day_summary(record: Record) -> Record:
    """Return the summary of a day's record."""
    tasks = tasks_of([record])
    opened = [float(str(t["opened"])) for t in tasks if t.get("found")]
    return {
        "day": record["day"], "tasks": len(tasks), "understood": sum("plainly" not in t for t in tasks),
        "reached": sum(bool(t.get("success")) for t in tasks),
        "opened": round(mean(opened), 2) if opened else None,
    }  # fmt: skip


def _summary_text(results: Record, records: Sequence[Record]) -> str:
    from planner.evaluation.tables import grid

    rows = [[str(value if value is not None else "-") for value in day_summary(r).values()] for r in records]
    table = grid(["day", "tasks", "understood at once", "reached", "opened before found"], rows)
    size = int(str(results["bytes"])) // 1000
    if not records:
        return f"lessons: {results['lessons']}\nadapter: {results['adapter']} ({size} kB)\ntime: {results['seconds']} s"
    return f"{table}\n\nadapter: {results['adapter']} ({size} kB)\ntime: {results['seconds']} s"
