"""Hostile and odd files: homes and recipes in YAML, task files, results to resume from, each mutated."""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path
from random import Random

import numpy as np
import yaml

from envs.scenes.home_file import dump_home
from envs.scenes.scene_sampler import sample_scene
from envs.symbolic.actions import State
from gpt.data.tokenized_documents import TokenizedDocuments
from planner.io.paths import datasets_dir
from tests.fuzz.inputs import texts

SCALARS = (
    "~", "null", "yes", "off", "1:30", "0x1F", "0o17", "1_000", ".inf", "-.inf", ".nan", "1e400", "1.0e+400", "9" * 400,
    "2024-01-01", "!!binary aGk=", "!!python/object/apply:os.system [id]", "!!set {a}", "!local x", "&x 1", "*x",
    "<<: *x", '"\\e[31m"', '"\\u202e"', '"\\0"', '"a\\nb"', "'{0.__class__}'", "../../x", "{a: 1}", "[1, 2]",
    "|\n  long\n", "? x", "- -",
)  # fmt: skip
SNIPPETS = (
    "\nname: {}\n", "\nseed: {}\n", "\nrobot: [{}, 2, 3]\n", "\nobjects: {}\n", "\nrooms: {}\n", "\t", "\ufeff", "\0",
    "\n  bedroom 1: [{}]\n", "\n---\n", "\n...\n", "%YAML 9.9\n---\n", "# {}", "    - {}\n",
    "    - sink: {{name: {}}}\n", "    - sink: {{count: {}}}\n", "    - sink: {{pose: [{}, 1, 1]}}\n",
    "doorways: [[{}, 1, 1, x]]\n",
)  # fmt: skip


@cache
def _yaml_texts(folder: str) -> tuple[str, ...]:
    return tuple(path.read_text(encoding="utf-8") for path in sorted((datasets_dir() / folder).glob("*.yaml")))


# A home's own skills, states and processes; the words of the other sections are those of datasets/kinds.
_OWN = """\
classes: [animal]
states: [fed]
negations: {hungry: fed}
furniture:
  dog: {body: plant, size: [0.4, 0.4, 0.5], classes: [animal], rooms: any, words: [puppy]}
  "potter's wheel": {like: oven, process: {when: ["on"], set: [hot], fill: water}}
things: {kibble: {like: ball of yarn}, ball of yarn: {shape: ball, size: 0.1, holds: none}}
skills: {feed: {text: "feed {animal}", when: ["holding {kibble}"], sets: ["{animal} fed"]},
  vacuum: {text: "vacuum {room}", when: ["hand empty"], sets: ["{room} vacuumed"]}}
"""


def home(rng: Random) -> str:
    """Return a home file: a bundled or a sampled one, mutated as a tree or as text."""
    original = rng.choice((*_yaml_texts("homes"), *_sampled_homes()))
    kinds = rng.choice((*_yaml_texts("kinds"), _OWN)) if rng.randrange(4) == 0 else ""
    return _mutated_yaml(rng, f"{kinds}{original}")


@cache
def _sampled_homes() -> tuple[str, ...]:
    return tuple(dump_home(sample_scene(seed, rooms=1, n_objects=12)) for seed in range(4))


def recipe(rng: Random) -> str:
    """Return a recipe, mutated like a home."""
    return _mutated_yaml(rng, rng.choice(_yaml_texts("recipes")))


def _mutated_yaml(rng: Random, text: str) -> str:
    choice = rng.randrange(8)
    if choice == 0:
        return _resource_bomb(rng)
    if choice < 5:
        tree = yaml.load(text, Loader=yaml.CSafeLoader)
        for _ in range(rng.choice((1, 1, 2, 5))):
            tree = _mutated_tree(tree, rng)
        text = yaml.dump(tree, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True)
    for _ in range(rng.randrange(4)):
        position = rng.randrange(len(text) + 1)
        piece = rng.choice(SCALARS) if rng.randrange(2) else rng.choice(SNIPPETS).format(rng.choice(SCALARS))
        lines = text.split("\n")
        match rng.randrange(4):
            case 0:
                text = text[:position] + piece + text[position:]
            case 1:
                lines.insert(rng.randrange(len(lines) + 1), piece)
                text = "\n".join(lines)
            case 2:
                number = rng.randrange(len(lines))
                lines[number : number + 1] = rng.choice(([], lines[number : number + 1] * 3, [" " + lines[number]]))
                text = "\n".join(lines)
            case _:
                text = texts.mutated(text, rng)
    return text


