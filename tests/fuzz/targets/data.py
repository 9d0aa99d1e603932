"""Files of tasks and of corpora: benchmarks, recipes, packed documents, pictures for training."""

from __future__ import annotations

import json
import os
from itertools import islice
from random import Random
from unittest import mock

from gpt.data.batches import PackedBatches
from gpt.data.tokenized_documents import TokenizedDocuments
from planner.benchmarks.alfred_gpt2.rows import Notation, read_rows
from planner.corpus.builder import build_corpus
from planner.corpus.corpus import Corpus, Recipe
from planner.corpus.recipe_file import read_recipe
from planner.errors import WorkersError
from planner.prompts.text_format import encode_tree
from planner.tasks.held_out_trials import family_of, sample_lines
from planner.tasks.task_files import read_tasks
from planner.tasks.task_homes import home_for
from tests.fuzz.inputs import files, json_files, texts
from tests.fuzz.targets.contract import loaded_planner, only_our_errors, scratch_folder, some_state


def tasks(rng: Random) -> None:
    """A task file: tasks whose homes can be built, or a list of its problems."""
    with scratch_folder() as folder:
        path = folder / ("tasks.jsonl" + rng.choice(("", ".gz")))
        path.write_bytes(files.tasks(rng, some_state(rng)))
        with only_our_errors(path):
            lines = read_tasks(path)
            assert len({line.id for line in lines}) == len(lines)
            assert len(sample_lines(lines, 2, 0)) == min(2, len(lines))
            for task in lines:
                task.instruction.encode()
                family_of(task).encode()
                with only_our_errors():
                    home_for(task, geometry=False)


def human_lines(rng: Random) -> None:
    """A task file of `planner.train --corpus`: documents in which nothing that people wrote is a special token."""
    tokenizer = loaded_planner().tokenizer
    with scratch_folder() as folder:
        path = folder / "tasks.jsonl"
        path.write_bytes(files.tasks(rng, some_state(rng)))
        with only_our_errors(path):
            human = [task for task in read_tasks(path) if task.goal is not None]
            recipe = Recipe(
                trees=2, human=rng.choice((0.5, 1.0)), with_steps=rng.choice((0.0, 1.0)), varied=rng.choice((0.0, 1.0)),
                with_inventory=rng.choice((0.0, 0.5, 1.0)), tasks_per_home=1, plans=0.0,
            )  # fmt: skip
            corpus = Corpus(recipe, rng.randrange(1000), human=human)
            for tree in islice(corpus.trees(), 2):
                n_segments = sum(len(part) for part in (tree.trunk, *tree.branches))
                specials = {tokenizer.special(s.special_token) for part in (tree.trunk, *tree.branches) for s in part}
                for tokens, mask, branches in encode_tree(tree, tokenizer, 512):
                    assert len(tokens) == len(mask) == len(branches) <= 512
                    assert sum(token in specials for token in tokens) <= n_segments


def rows(rng: Random) -> None:
    """Rows of the alfred-gpt2 benchmark: programs that are written and read back, or a list of problems."""
    steps = [["GotoLocation", "fridge"], ["PickupObject", "apple"], ["PutObject", "apple", "sink basin"]]
    records = [
        {"id": str(n), "instruction": "chill an apple", "program": rng.sample(steps, rng.randrange(1, 4))}
        for n in range(3)
    ]
    with scratch_folder() as folder:
        path = folder / "train.jsonl"
        path.write_bytes(json_files.lines(records, rng))
        with only_our_errors(path, "have the same notation"):
            programs = [row.program for row in read_rows(path)]
            notation = Notation.of(programs)
            for program in programs:
                assert notation.read(notation.write(program)) == program


def recipes(rng: Random) -> None:
    """A recipe file: settings, or an error."""
    with scratch_folder() as folder:
        path = folder / "recipe.yaml"
        path.write_bytes(files.damaged(files.recipe(rng).encode("utf-8", "replace"), rng))
        with only_our_errors(path):
            settings = read_recipe(str(path))
            assert type(settings.corpus.trees) is int and type(settings.train.steps) is int
            json.dumps({"model": settings.model})


