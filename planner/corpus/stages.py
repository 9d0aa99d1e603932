"""Stages of a training: recipes that are trained one after the other, each from the weights of the stage before.

A recipe file with `stages` holds a list, for example

    stages:
      - recipe: home                       # a file of datasets/recipes/, or a YAML path
      - {recipe: repaired, name: long, start: home, seeds: [20, 21, 22], mean: true, corpus_seed: 20,
         set: {corpus.trees: 300000, train.steps: 3898}}

`name` is the recipe's unless given. `start` is the stage before; `null` starts from scratch, as the first stage does.
The result of a stage with several seeds is the mean of their weights (`mean: true`), or else the first seed's weights.
`corpus_seed` gives all seeds of a stage one corpus; without it, each has its own. `set` overrides values of the recipe.

The folder of a run holds a folder for each stage: `stage.json` (what it is made from), its training (in `seed-N/` if
there are several seeds) and `model/`. Beside them are `stages.jsonl`, one line for each finished stage, and `model/`,
the result of the last stage.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from envs.errors import nearest, quoted
from gpt.average import average
from gpt.files import write_atomically, write_text_atomically
from gpt.model.transformer import GPTConfig
from gpt.training.distributed import World, main_process_first
from gpt.training.trainer import FREE_SETTINGS
from gpt.weights.model_folder import CONFIG_FILE, TOKENIZER_FILE, WEIGHTS_FILE
from planner.corpus.domain_files import keep_domain
from planner.corpus.recipe_file import Settings, load_recipe_file, read_recipe, reject_unknown_keys
from planner.errors import OutputError, RecipeError, StageError
from planner.io.json_lines import Record, as_line, check_fields, read_lines, read_record, write_lines
from planner.io.paths import DOMAIN_FILE

STAGE_FILE, RECORDS_FILE = "stage.json", "stages.jsonl"

Overrides = Mapping[str, Mapping[str, object]]  # section of a recipe, key, value

_NAME = re.compile(r"[\w-]+")  # a folder's name
_RESERVED_NAMES = ("model",)


@dataclass(frozen=True, kw_only=True)
class TrainingRun:
    """One training: a recipe with one seed.

    Attributes:
        settings: The resolved recipe.
        folder: Where it is written.
        corpus: Folder of its corpus.
        seed: Seed of weights and batches.
        corpus_seed: Seed of the corpus.
        start: Model folder to start from; None: from scratch.
    """

    settings: Settings
    folder: Path
    corpus: Path
    seed: int
    corpus_seed: int
    start: Path | None


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A stage; its fields are described at the top of this file.

    Attributes:
        settings: The resolved recipe, in which the training's seed does not count.
    """

    name: str
    recipe: str
    start: str | None
    seeds: tuple[int, ...]
    mean: bool
    corpus_seed: int | None
    settings: Settings

    @property
    def tokens(self) -> int:
        """Positions that all seeds of the stage read, padding of the last few per row included."""
        train, shape = self.settings.train, GPTConfig(**{**self.settings.model, "vocab_size": 2})  # type: ignore[arg-type]
        return len(self.seeds) * train.steps * train.grad_accum * train.batch_rows * shape.block_size

    @property
    def summary(self) -> Record:
        """What is known before the training."""
        return {
            "stage": self.name, "recipe": self.recipe, "start": self.start, "seeds": list(self.seeds),
            "mean": self.mean, "steps": self.settings.train.steps, "tokens": self.tokens,
        }  # fmt: skip

    def runs(self, folder: Path) -> list[TrainingRun]:
        """Return the trainings of the stage, in the folder of the whole run."""
        own = folder / self.name
        folders = [own] if len(self.seeds) == 1 else [own / f"seed-{seed}" for seed in self.seeds]
        return [
            TrainingRun(
                settings=replace(self.settings, train=replace(self.settings.train, seed=seed)),
                folder=seed_folder,
                corpus=(seed_folder if self.corpus_seed is None else own) / "corpus",
                seed=seed,
                corpus_seed=seed if self.corpus_seed is None else self.corpus_seed,
                start=None if self.start is None else folder / self.start / "model",
            )
            for seed, seed_folder in zip(self.seeds, folders, strict=True)
        ]