def _resource_bomb(rng: Random) -> str:
    size = rng.choice((3, 100, 5000))
    return rng.choice((
        "a0: &a0 [x, x, x]\n" + "".join(f"a{n + 1}: &a{n + 1} [*a{n}, *a{n}, *a{n}]\n" for n in range(min(size, 40))),
        "&a [*a]\n", "rooms: &r {kitchen: *r}\n", "[" * size, "{a: " * size, "- " * size, "a:\n" * size,
        "rooms: {kitchen: " + "[" * size + "]" * size + "}", "".join(" " * n + "a:\n" for n in range(min(size, 500))),
        "rooms:\n" + "".join(f"  r{n}: {{kind: kitchen, rect: [{n}, 0, {n + 1}, 1]}}\n" for n in range(size)),
        "rooms: {kitchen: [table]}\nobjects:\n" + "".join(f"  box {n + 1}: [box]\n" for n in range(min(size, 990))),
        "rooms: {kitchen: [countertop]}\ndoorways: [" + "[1, 1, 1, x], " * size + "]\n",
        "rooms: {kitchen: [" + "50 sink, " * size + "]}\n", "name: " + "x" * 40 * size, "x" * size + ": 1\n",
        "rooms: {kitchen: [{sink: {" + "a: 1, " * size + "}}]}\n",
    ))  # fmt: skip


def _mutated_tree(tree: object, rng: Random) -> object:
    """Return the tree with one of its nodes replaced, repeated, wrapped or removed."""
    if rng.randrange(5) and isinstance(tree, dict) and tree:
        key = rng.choice(list(tree))
        match rng.randrange(8):
            case 0:
                return {k: v for k, v in tree.items() if k != key}
            case 1:
                return {
                    (rng.choice((_without_surrogates(texts.odd(rng)), 7, None)) if k == key else k): v
                    for k, v in tree.items()
                }
            case _:
                return {k: _mutated_tree(v, rng) if k == key else v for k, v in tree.items()}
    if rng.randrange(5) and isinstance(tree, list) and tree:
        at = rng.randrange(len(tree))
        match rng.randrange(6):
            case 0:
                return tree[:at] + tree[at + 1 :]
            case 1:
                return tree[:at] + tree[at : at + 1] * rng.choice((2, 60)) + tree[at:]
            case _:
                return [_mutated_tree(v, rng) if i == at else v for i, v in enumerate(tree)]
    match rng.randrange(6):
        case 0:
            return [tree]
        case 1:
            return {"holds": tree, "count": rng.choice((0, 1, 50, 10**9)), "name": _without_surrogates(texts.odd(rng))}
        case 2:
            return rng.choice(texts.words())
        case 3 if isinstance(tree, str):
            return _without_surrogates(texts.mutated(tree, rng))
        case 4 if isinstance(tree, int | float):
            return rng.choice((0, -tree, tree * 1000, 10**30, float("nan"), float("inf"), tree + 0.3))
    return _without_surrogates(texts.value(rng))


def _without_surrogates(content: object) -> object:
    """Replace lone surrogates, which YAML cannot encode."""
    return json.loads(json.dumps(content, ensure_ascii=False).encode("utf-8", "replace"))