def episodes(rng: Random) -> None:
    """Saved documents of episodes: each can be read and packed, or the folder is refused."""
    with scratch_folder() as folder:
        files.write_documents(rng, folder)
        with only_our_errors(folder):
            documents = TokenizedDocuments.load(folder)
            for begin, end in zip(documents.offsets[:-1], documents.offsets[1:], strict=True):
                assert 0 <= begin <= end <= len(documents.tokens)
                assert all(0 <= token < 2**32 for token in documents.tokens[begin:end].tolist())
        with only_our_errors():
            documents = TokenizedDocuments.load(folder)
            batch = PackedBatches(documents, batch_rows=2, block_size=16, seed=0).batch(0)
            assert batch.n_targets >= 0


def corpora(rng: Random) -> None:
    """The corpus that an earlier run left in a folder: read as it is, built again, or refused."""
    recipe = Recipe(trees=2)
    with scratch_folder() as folder:
        for part in ("train", "valid"):
            (folder / part).mkdir()
            files.write_documents(rng, folder / part)
        made_from: dict[str, object] = {
            "recipe": json.loads(json.dumps(vars(recipe))), "seed": 0, "limit": 99, "human": [], "gpt2": False,
        }  # fmt: skip
        tokenizer_text = loaded_planner().tokenizer.to_json()
        if rng.randrange(3) == 0:
            made_from = json_files.changed(made_from, rng)
        if rng.randrange(3) == 0:
            tokenizer_text = texts.mutated(tokenizer_text, rng)
        raw = json_files.raw(made_from, rng) if rng.randrange(2) else json.dumps(made_from).encode()
        (folder / "made_from.json").write_bytes(raw)
        (folder / "tokenizer.json").write_text(tokenizer_text, encoding="utf-8", errors="replace")
        built = mock.patch("planner.corpus.builder.ProcessPool", side_effect=WorkersError("built again"))
        with only_our_errors(folder, "built again"), built:
            _, train, valid = build_corpus(recipe, folder, seed=0, limit=99)
            assert len(train) >= 0 and len(valid) >= 0


def shards(rng: Random) -> None:
    """A file of pictures for training: pictures with labels, or an error."""
    import numpy as np

    from planner.perception.training.image_shards import Shard, read_shard, write_shard

    n = rng.choice((0, 1, 2))
    cells = np.zeros((n, 24, 24), np.uint8)
    shard = Shard(
        np.zeros((n, 192, 192, 3), np.uint8),
        cells,
        cells,
        cells,
        cells[:, 0, 0],
        cells[:, 0, 0],
        ["fridge[SEP]nothing"] * n,
    )
    for _ in range(rng.choice((0, 0, 1, 2))):
        at = rng.randrange(6)
        array = shard[at]
        assert isinstance(array, np.ndarray)
        wrong = rng.choice(
            (array[:0], array.astype(np.float64), array.astype("<U3") if at else array, array[..., :1], array.T)
        )
        shard = Shard._make([*shard[:at], wrong, *shard[at + 1 :]])
    if rng.randrange(4) == 0:
        shard = shard._replace(texts=json_files.changed(shard.texts, rng))
    with scratch_folder() as folder:
        path = folder / "pictures-train-0-00000.npz"
        write_shard(path, shard)
        if rng.randrange(2):
            path.write_bytes(files.damaged(path.read_bytes(), rng))
        if rng.randrange(30) == 0:
            os.truncate(path, 0)
        with only_our_errors(path):
            read = read_shard(path)
            assert all(len(part) == len(read.pictures) for part in read)
            assert all(isinstance(text, str) for text in read.texts)
            assert all(array.dtype == np.uint8 for array in read[:6])  # type: ignore[union-attr]
            assert read.cells.shape[1:] == read.centers.shape[1:] == read.states.shape[1:] == (24, 24)
