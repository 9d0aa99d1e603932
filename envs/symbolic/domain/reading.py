"""A domain file: YAML in, a checked `Domain` out."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from typing import Any, Literal, cast

from envs.errors import DomainError, nearest
from envs.files import safe_yaml
from envs.symbolic.domain.categories import FixtureCategory, ObjectCategory, Process, Region, Relation, Vec3
from envs.symbolic.domain.domain import Domain
from envs.symbolic.domain.sampling import Sampling
from envs.symbolic.domain.speech import Speech
from envs.symbolic.skills.notation import parse_skills


def _vec3(value: object, where: str) -> Vec3:
    if not isinstance(value, list) or len(value) != 3 or not all(isinstance(v, (int, float)) for v in value):
        raise DomainError(f"{where}: expected three numbers, found {value!r}")
    return (float(value[0]), float(value[1]), float(value[2]))


def _region(raw: dict[str, object], where: str) -> Region:
    return Region(
        z=float(cast(float, raw.get("z", 0.0))),
        size=_vec3(raw["size"], f"{where}.size"),
        x=float(cast(float, raw.get("x", 0.0))),
    )


def _object(name: str, raw: dict[str, object]) -> ObjectCategory:
    known = {"shape", "size", "color", "classes", "at", "holds", "fills", "contains", "slices", "cooks", "folds",
             "cuts", "wipes", "metal"}  # fmt: skip
    if extra := set(raw) - known:
        raise DomainError(f"objects.{name}: unknown key {sorted(extra)[0]!r}{nearest(sorted(extra)[0], known)}")
    holds = cast("dict[str, object] | None", raw.get("holds"))
    flags: dict[str, Any] = {
        key: bool(raw.get(key, False)) for key in ("fills", "slices", "cooks", "folds", "cuts", "wipes", "metal")
    }
    return ObjectCategory(
        name=name,
        shape=str(raw["shape"]),
        size=_vec3(raw["size"], f"objects.{name}.size"),
        color=_vec3(raw["color"], f"objects.{name}.color"),
        classes=tuple(cast("list[str]", raw.get("classes", []))),
        at=tuple(cast("list[str]", raw["at"])),
        holds=_region(holds, f"objects.{name}.holds") if holds else None,
        relation=cast(Relation, holds["relation"]) if holds else None,
        contains=cast("str | None", raw.get("contains")),
        **flags,
    )


def _fixture(name: str, raw: dict[str, object]) -> FixtureCategory:
    known = {"body", "size", "rooms", "region", "relation", "joint", "switch", "wipeable", "waterable", "close_after",
             "accepts", "classes"}  # fmt: skip
    if extra := set(raw) - known:
        raise DomainError(f"fixtures.{name}: unknown key {sorted(extra)[0]!r}{nearest(sorted(extra)[0], known)}")
    region = cast("dict[str, object] | None", raw.get("region"))
    if (region is None) != (raw.get("relation") is None):
        raise DomainError(f"fixtures.{name}: `region` and `relation` go together")
    return FixtureCategory(
        name=name,
        body=str(raw["body"]),
        size=_vec3(raw["size"], f"fixtures.{name}.size"),
        rooms=tuple(cast("list[str]", raw["rooms"])),
        region=_region(region, f"fixtures.{name}.region") if region else None,
        relation=cast("Relation | None", raw.get("relation")),
        joint=cast("Literal['hinge', 'flap', 'slide'] | None", raw.get("joint")),
        switch=bool(raw.get("switch", False)),
        wipeable=bool(raw.get("wipeable", False)),
        waterable=bool(raw.get("waterable", False)),
        close_after=bool(raw.get("close_after", False)),
        accepts=tuple(cast("list[str]", raw.get("accepts", []))),
        classes=tuple(cast("list[str]", raw.get("classes", []))),
    )


def _process(name: str, raw: dict[str, object]) -> Process:
    words = {key: tuple(cast("list[str]", raw.get(key, []))) for key in ("at", "when", "set", "clear")}
    return Process(name=name, fill=cast("str | None", raw.get("fill")), cook=bool(raw.get("cook", False)), **words)


def _looks(group: str, words: dict[str, object]) -> dict[str, tuple[float, ...]]:
    """Read what the words of a group of properties do to the body: one factor, or a color."""
    values = {}
    for word, value in words.items():
        numbers = value if isinstance(value, list) else [value]
        if len(numbers) not in ((1,) if group == "size" else (0, 3, 4)):
            raise DomainError(f"properties.{group}.{word}: found {len(numbers)} numbers")
        values[word] = tuple(float(cast(float, n)) for n in numbers)
    return values


def _sampling(raw: dict[str, Any]) -> Sampling:
    """Return the tables of a section, with tuples in place of lists."""

    def frozen(value: Any) -> Any:
        if isinstance(value, list):
            return tuple(value)
        return {key: frozen(entry) for key, entry in value.items()} if isinstance(value, dict) else value

    return Sampling(**frozen(raw))


def read_domain(raw: Any) -> Domain:
    """Return the domain of a parsed domain file.

    Raises:
        DomainError: The file contradicts itself; the message names the entry.
    """
    domain = Domain.of(
        states=tuple(raw["states"]),
        negations=dict(raw["negations"]),
        exclusive=tuple((a, b) for a, b in raw["exclusive"]),
        liquids=tuple(raw["liquids"]),
        properties={group: _looks(group, words) for group, words in raw["properties"].items()},
        skills={},
        processes=tuple(_process(name, entry) for name, entry in raw["processes"].items()),
        classes=tuple(raw["classes"]),
        objects={name: _object(name, entry) for name, entry in raw["objects"].items()},
        fixtures={name: _fixture(name, entry) for name, entry in raw["fixtures"].items()},
        sampling=_sampling(raw["sampling"]),
        speech=Speech(of_home=True),
    )
    return domain.extended(skills=parse_skills(raw["skills"], domain.vocabulary))


@lru_cache(maxsize=1)
def default_domain() -> Domain:
    """Return the domain of `envs/domain.yaml`, as `load_domain()` does."""
    return read_domain(safe_yaml.load(resources.files("envs").joinpath("domain.yaml").read_text("utf-8"), bundled=True))
