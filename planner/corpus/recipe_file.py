"""Recipe files: YAML that configures a training run; command-line flags override its values.

A recipe has three sections: `corpus` (planner.corpus.corpus.Recipe), `model` (gpt.GPTConfig) and `train`
(gpt.TrainConfig). An unknown key is an error that suggests the nearest one. A recipe with `stages` names other recipes
(planner/corpus/stages.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from envs.errors import nearest, quoted
from envs.files import safe_yaml
from envs.files.bounded_files import ReadError, read_text
from gpt.model.transformer import GPTConfig
from gpt.training.config import TrainConfig
from planner.corpus.corpus import Recipe
from planner.errors import RecipeError
from planner.io.paths import datasets_dir

_NUMBER_TYPES = ("int", "int | None", "float")  # of the fields, as they are annotated


@dataclass(frozen=True, kw_only=True)
class Settings:
    """A resolved recipe; `model` has no vocabulary size, because the tokenizer determines it."""

    corpus: Recipe
    model: dict[str, object]
    train: TrainConfig


def load_recipe_file(name: str) -> tuple[Path, dict[str, Any]]:
    """Return the path and the mapping of a recipe, by its name in `datasets/recipes/` or by path.

    Raises:
        RecipeError: The file is missing, or not a mapping in YAML.
    """
    path = Path(name)
    if not path.suffix and "/" not in name:
        path = datasets_dir() / "recipes" / f"{name}.yaml"
    try:
        raw = safe_yaml.load(read_text(path, safe_yaml.MAX_BYTES))
    except ReadError as error:
        available = ", ".join(sorted(p.stem for p in (datasets_dir() / "recipes").glob("*.yaml")))
        raise RecipeError(f"no such recipe ({error}); there are: {available}") from None
    except safe_yaml.YamlError as error:
        raise RecipeError(f"{path}: {error}") from None
    if not isinstance(raw, dict):
        raise RecipeError(f"{path}: expected a mapping with corpus, model and train, or with stages")
    return path, raw


def read_recipe(name: str, overrides: dict[str, dict[str, object]] | None = None) -> Settings:
    """Read a recipe by its name in `datasets/recipes/` or by path; `overrides` replaces values by section and key.

    Raises:
        RecipeError: The file is missing or not YAML, has stages, or has an unknown key or an invalid value.
    """
    path, raw = load_recipe_file(name)
    if "stages" in raw:
        raise RecipeError(f"{path}: a recipe with stages; here, one with corpus, model and train is needed")
    sections: dict[str, dict[str, Any]] = {}
    known_keys = {"corpus": Recipe, "model": GPTConfig, "train": TrainConfig}
    reject_unknown_keys(raw, known_keys, str(path))
    for section, config_class in known_keys.items():
        values = raw.get(section) or {}
        if not isinstance(values, dict):
            raise RecipeError(f"{path}: {section} must be a mapping, found {quoted(values)}")
        values = {**values, **(overrides or {}).get(section, {})}
        reject_unknown_keys(values, [f.name for f in fields(config_class)], f"{path}: {section}")
        for field in fields(config_class):
            if values.get(field.name) is not None and field.type in _NUMBER_TYPES:
                where = f"{path}: {section}.{field.name}"
                values[field.name] = _number(values[field.name], whole=field.type != "float", where=where)
        sections[section] = values
    corpus = sections["corpus"]
    try:
        corpus |= {key: tuple(corpus[key]) for key in ("parts", "without") if key in corpus}
        GPTConfig(vocab_size=int(corpus.get("vocab_size", 2048)), **sections["model"])
        return Settings(corpus=Recipe(**corpus), model=sections["model"], train=TrainConfig(**sections["train"]))
    except (TypeError, ValueError, OverflowError) as error:
        raise RecipeError(f"{path}: {error}") from None


def reject_unknown_keys(values: dict[str, Any], known: Iterable[str], where: str) -> None:
    """Raise a RecipeError that names the first unknown key and the nearest known one."""
    known_names = list(known)
    for key in values:
        if key not in known_names:
            raise RecipeError(f"{where}: unknown key {key!r}{nearest(str(key), known_names)}")


def _number(value: object, *, whole: bool, where: str) -> int | float:
    if isinstance(value, str):
        raise RecipeError(f"{where} is the text {quoted(value)}, not a number such as {'500' if whole else '1e-3'}")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RecipeError(f"{where} is {quoted(value)}, not a number")
    if not whole:
        return value
    if isinstance(value, float):
        if not value.is_integer():
            raise RecipeError(f"{where} is {value!r}; it must be a whole number")
        return int(value)  # 1e4 steps
    return value
