"""Homes in which every kind of object and furniture has another name, for tests that names do not matter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace

from envs.symbolic.actions import Action
from envs.symbolic.domain import Domain
from envs.symbolic.scene import Scene

SYLLABLES = ("bra", "dle", "fi", "glo", "hu", "ja", "ke", "mi", "no", "pru", "sta", "tre", "vo")
NAMED = ("word", "fixture", "means")  # what names a category in the values of the goal language


def renaming(domain: Domain) -> dict[str, str]:
    """Return another name for every category; some have two words, and some contain a word that exists."""
    names = {}
    for i, name in enumerate((*domain.objects, *domain.fixtures)):
        made_up = f"{SYLLABLES[i % 13]}{SYLLABLES[i // 13]}k"
        names[name] = (made_up, f"{made_up} bowl", f"dog {made_up}")[i % 3]
    return names


def with_kinds_like(domain: Domain, names: Mapping[str, str]) -> Domain:
    """Return the domain with a kind that is like each known one that has another name."""
    objects, fixtures = domain.objects, domain.fixtures
    objects = {new: replace(objects[old], name=new, like=old) for old, new in names.items() if old in objects}
    fixtures = {new: replace(fixtures[old], name=new, like=old) for old, new in names.items() if old in fixtures}
    return domain.extended(objects=objects, fixtures=fixtures)


def renamed_scene(scene: Scene, names: Mapping[str, str]) -> Scene:
    """Return a home with other kinds, which are like its own."""
    called = {
        spec.name: spec.name.replace(spec.category, names.get(spec.category, spec.category), 1)
        for spec in (*scene.fixtures, *scene.objects)
    }
    return replace(
        scene,
        domain=with_kinds_like(scene.domain, names),
        fixtures=tuple(
            replace(f, name=called[f.name], category=names.get(f.category, f.category)) for f in scene.fixtures
        ),
        objects=tuple(
            replace(o, name=called[o.name], category=names.get(o.category, o.category), place=called[o.place])
            for o in scene.objects
        ),
    )


def renamed(value: object, names: Mapping[str, str]) -> object:
    """Return a value of the goal language about the other kinds."""
    if isinstance(value, tuple):
        return tuple(renamed(part, names) for part in value)
    if not is_dataclass(value) or isinstance(value, type):
        return value
    changes = {}
    for field in fields(value):
        part = getattr(value, field.name)
        changes[field.name] = names.get(part, part) if field.name in NAMED and part else renamed(part, names)
    return replace(value, **changes)


def renamed_action(action: Action, scene: Scene, other: Scene) -> Action:
    """Return an action in the home with the other kinds."""
    called = {
        a.name: b.name
        for a, b in zip((*scene.fixtures, *scene.objects), (*other.fixtures, *other.objects), strict=True)
    }
    return Action(action.skill, tuple(called[name] for name in action.args))
