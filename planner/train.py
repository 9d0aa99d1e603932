"""`python -m planner.train`: build the corpus, train the GPT, and save the model for `planner.plan`.

Writes runs/NAME/: recipe.yaml (resolved), corpus/, metrics.jsonl, checkpoints, model/ (safetensors, config,
tokenizer). Imports neither pybullet nor the physical home, so it also runs without a simulator.

`torchrun --nproc-per-node N -m planner.train` trains on N processes; process 0 builds, writes and prints.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from gpt.training.allocator import restart_with_allocator
from planner.errors import RecipeError
from planner.io.command import run_command, writable
from planner.io.command_parser import CommandParser
from planner.io.paths import runs_dir

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gpt.training.distributed import World
    from planner.corpus.recipe_file import Settings

PROG = "python -m planner.train"


def _parser() -> argparse.ArgumentParser:
    parser = CommandParser(prog=PROG, description="Build a corpus and train the planner's GPT on it.")
    parser.add_argument("--recipe", default="home", help="name in datasets/recipes/, or a YAML path (default: home)")
    parser.add_argument("--name", default="home", help="the run's folder is runs/NAME (default: home)")
    parser.add_argument("--out", type=Path, help="run folder, instead of runs/NAME")
    parser.add_argument("--corpus", action="append", default=[], metavar="alfred:PATH",
                        help="mix in the human-written instructions of a task file (repeatable)")  # fmt: skip
    parser.add_argument(
        "--domain", type=Path, metavar="FILE", help="train on another domain than the home (docs/domains.md)"
    )
    parser.add_argument("--set", action="append", default=[], metavar="PART.KEY=VALUE",
                        help="override a recipe value, for example train.steps=500 (repeatable)")  # fmt: skip
    parser.add_argument("--tokenizer", default="own", help="own (trained on the corpus), gpt2, or a tokenizer.json")
    parser.add_argument("--start", type=Path, metavar="MODEL", help="initialize from a model folder's weights")
    parser.add_argument("--writer", type=Path, metavar="MODEL",
                        help="GPT whose wrong goals the new one learns to find out (default: --start)")  # fmt: skip
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--corpus-seed", type=int, help="seed of the corpus (default: --seed); a built corpus is reused"
    )
    parser.add_argument("--workers", type=int, default=2, help="number of processes that build the corpus (default: 2)")
    parser.add_argument("--corpus-only", action="store_true", help="only build the corpus, to train on it later")
    parser.add_argument(
        "--shard",
        choices=("none", "full"),
        help="under torchrun: full spreads the weights over the processes (FSDP2), none copies them (DDP)",
    )
    parser.add_argument("--resume", action="store_true", help="continue from the run's last checkpoint")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command. Returns 0 after saving the model, or only the corpus if requested; 2 on wrong input."""
    args = _parser().parse_args(argv)
    rank = os.environ.get("RANK", "0")
    return run_command(lambda: _run(args), PROG if rank == "0" else f"{PROG} (process {rank})")


def _overrides(pairs: Sequence[str]) -> dict[str, dict[str, object]]:
    from envs.files import safe_yaml

    overrides: dict[str, dict[str, object]] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        section, dot, name = key.partition(".")
        if not equals or not dot:
            raise RecipeError(f"--set {pair}: expected PART.KEY=VALUE, for example train.steps=500")
        try:
            overrides.setdefault(section, {})[name] = safe_yaml.load(value)
        except safe_yaml.YamlError as error:
            raise RecipeError(f"--set {pair}: {error.text}") from None
    return overrides


def _human_files(values: Sequence[str]) -> list[str]:
    files = []
    for value in values:
        source, _, path = value.partition(":")
        if source != "alfred" or not path:
            raise RecipeError(f"--corpus {value}: expected alfred:PATH, a task file with human-written instructions")
        if not Path(path).is_file():
            raise RecipeError(f"--corpus {value}: no such file")
        files.append(path)
    return files


def _run(args: argparse.Namespace) -> int:
    from gpt.training.distributed import joined, resolve_device
    from planner.corpus.recipe_file import read_recipe

    shard = [] if args.shard is None else [f"train.shard={args.shard}"]
    settings = read_recipe(args.recipe, _overrides([*args.set, f"train.seed={args.seed}", *shard]))
    human = _human_files(args.corpus)
    with joined(resolve_device(settings.train.device)) as world:
        return _train(args, settings, human, world)