def read_stages(name: str, overrides: Overrides | None = None, *, seed: int = 0) -> tuple[Stage, ...]:
    """Return the stages of a recipe, or none if it has a corpus, a model and a training of its own.

    Args:
        name: The recipe, as for `read_recipe`.
        overrides: Values by section and key, which replace those of every stage.
        seed: Added to all seeds.

    Raises:
        RecipeError: The recipe, one that it names, or a field of a stage is wrong.
    """
    path, raw = load_recipe_file(name)
    if "stages" not in raw:
        return ()
    reject_unknown_keys(raw, ["stages"], str(path))
    items = raw["stages"]
    if not isinstance(items, list) or not items:
        raise RecipeError(f"{path}: stages must be a list of stages, found {quoted(items)}")
    stages: dict[str, Stage] = {}
    for number, item in enumerate(items, start=1):
        where = f"{path}: stage {number}"
        stage = _stage(item, where, list(stages), overrides or {}, seed)
        if stage.name in stages:
            raise RecipeError(f"{where}: there is a stage {stage.name!r} already; give it another name")
        if stage.start is not None:
            _check_shape(stage, stages[stage.start], where)
        stages[stage.name] = stage
    return tuple(stages.values())


def chosen_stages(stages: Sequence[Stage], only: str | None, human: bool) -> Sequence[Stage]:
    """Return the stages to run: all, or only one.

    Args:
        stages: All stages of the recipe.
        only: The name of one of them.
        human: Whether there are human-written lines.

    Raises:
        RecipeError: There is no such stage, or one needs human-written lines.
    """
    names = [stage.name for stage in stages]
    if only is not None and only not in names:
        raise RecipeError(f"--only {only}: no such stage{nearest(only, names)}; there are: {', '.join(names)}")
    chosen = [stage for stage in stages if only in (None, stage.name)]
    needing = [stage.name for stage in chosen if stage.settings.corpus.human > 0]
    if needing and not human:
        raise RecipeError(
            f"human-written lines are missing, for stage {', '.join(needing)}: name a file with --corpus alfred:FILE, "
            "or do without (--set corpus.human=0)"
        )
    return chosen


def is_finished(stage: Stage, folder: Path) -> bool:
    """Whether a stage is finished in the folder of a run: its model and its record are there."""
    return _has_model(folder / stage.name) and stage.name in _records(folder)


def train_stages(
    stages: Sequence[Stage],
    folder: Path,
    train: Callable[[TrainingRun], None],
    *,
    only: str | None = None,
    resume: bool = False,
    inputs: Mapping[str, Path] | None = None,
    world: World,
) -> list[Record]:
    """Train stages one after the other and return their records; finished ones are skipped.

    Args:
        stages: All stages of the recipe.
        folder: The folder of the run.
        train: Trains one seed and saves its model in `model/` of the run's folder, with a record of the training. It
            continues from a checkpoint that is there.
        only: Name of the only stage to train.
        resume: Whether the folder may hold a run of the same stages.
        inputs: Further files and folders that the weights depend on, by the flag that named them.
        world: The processes; all must call this.

    Raises:
        OutputError: The folder already holds a run, and it is not to be resumed.
        StageError: A stage has changed since it was begun, or starts from one that is not finished.
    """
    if world.is_main and not resume and any((folder / stage.name / STAGE_FILE).exists() for stage in stages):
        raise OutputError(f"{folder}: already holds a run; add --resume to continue it, or choose another --name")
    digests = {f"{flag} {path.name}": _digest(path) for flag, path in (inputs or {}).items()}
    chosen = [stage for stage in stages if only in (None, stage.name)]
    for stage in chosen:
        with main_process_first(world):
            if world.is_main:
                _begin(stage, folder, digests)
        finished = is_finished(stage, folder)
        for run in () if finished else stage.runs(folder):
            if not _has_model(run.folder):
                train(run)
        with main_process_first(world):
            if world.is_main and not finished:
                _finish(stage, folder, [each.name for each in stages])
    if world.is_main and stages[-1] in chosen:
        _copy_model(folder / stages[-1].name / "model", folder / "model")
    records = _records(folder)
    return [records[stage.name] for stage in chosen]


