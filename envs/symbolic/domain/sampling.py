"""How homes of a domain are sampled: tables of the domain file's section `sampling` (envs/scenes/scene_sampler.py)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Numbers = Mapping[str, float]
Lists = Mapping[str, tuple[str, ...]]
Amount = tuple[float, int, int]  # chance of any, minimum, maximum


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """Where things are and how many there are, as far as `rooms` and `at` of the kinds do not say it.

    Attributes:
        first_room: The kind of room that every home has; None: the first one with furniture.
        rooms: Relative weight of each kind of room as the next one; empty: all kinds alike.
        second_rooms: The same for a second room of a kind, in large homes.
        furniture: By kind of room and kind of furniture, the chance of any, the minimum and the maximum; empty: all
            furniture that lists the room.
        own_room: Furniture that stands only in one kind of room, where a home has such a room.
        chances: By state and kind or class, the chance that it is so at the start.
        setting: Tableware of a set table.
        guests: What a home for guests has many of.
        several: Kinds of object of which a home often has two or three.
        soiled_at: By class of objects that get dirty in use, the furniture at which the dirty ones lie.
        natural_rooms: By class, the kinds of room where its objects belong.
        nested_in: By kind or class, the movable containers that such objects are kept in.
        strewn: Objects that lie on floors.
        strewn_in: Relative weight of clutter by kind of room.
        filled_with: By kind of vessel, the liquids that it may hold.
        hot_liquids: Liquids that are often hot.
    """

    first_room: str | None = None
    rooms: Numbers = field(default_factory=dict)
    second_rooms: Numbers = field(default_factory=dict)
    furniture: Mapping[str, Mapping[str, Amount]] = field(default_factory=dict)
    own_room: Mapping[str, str] = field(default_factory=dict)
    chances: Mapping[str, Numbers] = field(default_factory=dict)
    setting: tuple[str, ...] = ()
    guests: tuple[str, ...] = ()
    several: tuple[str, ...] = ()
    soiled_at: Lists = field(default_factory=dict)
    natural_rooms: Lists = field(default_factory=dict)
    nested_in: Lists = field(default_factory=dict)
    strewn: tuple[str, ...] = ()
    strewn_in: Numbers = field(default_factory=dict)
    filled_with: Lists = field(default_factory=dict)
    hot_liquids: tuple[str, ...] = ()
