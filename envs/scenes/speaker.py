"""Whoever gives instructions is in the home: a person is added where a home has none.

A home with a `person` keeps it: the first person is the speaker. Otherwise `person 1` stands in a room where people are
(living room, kitchen, bedroom, …), or where the home file says. The place is searched after everything else has its
own, without a random draw: nothing else in the home changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from envs.scenes.furniture_layout import footprint, free_poses
from envs.scenes.occupancy_grid import fixtures_without_access
from envs.symbolic.domain import Domain, load_domain
from envs.symbolic.goals import Goal
from envs.symbolic.scene import FixtureSpec, Room, Scene

MAX_CHECKED = 300  # poses in a room of which it is checked whether the robot still gets everywhere


def speaker_of(scene: Scene) -> str | None:
    """Return the name of the person who gives instructions, the home's first; None if it has none."""
    return next((fixture.name for fixture in scene.fixtures if fixture.category == scene.domain.person), None)


def needs_person(goal: Goal, domain: Domain | None = None) -> bool:
    """Whether a goal is about something with a person, such as `cup with person`; by default of the default domain."""
    person = (domain or load_domain()).person
    places = [getattr(condition, "place", None) for condition in goal.conditions]
    while places:
        place = places.pop()
        if place is not None:
            if person is not None and place.fixture == person:
                return True
            places.append(place.inside)
    return False


def with_speaker(scene: Scene, at: str | None = None, *, geometry: bool = True) -> Scene:
    """Return the scene with a person in it: the same scene if it has one.

    Args:
        scene: The home.
        at: The room, or the fixture beside which the speaker stands; by default a room where people are.
        geometry: Whether the speaker gets a pose. If no room has floor for one more, or the domain has no people, the
            scene stays as it is.
    """
    person = scene.domain.person
    if person is None or speaker_of(scene) is not None:
        return scene
    rooms = _rooms(scene, person, at)
    if not geometry:
        return _added(scene, person, rooms[0], (0.0, 0.0, 0.0))
    for room in rooms:
        for pose in _poses(scene, person, room, at):
            with_person = _added(scene, person, room, pose)
            if not fixtures_without_access(with_person):
                return with_person
    return scene


def _rooms(scene: Scene, person: str, at: str | None) -> list[Room]:
    for fixture in scene.fixtures:
        if fixture.name == at:
            at = fixture.room
    named = [room for room in scene.rooms if room.name == at]
    kinds = scene.domain.fixtures[person].rooms
    return named or sorted(
        scene.rooms, key=lambda room: kinds.index(room.kind) if room.kind in kinds else len(kinds)
    )  # stable: the first of two rooms of a kind


def _poses(scene: Scene, person: str, room: Room, at: str | None) -> Iterator[tuple[float, float, float]]:
    """Yield poses with free floor around, the nearest to the fixture or to the middle of the room first."""
    x0, y0, x1, y1 = next((footprint(f, scene.domain) for f in scene.fixtures if f.name == at), room.rect)
    middle = np.array(((x0 + x1) / 2, (y0 + y1) / 2))
    for roominess in (2, 1, 0):
        poses = free_poses(scene, room, person, roominess=roominess)
        order = np.argsort(((poses[:, :2] - middle) ** 2).sum(axis=1).round(6), kind="stable")[:MAX_CHECKED]
        yield from poses[order].tolist()


def _added(scene: Scene, person: str, room: Room, pose: tuple[float, float, float]) -> Scene:
    """Return the scene with a person after the other fixtures of a room, where a home file would have it."""
    x, y, yaw = pose
    fixture = FixtureSpec(name=f"{person} 1", category=person, room=room.name, x=x, y=y, yaw=yaw)
    order = [r.name for r in scene.rooms]
    n_before = sum(order.index(f.room) <= order.index(room.name) for f in scene.furniture)
    return replace(scene, fixtures=(*scene.fixtures[:n_before], fixture, *scene.fixtures[n_before:]))