def _stage(item: object, where: str, earlier: list[str], overrides: Overrides, seed: int) -> Stage:
    if not isinstance(item, dict):
        raise RecipeError(f"{where}: expected a mapping such as {{recipe: home}}, found {quoted(item)}")
    known = [field.name for field in fields(Stage) if field.name != "settings"]
    reject_unknown_keys(item, [*known, "set"], where)
    recipe = item.get("recipe")
    if not isinstance(recipe, str):
        raise RecipeError(f"{where}: recipe is {quoted(recipe)}; it must name a recipe")
    name = item.get("name", Path(recipe).stem)
    if not isinstance(name, str) or not _NAME.fullmatch(name) or name in _RESERVED_NAMES:
        raise RecipeError(f"{where}: name is {quoted(name)}; it must be the name of a folder, but not 'model'")
    start = item.get("start", earlier[-1] if earlier else None)
    if start is not None and start not in earlier:
        known_names = f"{nearest(str(start), earlier)}; before it: {', '.join(earlier) or 'none'}"
        raise RecipeError(f"{where}: start is {quoted(start)}, no stage before it{known_names}")
    seeds = item.get("seeds", [0])
    if not isinstance(seeds, list) or not seeds or not all(map(_is_seed, seeds)) or len(set(seeds)) < len(seeds):
        raise RecipeError(f"{where}: seeds is {quoted(seeds)}; it must be a list of different numbers, such as [0, 1]")
    mean, corpus_seed = item.get("mean", False), item.get("corpus_seed")
    if type(mean) is not bool or (mean and len(seeds) == 1):
        raise RecipeError(f"{where}: mean is {quoted(mean)}; it must be true (for several seeds) or false")
    if corpus_seed is not None and not _is_seed(corpus_seed):
        raise RecipeError(f"{where}: corpus_seed is {quoted(corpus_seed)}, not a number such as 20")
    return Stage(
        name=name, recipe=recipe, start=start, seeds=tuple(seed + own for own in seeds), mean=mean,
        corpus_seed=None if corpus_seed is None else seed + corpus_seed,
        settings=read_recipe(recipe, _merged(item.get("set") or {}, overrides, where)),
    )  # fmt: skip


def _is_seed(value: object) -> bool:
    return type(value) is int and 0 <= value < 2**31


def _merged(values: object, overrides: Overrides, where: str) -> dict[str, dict[str, object]]:
    """Return the overrides of a stage's `set` by section, and over them those of the command line."""
    if not isinstance(values, dict):
        raise RecipeError(f"{where}: set is {quoted(values)}; it must be a mapping such as {{train.steps: 500}}")
    merged: dict[str, dict[str, object]] = {}
    for key, value in values.items():
        section, dot, name = str(key).partition(".")
        if not dot:
            raise RecipeError(f"{where}: set has {key!r}; expected PART.KEY, for example train.steps")
        merged.setdefault(section, {})[name] = value
    for section, own in overrides.items():
        merged.setdefault(section, {}).update(own)
    reject_unknown_keys(merged, ["corpus", "model", "train"], f"{where}: set")
    return merged


def _check_shape(stage: Stage, start: Stage, where: str) -> None:
    own, other = ({**asdict(GPTConfig(**{**s.settings.model, "vocab_size": 2}))} for s in (stage, start))  # type: ignore[arg-type]
    for key, value in own.items():
        if value != other[key]:
            raise RecipeError(
                f"{where}: recipe {stage.recipe} has model.{key} = {value!r}, but its start, stage {start.name}, has "
                f"{other[key]!r}; the weights keep the shape of their start"
            )