def tasks(rng: Random, state: State) -> bytes:
    """Return a task file, compressed or not, some of whose lines are wrong."""
    lines = []
    for number in range(rng.randrange(1, 4)):
        task: dict[str, object] = {
            "id": rng.choice((str(number), "x", texts.odd(rng))),
            "instruction": texts.instruction(rng, state) if rng.randrange(3) == 0 else "set the table",
            "goal": texts.goal(rng, state) if rng.randrange(2) else "mug on desk",
            "home": rng.choice((None, None, None, 7, "studio.yaml", 2**70, "", texts.odd(rng), "/dev/zero", "x" * 999)),
            "objects": [rng.choice(texts.words()) for _ in range(rng.choice((0, 2, 9)))],
            "facts": [texts.goal(rng, state)] if rng.randrange(4) == 0 else [],
            "absent": [rng.choice(texts.words())] * rng.choice((0, 1, 3)),
            "answer": rng.choice(("plan", "plan", "refuse", "ask", "query", "rule")),
        }
        told = {"query": "? where mug", "rule": "never mug on desk ; never open fridge"}
        if rng.randrange(3):
            task["goal"] = told.get(str(task["answer"]), task["goal"])
        for _ in range(rng.choice((0, 0, 1, 2))):
            key = rng.choice((*task, "steps", "family", "reference", "unread", "context", texts.odd(rng)))
            task[key] = texts.value(rng)
        lines.append(json.dumps(task, ensure_ascii=rng.randrange(2) == 0))
        if rng.randrange(8) == 0:
            long = '{"id": ' + "9" * 5000 + "}"
            lines.append(rng.choice(("[" * 5000, "{", "[]", "1", long, texts.mutated(lines[-1], rng))))
    raw = "\n".join(lines).encode("utf-8", "surrogatepass" if rng.randrange(4) == 0 else "replace")
    return raw if rng.randrange(6) else damaged(gzip.compress(raw, mtime=0), rng)


def records(rng: Random) -> bytes:
    """Return a results file that a command would resume from."""
    lines: list[object] = [{"about": {"seed": 0}}, {"key": "a", "success": True}, {"key": "b", "success": False}]
    if rng.randrange(8) == 0:
        lines.append(rng.choice((2**70, "\u2028", [[]])))
    for _ in range(rng.choice((0, 1, 2))):
        lines[rng.randrange(len(lines))] = texts.value(rng)
    return damaged("".join(json.dumps(line) + "\n" for line in lines).encode(), rng)


def write_documents(rng: Random, folder: Path) -> None:
    """Write tokenized documents that are intact, or of which one or two files are wrong."""
    lists = [[rng.randrange(300) for _ in range(rng.randrange(9))] for _ in range(rng.randrange(4))]
    TokenizedDocuments.from_lists(lists).save(folder)
    for path in rng.sample(sorted(folder.glob("*.npy")), rng.choice((0, 1, 1, 2))):
        array = np.load(path)
        match rng.randrange(9):
            case 0:
                array = array[::-1]
            case 1:
                array = array.astype(rng.choice((np.float64, np.int8, np.bool_, np.uint64, "<U3", "M8[s]")))
            case 2:
                array = np.array([rng.choice((None, {}, print))], dtype=object)  # a pickle
            case 3:
                array = array.reshape(rng.choice(((-1, 1), (1, -1)))) if array.size else np.float64(np.nan)
            case 4:
                array = array[: rng.randrange(len(array) + 1)] if array.ndim else array
            case 5:
                array = np.zeros(len(array) if array.ndim else 1, [("a", "i4"), ("b", "i4")])
            case 6 if array.size and array.dtype.kind in "iu":
                array[rng.randrange(len(array))] = rng.choice((0, 1, 100))
            case _:
                path.write_bytes(damaged(path.read_bytes(), rng))
                continue
        np.save(path, array, allow_pickle=True)


def damaged(raw: bytes, rng: Random) -> bytes:
    """Return the bytes, often with some of them changed, cut off or inserted."""
    for _ in range(rng.choice((0, 0, 1, 3))):
        position = rng.randrange(len(raw) + 1)
        raw = rng.choice((raw[:position], raw[:position] + rng.randbytes(rng.randrange(1, 9)) + raw[position:],
                          raw[:position] + rng.randbytes(1) + raw[position + 1 :]))  # fmt: skip
    return raw
