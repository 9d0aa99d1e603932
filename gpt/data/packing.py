"""Best-fit packing: many short documents into few rows of one length (Ding et al. 2024, arXiv:2404.10830)."""

from __future__ import annotations

from collections.abc import Sequence

from gpt.errors import ConfigError

MAX_BRANCHES = 255
"""Branches per document: their numbers are bytes, and 0 is the prefix."""


def pack_best_fit(lengths: Sequence[int], capacity: int) -> list[list[int]]:
    """Put each item, longest first, into the fullest row that still has room.

    Args:
        lengths: Length of each item, in 1..capacity.
        capacity: Length of a row.

    Returns:
        Rows of indices into `lengths`. Each item is in exactly one row; items of equal length keep their order.
    """
    rows: list[list[int]] = []
    rows_with_room: list[list[list[int]]] = [[] for _ in range(capacity + 1)]
    rooms = 0  # bit r: some row has room r; the smallest room >= n is the lowest set bit of rooms >> n
    for item in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        n = lengths[item]
        if not 1 <= n <= capacity:
            raise ConfigError(f"item {item} has length {n}; it must be in 1..{capacity}")
        fitting = rooms >> n
        if fitting:
            room = n + (fitting & -fitting).bit_length() - 1
            row = rows_with_room[room].pop()
            if not rows_with_room[room]:
                rooms ^= 1 << room
        else:
            room, row = capacity, []
            rows.append(row)
        row.append(item)
        remaining = room - n
        if remaining:
            rows_with_room[remaining].append(row)
            rooms |= 1 << remaining
    return rows
