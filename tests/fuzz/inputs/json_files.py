"""JSON and JSON lines that a program of ours wrote, changed as a tree, as text or as bytes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from random import Random
from typing import TypeVar

from tests.fuzz.inputs import texts
from tests.fuzz.inputs.files import damaged

NUMBERS = (0, -1, 1, 2, 64, 2**31, 2**63, 10**30, 1e308, -0.0, 0.5, float("nan"), float("inf"))
NAMES = ("mug 1", "mug 2", "mug 01", "mug 1 ", "Mug 1", "mug \u0661", "mug -1", "mug 999999999999", "mug", " 1", "")

Tree = TypeVar("Tree")


def changed(tree: Tree, rng: Random, *, times: int | None = None) -> Tree:
    """Return a copy of a JSON value in which some nodes were replaced, renamed, repeated or dropped."""
    copy = json.loads(json.dumps(tree))
    for _ in range(rng.choice((0, 1, 1, 2, 4)) if times is None else times):
        copy = _changed_once(copy, rng)
    return copy  # type: ignore[no-any-return]


def _changed_once(tree: object, rng: Random) -> object:
    if isinstance(tree, dict) and tree and rng.randrange(6):
        key = rng.choice(list(tree))
        match rng.randrange(8):
            case 0:
                return {k: v for k, v in tree.items() if k != key}
            case 1:
                return {(_name(rng) if k == key else k): v for k, v in tree.items()}
            case 2:
                return {**tree, _name(rng): tree[key]}
            case _:
                return {**tree, key: _changed_once(tree[key], rng)}
    if isinstance(tree, list) and tree and rng.randrange(6):
        at = rng.randrange(len(tree))
        match rng.randrange(6):
            case 0:
                return tree[:at] + tree[at + 1 :]
            case 1:
                return tree[:at] + tree[at : at + 1] * rng.choice((2, 40)) + tree[at + 1 :]
            case _:
                return [_changed_once(v, rng) if i == at else v for i, v in enumerate(tree)]
    match rng.randrange(7):
        case 0:
            return [tree]
        case 1 if isinstance(tree, str):
            return texts.mutated(tree, rng)
        case 2:
            return rng.choice(texts.words())
        case 3:
            return rng.choice(NUMBERS)
        case 4:
            return _name(rng)
    return texts.value(rng)


def _name(rng: Random) -> str:
    return rng.choice((rng.choice(NAMES), texts.odd(rng), rng.choice(texts.words()) + " 1"))


def raw(tree: object, rng: Random) -> bytes:
    """Return a JSON file: as written, or with what other writers and editors do to one."""
    text = json.dumps(tree, ensure_ascii=rng.randrange(2) == 0, indent=rng.choice((None, None, 1)))
    match rng.randrange(16):
        case 0:
            text = rng.choice(("", "null", "[]", "{}", "1", "[" * 9000, '{"a":' * 9000, "9" * 5000, "NaN", '"x"'))
        case 1:
            text = texts.mutated(text, rng)
        case 2:
            text = rng.choice(("\ufeff", "// a\n", "\n\n", " ")) + text + rng.choice(("", "\0", "\n\n", "{}", ","))
        case 3 if text.startswith("{") and len(text) > 2:  # every key twice
            text = text[:-1] + "," + text[1:]
    encoded = text.encode("utf-8", "surrogatepass" if rng.randrange(4) == 0 else "replace")
    return damaged(encoded, rng) if rng.randrange(4) == 0 else encoded


def lines(records: Sequence[object], rng: Random) -> bytes:
    """Return a file of JSON lines in which some lines are changed, missing, repeated or no JSON."""
    changed_records = [changed(record, rng, times=1) if rng.randrange(6) == 0 else record for record in records]
    if changed_records and rng.randrange(6) == 0:
        at = rng.randrange(len(changed_records))
        changed_records[at : at + 1] = rng.choice(([], changed_records[at : at + 1] * 2))
    parts = [json.dumps(record, ensure_ascii=rng.randrange(2) == 0) for record in changed_records]
    if rng.randrange(8) == 0:
        odd_line = rng.choice(("", "{", "[]", "1", "null", "[" * 9000, "9" * 5000, '{"id": "\u2028"}', texts.odd(rng)))
        parts.insert(rng.randrange(len(parts) + 1), odd_line)
    end = rng.choice(("\n", "\n", "\n", "\r\n"))
    text = end.join(parts) + rng.choice((end, end, ""))
    encoded = text.encode("utf-8", "surrogatepass" if rng.randrange(4) == 0 else "replace")
    return damaged(encoded, rng) if rng.randrange(4) == 0 else encoded
