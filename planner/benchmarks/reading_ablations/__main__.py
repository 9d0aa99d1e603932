"""Ablations of reading: `python -m planner.benchmarks.reading_ablations [GROUP ...]`.

Variants of recipe `people` that differ in one thing each: text, words that matter, noise, recombination, real people,
reading format, size, renamed nouns. Each is trained with the same number of tokens and with each seed, from nothing or
from `--start`, and measured on the tuning authors and on sentences longer than trained. Planning is left out: all
tokens teach reading. Each run is a line of OUT/runs.jsonl; a run that is there is not repeated, and one that was
interrupted goes on.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from planner.benchmarks.reading_ablations.variants import BASE, GROUPS, SIZES, VARIANTS, Variant, trees_for
from planner.errors import PlannerError
from planner.io.command import one_thread, run_command, writable
from planner.io.command_parser import CommandParser
from planner.io.paths import runs_dir

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from envs.evaluation.job_pool import Record
    from gpt.tokenization.tokenizer import Tokenizer
    from planner.benchmarks.reading_ablations.measured_sets import Item
    from planner.corpus.recipe_file import Settings
    from planner.prompts.sessions import Prompts

PROG = "python -m planner.benchmarks.reading_ablations"
TOKENIZER_FILE = "tokenizer.json"
LEARNING_RATE = 3e-3  # from nothing; from a model, the recipe's


def _parser() -> argparse.ArgumentParser:
    parser = CommandParser(prog=PROG, description="What makes a small GPT understand people, at equal tokens.")
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"{', '.join(GROUPS)} (default: all)")
    parser.add_argument(
        "--recipe", default="people", help="name in datasets/recipes/, or a YAML path (default: people)"
    )
    parser.add_argument("--size", choices=SIZES, default="small",
                        help="small: 2 layers x 128 (default); 5M: as released")  # fmt: skip
    parser.add_argument("--start", type=Path, metavar="MODEL", help="start from a model, not from nothing")
    parser.add_argument("--steps", type=int, default=1500, help="steps of each run (default: 1500)")
    parser.add_argument("--rows", type=int, default=8, help="rows of 512 tokens in a step (default: 8)")
    parser.add_argument("--seeds", type=int, default=3, help="runs of each variant (default: 3)")
    parser.add_argument("--limit", type=int, default=300, help="sentences of each measured set (default: 300)")
    parser.add_argument("--human", action="append", default=[], metavar="FILE",
                        help="task file of real people (repeatable), for the variant `real people`")  # fmt: skip
    parser.add_argument("--threads", type=int, default=1, help="threads of a training (default: 1)")
    parser.add_argument("--workers", type=int, default=1, help="processes that build a corpus (default: 1)")
    parser.add_argument("--out", type=Path, help="the folder, instead of runs/reading_ablations")
    parser.add_argument("--json", action="store_true", help="print the runs as JSON lines")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command. Returns 0 when every run is measured, 2 on wrong input."""
    args = _parser().parse_args(argv)
    return run_command(lambda: _run(args), PROG)


