"""Files of labeled pictures for training: `pictures-SPLIT-SEED-00012.npz`, written atomically.

pictures  uint8 (N, 192, 192, 3)
cells     uint8 (N, 24, 24)   class of each cell of 8 x 8 pixels (planner/perception/image_labels.py)
centres   uint8 (N, 24, 24)   class of a listed object in the cell of its center; otherwise 0
states    uint8 (N, 24, 24)   bits of that object's states
furniture uint8 (N,)          category
furniture_states uint8 (N,)   bits
texts     a JSON list of listings
"""

from __future__ import annotations

import json
import struct
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from tokenize import TokenError
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from envs.errors import quoted
from gpt.files import write_atomically
from planner.errors import PlannerError
from planner.perception.image_labels import (
    FURNITURE_STATES,
    GRID,
    SIZE,
    THING_STATES,
    classes,
    furniture,
    parse_listing,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from envs.symbolic.actions import World
    from planner.perception.camera_views import Picture

MIN_CELL_PIXELS = 6  # pixels of an object that make it the cell's class
CELL = SIZE // GRID


ARRAYS = ("pictures", "cells", "centres", "states", "furniture", "furniture_states")  # names in the files, which stay

# What numpy raises for damaged files; the header of an array is Python source.
_DAMAGE = (
    OSError, KeyError, ValueError, EOFError, TypeError, OverflowError, NotImplementedError, RecursionError, TokenError,
    MemoryError, zipfile.BadZipFile, zlib.error, struct.error,
)  # fmt: skip


class Shard(NamedTuple):
    """The content of a file; see the module."""

    pictures: NDArray[np.uint8]
    cells: NDArray[np.uint8]
    centers: NDArray[np.uint8]
    states: NDArray[np.uint8]
    furniture: NDArray[np.uint8]
    furniture_states: NDArray[np.uint8]
    texts: list[str]


def label_pictures(world: World, pictures: Sequence[Picture]) -> Shard:
    """Return pictures of a home with their training labels."""
    class_index = {name: k for k, name in enumerate(classes())}
    class_of_entity = np.array([*(class_index[c] for c in world.categories), 0], np.uint8)
    rows = [_labels(picture, class_of_entity, world.n_fixtures) for picture in pictures]
    listings = [picture.listing for picture in pictures]
    furniture_names = furniture()
    return Shard(
        pictures=np.stack([picture.rgb for picture in pictures]),
        cells=np.stack([row[0] for row in rows]),
        centers=np.stack([row[1] for row in rows]),
        states=np.stack([row[2] for row in rows]),
        furniture=np.array([furniture_names.index(listing.furniture) for listing in listings], np.uint8),
        furniture_states=np.array([_bits(listing.states, FURNITURE_STATES) for listing in listings], np.uint8),
        texts=[listing.text for listing in listings],
    )


def _labels(
    picture: Picture, class_of_entity: NDArray[np.uint8], n_fixtures: int
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]:
    entities = picture.entities
    cells = class_of_entity[entities[CELL // 2 :: CELL, CELL // 2 :: CELL]].copy()
    cells[(entities[CELL // 2 :: CELL, CELL // 2 :: CELL] >= n_fixtures)] = 0
    max_pixels = np.full((GRID, GRID), MIN_CELL_PIXELS - 1)
    centers, states = np.zeros((GRID, GRID), np.uint8), np.zeros((GRID, GRID), np.uint8)
    items = dict(zip(picture.things, picture.items, strict=True))
    for entity in np.unique(entities[entities >= n_fixtures]).tolist():
        mask = entities == entity
        counts = mask.reshape(GRID, CELL, GRID, CELL).sum((1, 3))
        larger = counts > max_pixels
        cells[larger], max_pixels[larger] = class_of_entity[entity], counts[larger]
        if entity in items:
            rows, columns = np.nonzero(mask)
            center = int(rows.mean()) // CELL, int(columns.mean()) // CELL
            centers[center], states[center] = class_of_entity[entity], _bits(items[entity].states, THING_STATES)
    return cells, centers, states


def _bits(states: Sequence[str], order: Sequence[str]) -> int:
    return sum(1 << order.index(state) for state in states)


def concatenate_shards(shards: Sequence[Shard]) -> Shard:
    """Concatenate shards."""
    arrays = [np.concatenate(parts) for parts in zip(*(shard[:-1] for shard in shards), strict=True)]
    return Shard._make([*arrays, [text for shard in shards for text in shard.texts]])


def write_shard(path: Path, shard: Shard) -> None:
    """Write a shard atomically."""
    arrays = dict(zip(ARRAYS, shard[:-1], strict=True))
    texts = np.frombuffer(json.dumps(shard.texts).encode(), np.uint8)

    def write(temporary_path: Path) -> None:
        with open(temporary_path, "wb") as file:
            np.savez(file, texts=texts, **arrays)  # type: ignore[arg-type]

    write_atomically(path, write)


def read_shard(path: Path) -> Shard:
    """Read a shard.

    Raises:
        PlannerError: The file is damaged or not a shard.
    """
    try:
        with open(path, "rb") as opened, np.load(opened, allow_pickle=False) as file:
            texts = json.loads(file["texts"].tobytes())
            arrays = {name: file[name] for name in ARRAYS}
    except _DAMAGE as error:
        reason = " ".join(str(error).split())[:200]
        raise PlannerError(f"{path}: not a file of planner.perception.training.render: {reason}") from None
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise PlannerError(f"{path}: its texts are not a list of texts")
    if (wrong := next((text for text in texts if parse_listing(text) is None), None)) is not None:
        raise PlannerError(f"{path}: the text {quoted(wrong)} is not a listing")
    grid, count = (GRID, GRID), len(texts)
    shapes = {"pictures": (SIZE, SIZE, 3), "cells": grid, "centres": grid, "states": grid}
    for name, array in arrays.items():
        expected = (count, *shapes.get(name, ()))
        if array.shape != expected or array.dtype != np.uint8:
            raise PlannerError(f"{path}: {name} is {array.dtype} of shape {array.shape}, not uint8 of {expected}")
    return Shard._make([*arrays.values(), texts])


def shards_in(folder: Path) -> list[Path]:
    """Return the shard files of a folder, sorted."""
    return sorted(folder.glob("pictures-*.npz"))