def _begin(stage: Stage, folder: Path, inputs: Mapping[str, str]) -> None:
    """Write what a stage is made from, or compare it with what an interrupted run wrote."""
    own = folder / stage.name
    made_from: dict[str, Any] = {"seeds": list(stage.seeds), "mean": stage.mean, "corpus_seed": stage.corpus_seed}
    train = {k: v for k, v in stage.settings.train.as_dict.items() if k not in (*FREE_SETTINGS, "seed")}
    sections = {"corpus": asdict(stage.settings.corpus), "model": stage.settings.model, "train": train}
    made_from |= {f"{section}.{key}": value for section, values in sections.items() for key, value in values.items()}
    made_from |= inputs
    if stage.start is not None:
        if not _has_model(folder / stage.start):
            raise StageError(
                f"stage {stage.name} starts from stage {stage.start}, which is not finished in {folder}; train it first"
            )
        made_from["the weights of its start"] = _digest(folder / stage.start / "model" / WEIGHTS_FILE)
    file = own / STAGE_FILE
    line = as_line(made_from)
    if not file.exists():
        if own.exists() and any(not path.name.startswith(".") for path in own.iterdir()):
            raise OutputError(f"{own}: holds something else than this stage; delete it, or choose another --name")
        write_text_atomically(file, line)
        return
    before, now = read_record(file), json.loads(line)
    for key in sorted(set(before) | set(now)):
        if before.get(key) != now.get(key):
            raise StageError(
                f"stage {stage.name}: {key} is {quoted(now.get(key))}, but was {quoted(before.get(key))} when {own} "
                "was begun; go back to that, or delete the folder to train the stage anew"
            )


def _finish(stage: Stage, folder: Path, order: Sequence[str]) -> None:
    """Write the model of a stage whose seeds are trained, and then its record."""
    runs, own_model = stage.runs(folder), folder / stage.name / "model"
    models = [run.folder / "model" for run in runs]
    if stage.mean:
        average(models, own_model)
        domain = models[0] / DOMAIN_FILE
        keep_domain(domain if domain.is_file() else None, own_model)
    elif models[0] != own_model:
        _copy_model(models[0], own_model)
    trainings = [_training(model) for model in models]
    corpora = {run.corpus: each["corpus_seconds"] for run, each in zip(runs, trainings, strict=True)}
    records = _records(folder)
    records[stage.name] = {
        **stage.summary,
        "tokens": sum(each["tokens"] for each in trainings),
        "seconds": round(sum(each["seconds"] for each in trainings), 1),
        "corpus_seconds": round(sum(corpora.values()), 1),
        "val_loss": [each["val_loss"] for each in trainings],
        **{key: trainings[-1][key] for key in ("machine", "threads", "processes")},
    }
    write_lines(folder / RECORDS_FILE, [records[name] for name in order if name in records])


def _training(model: Path) -> dict[str, Any]:
    """Return the record of the training in a model's folder."""
    file = model / CONFIG_FILE
    extra = read_record(file, ("extra",))["extra"]
    training = extra.get("training") if isinstance(extra, dict) else None
    record = training if isinstance(training, dict) else {}
    types = {"tokens": int, "seconds": float, "corpus_seconds": float, "machine": str, "threads": int, "processes": int}
    check_fields(record, types, f"{file}: training")
    return {"val_loss": None, **record}


def _records(folder: Path) -> dict[str, Record]:
    file = folder / RECORDS_FILE
    return {str(record["stage"]): record for record in read_lines(file, ("stage",))} if file.exists() else {}


def _has_model(folder: Path) -> bool:
    return (folder / "model" / WEIGHTS_FILE).is_file()  # the weights are written last


def _copy_model(source: Path, target: Path) -> None:
    domain = source / DOMAIN_FILE
    keep_domain(domain if domain.is_file() else None, target)
    for name in (TOKENIZER_FILE, CONFIG_FILE, WEIGHTS_FILE):
        write_atomically(target / name, lambda temporary, name=name: shutil.copyfile(source / name, temporary))  # type: ignore[misc]


def _digest(path: Path) -> str:
    """Return a hash of a file, or of the weights in a model folder."""
    file = path / WEIGHTS_FILE if path.is_dir() else path
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()[:16]
    except OSError as error:
        raise StageError(f"{file}: cannot be read: {error.strerror or error}") from None