def _run(args: argparse.Namespace) -> int:
    from envs.errors import nearest
    from envs.evaluation.job_pool import Records
    from planner.benchmarks.reading_ablations.measured_sets import SETS, measured_set
    from planner.benchmarks.reading_ablations.scores import tables
    from planner.corpus.recipe_file import read_recipe

    if min(args.steps, args.rows, args.seeds, args.limit, args.threads, args.workers) < 1:
        raise PlannerError("--steps, --rows, --seeds, --limit, --threads and --workers are at least 1")
    for group in args.groups:
        if group not in GROUPS:
            raise PlannerError(f"no such group {group!r}{nearest(group, GROUPS)}; one of {', '.join(GROUPS)}")
    train: dict[str, object] = {
        "steps": args.steps, "batch_rows": args.rows, "eval_every": 0, "threads": args.threads,
        "checkpoint_every": max(1, args.steps // 4), "warmup_steps": min(50, args.steps // 10),
    }  # fmt: skip
    if args.start is None:
        train["lr"] = LEARNING_RATE
    recipe = read_recipe(args.recipe, {"train": train})
    folder = writable(args.out or runs_dir() / "reading_ablations")
    about: Record = {
        "what": "reading ablations", "recipe": args.recipe, "size": None if args.start else args.size,
        "start": _fingerprint(args.start), "steps": args.steps, "rows": args.rows, "limit": args.limit,
    }  # fmt: skip
    variants = list(_variants(args))
    with Records(folder / "runs.jsonl", about, resume=True) as log:
        runs = dict(log.done)
        sets: dict[str, list[Item]] = {}
        for variant in variants:
            for seed in range(args.seeds):
                if (key := f"{variant.name}/{seed}") in runs:
                    continue
                sets = sets or {name: measured_set(name, args.limit) for name in SETS}
                runs[key] = {"key": key} | _one(args, variant, recipe, seed, folder, sets)
                log.add(runs[key])
    asked = [runs[f"{variant.name}/{seed}"] for variant in variants for seed in range(args.seeds)]
    if args.json:
        print("\n".join(json.dumps(run) for run in asked))
    else:
        print(tables(asked))
    return 0


def _variants(args: argparse.Namespace) -> Iterator[Variant]:
    """Yield the base and the variants of the groups; what cannot be trained is left out, and it says so."""
    absent = [path for path in args.human if not Path(path).is_file()]
    for variant in VARIANTS:
        reason = ""
        if variant.group != BASE and args.groups and variant.group not in args.groups:
            continue
        if variant.size and args.start:
            reason = "--start has a size already"
        if variant.needs_human and (absent or not args.human):
            reason = f"no such file: {', '.join(absent)}" if absent else "name a task file with --human"
        if reason:
            print(f"{variant.name}: left out; {reason}", file=sys.stderr)
        else:
            yield variant


def _one(
    args: argparse.Namespace, variant: Variant, recipe: Settings, seed: int, folder: Path, sets: dict[str, list[Item]]
) -> Record:
    """Train a variant with a seed and measure it."""
    import torch

    from gpt.weights.checkpoint import save_model
    from planner.benchmarks.reading_ablations.format_reader import FormatReader
    from planner.benchmarks.reading_ablations.scores import figures, outcome
    from planner.benchmarks.reading_ablations.training import trained
    from planner.corpus.corpus import document_kinds

    settings = variant.settings(recipe, args.size)
    block = int(str(settings.model.get("block_size", 512)))
    trees = trees_for(settings.corpus, args.steps * args.rows * block)
    settings = replace(settings, corpus=replace(settings.corpus, trees=trees))
    out = writable(folder / f"{variant.name.replace(' ', '_').replace(',', '')}-{seed}")
    human = tuple(args.human) if variant.needs_human else ()
    print(f"{variant.name}, seed {seed}", file=sys.stderr)
    training = trained(
        settings, out, out / "corpus", seed=seed, start=args.start, tokenizer=_tokenizer(folder), human=human,
        workers=args.workers,
    )  # fmt: skip
    if _tokenizer(folder) is None:
        training.tokenizer.save(folder / TOKENIZER_FILE)
    model, result = training.model, training.result
    kinds = document_kinds(settings.corpus, None)
    save_model(
        model, training.tokenizer, out / "model", {"kinds": kinds, "reading": settings.corpus.reading}, bf16=True
    )
    torch.set_num_threads(1)
    one_thread()
    reader = FormatReader(_prompts(out / "model"), settings.corpus.reading)
    shown = reader.prompts.copies_names
    scores = {
        name: figures(
            [
                outcome(item, reader.read(item.sentence.text, item.inventory, item.own_names if shown else ""))
                for item in items
            ]
        )
        for name, items in sets.items()
    }
    record: Record = {
        "variant": variant.name, "group": variant.group, "seed": seed, "corpus": dict(variant.corpus),
        "human": [Path(path).name for path in human], "parameters": sum(p.numel() for p in model.parameters()),
        "steps": result.step, "tokens": args.steps * args.rows * model.config.block_size, "read_tokens": result.tokens,
        "epochs": round(args.steps / training.batches.steps_per_epoch, 3), "seconds": round(result.seconds, 1),
        "val_loss": result.val_loss, "sets": scores,
    }  # fmt: skip
    shutil.rmtree(out / "corpus")  # tens of megabytes; it can be built again
    result.checkpoint.unlink(missing_ok=True)
    return record


def _tokenizer(folder: Path) -> Tokenizer | None:
    """Return the tokenizer of all runs from nothing, which the first one trained: equal tokens are equal text."""
    from gpt.tokenization.tokenizer import Tokenizer

    file = folder / TOKENIZER_FILE
    return Tokenizer.load(file) if file.is_file() else None


def _prompts(folder: Path) -> Prompts:
    from gpt.inference.numpy_model import NumpyModel
    from planner.prompts.document_kinds import kinds_of
    from planner.prompts.sessions import Prompts

    model, tokenizer, extra = NumpyModel.load(folder)
    return Prompts(model, tokenizer, kinds_of(extra))


def _fingerprint(start: Path | None) -> str | None:
    """Return a hash of the weights that the runs start from."""
    from gpt.weights.model_folder import WEIGHTS_FILE

    if start is None:
        return None
    if not (start / WEIGHTS_FILE).is_file():
        raise PlannerError(f"--start {start}: no model folder; it has no {WEIGHTS_FILE}")
    return hashlib.sha256((start / WEIGHTS_FILE).read_bytes()).hexdigest()[:16]


if __name__ == "__main__":
    sys.exit(main())
