"""`python -m planner.train`: build the corpus, train the GPT, and save the model for `planner.plan`.

Writes runs/NAME/: recipe.yaml (resolved), corpus/, metrics.jsonl, checkpoints, model/ (safetensors, config,
tokenizer). A recipe with stages (`released`) writes these to runs/NAME/STAGE/, the record of each stage to
runs/NAME/stages.jsonl, and the last stage's model to runs/NAME/model/. Imports neither pybullet nor the physical home,
so it also runs without a simulator.

`torchrun --nproc-per-node N -m planner.train` trains on N processes; process 0 builds, writes and prints.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, cast

from gpt.training.allocator import restart_with_allocator
from planner.errors import RecipeError
from planner.io.command import run_command, writable
from planner.io.command_parser import CommandParser
from planner.io.paths import runs_dir

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gpt.training.distributed import World
    from planner.corpus.stages import Stage, TrainingRun

PROG = "python -m planner.train"


def _parser() -> argparse.ArgumentParser:
    parser = CommandParser(prog=PROG, description="Build a corpus and train the planner's GPT on it.")
    parser.add_argument("--recipe", default="home", help="name in datasets/recipes/, or a YAML path (default: home)")
    parser.add_argument("--name", help="the run's folder is runs/NAME (default: the recipe's name)")
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
    parser.add_argument("--seed", type=int, default=0, help="of all (default: 0); added to the seeds of stages")
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
    parser.add_argument("--only", metavar="STAGE", help="of a recipe with stages, train only this one")
    parser.add_argument("--dry-run", action="store_true", help="of a recipe with stages, only print them")
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
    from planner.corpus.stages import read_stages

    shard = [] if args.shard is None else [f"train.shard={args.shard}"]
    overrides = _overrides([*args.set, *shard])
    human = _human_files(args.corpus)
    stages = read_stages(args.recipe, overrides, seed=args.seed)
    folder = args.out or runs_dir() / (args.name or Path(args.recipe).stem)
    if stages:
        return _run_stages(args, stages, human, folder)
    for flag, value in (("--only", args.only), ("--dry-run", args.dry_run)):
        if value:
            raise RecipeError(f"{flag}: recipe {args.recipe} has no stages")
    return _run_recipe(args, overrides, human, folder)


def _run_recipe(
    args: argparse.Namespace, overrides: dict[str, dict[str, object]], human: list[str], folder: Path
) -> int:
    from gpt.training.distributed import joined, resolve_device
    from planner.corpus.recipe_file import read_recipe
    from planner.corpus.stages import TrainingRun

    overrides.setdefault("train", {})["seed"] = args.seed
    settings = read_recipe(args.recipe, overrides)
    run = TrainingRun(
        settings=settings, folder=folder, corpus=folder / "corpus", seed=args.seed, start=args.start,
        corpus_seed=args.seed if args.corpus_seed is None else args.corpus_seed,
    )  # fmt: skip
    with joined(resolve_device(settings.train.device)) as world:
        record = _train(args, run, human, world, resume=args.resume)
    if record is None:
        return 0
    if args.json:
        print(json.dumps(record))
    else:
        print(" ".join(f"{k} {v}" for k, v in record.items()))
        print(f"model: {folder / 'model'}")
    return 0


def _run_stages(args: argparse.Namespace, stages: Sequence[Stage], human: list[str], folder: Path) -> int:
    from gpt.training.distributed import joined, resolve_device
    from planner.corpus.stages import chosen_stages, is_finished, train_stages

    settled = {"--start": args.start, "--corpus-seed": args.corpus_seed, "--corpus-only": args.corpus_only or None}
    for flag, value in settled.items():
        if value is not None:
            raise RecipeError(f"{flag}: the stages of recipe {args.recipe} settle this themselves")
    chosen = chosen_stages(stages, args.only, bool(human) or args.dry_run)
    if args.dry_run:
        summaries = [stage.summary | {"finished": is_finished(stage, folder)} for stage in chosen]
        _print_stages(args, summaries, None)
        return 0
    inputs = {"--domain": args.domain, "--writer": args.writer}
    if args.tokenizer not in ("own", "gpt2"):
        inputs["--tokenizer"] = Path(args.tokenizer)
    given = {flag: path for flag, path in inputs.items() if path is not None}
    given |= {f"--corpus {number}": Path(file) for number, file in enumerate(human, start=1)}
    with joined(resolve_device(chosen[0].settings.train.device)) as world:

        def train_one(run: TrainingRun) -> None:
            if world.is_main:
                print(f"training {run.folder}", file=sys.stderr)
            _train(args, run, human, world, resume=True)

        records = train_stages(
            stages, folder, train_one, only=args.only, resume=args.resume, inputs=given, world=world
        )  # fmt: skip
    if world.is_main:
        model = folder / "model" if chosen[-1] is stages[-1] else folder / chosen[-1].name / "model"
        _print_stages(args, records, model)
    return 0


def _print_stages(args: argparse.Namespace, records: list[dict[str, object]], model: Path | None) -> None:
    if args.json:
        print(json.dumps({"stages": records, "model": None if model is None else str(model)}))
        return
    for record in records:
        print(_row(record))
    print(f"together: {sum(int(str(record['tokens'])) for record in records):,} tokens")
    if model is not None:
        print(f"model: {model}")


def _row(record: dict[str, object]) -> str:
    """Return a line about a stage: what it starts from, its seeds and tokens; and how it was trained, if it was."""
    seeds = ", ".join(map(str, cast("list[int]", record["seeds"]))) + (" (mean)" if record["mean"] else "")
    start = "from scratch" if record["start"] is None else f"from {record['start']}"
    row = f"{record['stage']}: {start}, seed {seeds}, {record['steps']:,} steps, {record['tokens']:,} tokens"
    if "seconds" in record:
        threads = f"{record['threads']} thread(s) of {record['processes']} process(es)"
        times = f"{record['seconds']:,} s and {record['corpus_seconds']:,} s for the corpus"
        return f"{row}, {times}, {record['machine']}, {threads}, validation loss {record['val_loss']}"
    return f"{row}, finished" if record["finished"] else row


def _train(
    args: argparse.Namespace, run: TrainingRun, human: list[str], world: World, *, resume: bool
) -> dict[str, object] | None:
    """Build a corpus and train on it; return the record of the training, on process 0."""
    import torch
    import yaml

    from gpt.data.batches import PackedBatches
    from gpt.files import write_text_atomically
    from gpt.model.transformer import GPT, GPTConfig
    from gpt.tokenization.tokenizer import Tokenizer
    from gpt.training.distributed import check_divisible, device_name, main_process_first, resolve_device
    from gpt.training.trainer import train
    from gpt.weights.checkpoint import load_model, save_model
    from planner.corpus.builder import build_corpus, seconds_to_build
    from planner.corpus.corpus import document_kinds
    from planner.corpus.domain_files import domain_of_run, keep_domain

    settings, folder = run.settings, run.folder
    check_divisible(settings.train.batch_rows, world)
    domain_file, domain = domain_of_run(args.domain, run.start)
    if world.is_main:
        writable(folder)
        resolved = {"corpus": asdict(settings.corpus), "model": settings.model, "train": asdict(settings.train)}
        resolved["corpus"] |= {"parts": list(settings.corpus.parts), "without": list(settings.corpus.without)}
        write_text_atomically(folder / "recipe.yaml", yaml.safe_dump(resolved, sort_keys=False))
    tokenizer_to_use = None
    limit = GPTConfig(**{**settings.model, "vocab_size": 2}).block_size  # type: ignore[arg-type]
    if run.start is not None:
        model, tokenizer_to_use, _ = load_model(run.start)
        limit = model.config.block_size
    elif args.tokenizer not in ("own", "gpt2"):
        tokenizer_to_use = Tokenizer.load(args.tokenizer)
    with main_process_first(world):
        tokenizer, train_docs, valid_docs = build_corpus(
            settings.corpus, run.corpus, seed=run.corpus_seed, limit=limit + 1, tokenizer=tokenizer_to_use,
            use_gpt2=args.tokenizer == "gpt2", human=human, workers=args.workers,
            domain=domain, writer=args.writer or run.start,
        )  # fmt: skip
    corpus_s = seconds_to_build(run.corpus)
    if world.is_main:
        print(f"corpus: {len(train_docs):,} documents, {len(train_docs.tokens):,} tokens, "
              f"vocabulary {tokenizer.n_used}, {corpus_s:.0f} s", file=sys.stderr)  # fmt: skip
    if args.corpus_only:
        return None
    if run.start is None:
        torch.manual_seed(run.seed)
        model = GPT(GPTConfig(**{**settings.model, "vocab_size": tokenizer.vocab_size}))  # type: ignore[arg-type]
    rows, block = settings.train.batch_rows, model.config.block_size
    batches = PackedBatches(train_docs, rows, block, run.seed)
    val_batches = PackedBatches(valid_docs, rows, block, run.seed)
    result = train(model, batches, val_batches, settings.train, folder, resume=resume)
    if not world.is_main:
        return None
    record: dict[str, object] = {
        "parameters": sum(p.numel() for p in model.parameters()),
        "documents": len(train_docs),
        "epochs": round(settings.train.steps / batches.steps_per_epoch, 2),
        "steps": result.step,
        "loss": round(result.loss, 4),
        "val_loss": None if result.val_loss is None else round(result.val_loss, 4),
        "tokens": result.tokens,
        "tokens_per_s": round(result.tokens_per_s),
        "seconds": round(result.seconds, 1),
        "corpus_seconds": round(corpus_s, 1),
        "machine": device_name(resolve_device(settings.train.device)),
        "threads": settings.train.threads or torch.get_num_threads(),
        "processes": world.size,
        "seed": run.seed,
        "corpus_seed": run.corpus_seed,
        "human": [Path(h).name for h in human],
        **({"domain": domain_file.name} if domain_file is not None else {}),
    }
    extra: dict[str, object] = {"training": record, "kinds": document_kinds(settings.corpus, domain)}
    save_model(model, tokenizer, folder / "model", extra, bf16=True)
    keep_domain(domain_file, folder / "model")
    return record


if __name__ == "__main__":
    restart_with_allocator()
    exit_code = main()
    if "RANK" in os.environ:  # started by torchrun
        from gpt.training.distributed import exit_process

        exit_process(exit_code)
    sys.exit(exit_code)