def _train(args: argparse.Namespace, settings: Settings, human: list[str], world: World) -> int:
    import torch
    import yaml

    from gpt.data.batches import PackedBatches
    from gpt.files import write_text_atomically
    from gpt.model.transformer import GPT, GPTConfig
    from gpt.tokenization.tokenizer import Tokenizer
    from gpt.training.distributed import check_divisible, main_process_first
    from gpt.training.trainer import train
    from gpt.weights.checkpoint import load_model, save_model
    from planner.corpus.builder import build_corpus
    from planner.corpus.corpus import document_kinds
    from planner.corpus.domain_files import domain_of_run, keep_domain

    check_divisible(settings.train.batch_rows, world)
    domain_file, domain = domain_of_run(args.domain, args.start)
    folder = args.out or runs_dir() / args.name
    corpus_seed = args.seed if args.corpus_seed is None else args.corpus_seed
    if world.is_main:
        writable(folder)
        resolved = {"corpus": asdict(settings.corpus), "model": settings.model, "train": asdict(settings.train)}
        resolved["corpus"] |= {"parts": list(settings.corpus.parts), "without": list(settings.corpus.without)}
        write_text_atomically(folder / "recipe.yaml", yaml.safe_dump(resolved, sort_keys=False))
    started_at = time.perf_counter()
    tokenizer_to_use = None
    limit = GPTConfig(**{**settings.model, "vocab_size": 2}).block_size  # type: ignore[arg-type]
    if args.start is not None:
        model, tokenizer_to_use, _ = load_model(args.start)
        limit = model.config.block_size
    elif args.tokenizer not in ("own", "gpt2"):
        tokenizer_to_use = Tokenizer.load(args.tokenizer)
    with main_process_first(world):
        tokenizer, train_docs, valid_docs = build_corpus(
            settings.corpus, folder / "corpus", seed=corpus_seed, limit=limit + 1, tokenizer=tokenizer_to_use,
            use_gpt2=args.tokenizer == "gpt2", human=human, workers=args.workers,
            domain=domain, writer=args.writer or args.start,
        )  # fmt: skip
    if world.is_main:
        print(f"corpus: {len(train_docs):,} documents, {len(train_docs.tokens):,} tokens, "
              f"vocabulary {tokenizer.n_used}, {time.perf_counter() - started_at:.0f} s", file=sys.stderr)  # fmt: skip
    if args.corpus_only:
        return 0
    if args.start is None:
        torch.manual_seed(args.seed)
        model = GPT(GPTConfig(**{**settings.model, "vocab_size": tokenizer.vocab_size}))  # type: ignore[arg-type]
    rows, block = settings.train.batch_rows, model.config.block_size
    batches = PackedBatches(train_docs, rows, block, args.seed)
    val_batches = PackedBatches(valid_docs, rows, block, args.seed)
    result = train(model, batches, val_batches, settings.train, folder, resume=args.resume)
    if not world.is_main:
        return 0
    record = {
        "parameters": sum(p.numel() for p in model.parameters()),
        "documents": len(train_docs),
        "epochs": round(settings.train.steps / batches.steps_per_epoch, 2),
        "steps": result.step,
        "loss": round(result.loss, 4),
        "val_loss": None if result.val_loss is None else round(result.val_loss, 4),
        "tokens_per_s": round(result.tokens_per_s),
        "seconds": round(time.perf_counter() - started_at, 1),
        "processes": world.size,
        "seed": args.seed,
        "corpus_seed": corpus_seed,
        "human": [Path(h).name for h in human],
        **({"domain": domain_file.name} if domain_file is not None else {}),
    }
    extra: dict[str, object] = {"training": record, "kinds": document_kinds(settings.corpus, domain)}
    save_model(model, tokenizer, folder / "model", extra, bf16=True)
    keep_domain(domain_file, folder / "model")
    if args.json:
        print(json.dumps(record))
    else:
        print(" ".join(f"{k} {v}" for k, v in record.items()))
        print(f"model: {folder / 'model'}")
    return 0


if __name__ == "__main__":
    restart_with_allocator()
    exit_code = main()
    if "RANK" in os.environ:  # started by torchrun
        from gpt.training.distributed import exit_process

        exit_process(exit_code)
    sys.exit(exit_code)
