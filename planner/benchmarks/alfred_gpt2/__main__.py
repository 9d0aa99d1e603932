"""Our GPT, trained from scratch, on the benchmark of Jansen 2020: `python -m planner.benchmarks.alfred_gpt2`.

It learns everything, including the vocabulary, from the train rows, decodes the dev split or another file, and prints
the paper's scores (planner/benchmarks/alfred_gpt2/scores.py) beside the published ones. The data is not part of this
repository: it is at https://github.com/cognitiveailab/alfred-gpt2, read here as {train,dev}.jsonl.gz with `id`,
`instruction` and `program`.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from gpt.files import write_text_atomically
from planner.benchmarks.alfred_gpt2.scores import CRITERIA, Criterion, SequenceScores
from planner.errors import RecipeError
from planner.evaluation.statistics import Spread, rounded
from planner.io.command import run_command, writable
from planner.io.command_parser import CommandParser
from planner.io.paths import runs_dir

if TYPE_CHECKING:
    from planner.benchmarks.alfred_gpt2.rows import Row
    from planner.benchmarks.alfred_gpt2.scores import Program
    from planner.benchmarks.alfred_gpt2.sequence_gpt import RowText, Settings

PROG = "python -m planner.benchmarks.alfred_gpt2"
FIGURES = tuple(f.name for f in fields(SequenceScores) if f.name != "total")

PUBLISHED: dict[str, dict[Criterion, dict[str, float]]] = {
    "GPT-2 Medium, 325M, test split": {  # Jansen 2020, table 1
        "strict": {"full": 0.222, "minus_first": 0.534},
        "permissive": {"full": 0.261, "minus_first": 0.582},
    },
    "GPT-2 Medium, 325M, dev split": {  # its repository: results/mainResultsSummary/scoresOut.output-epoch25.dev.json
        "strict": {
            "full": 0.2144, "minus_first": 0.5303, "command": 0.9307, "arg1": 0.7116, "arg2": 0.7312, "triple": 0.6532,
        },
        "permissive": {
            "full": 0.2535, "minus_first": 0.5755, "command": 0.9307, "arg1": 0.7506, "arg2": 0.7444, "triple": 0.6889,
        },
    },
}  # fmt: skip
"""Fractions in [0, 1]. The published test split is not the one measured here, unless --test names it."""


@dataclass(frozen=True, kw_only=True)
class SeedResult:
    """The result of one seed; CPU times are of this process, summed over all threads."""

    seed: int
    parameters: int
    train_cpu_s: float
    decode_cpu_s: float
    scores: dict[Criterion, SequenceScores]

    def as_dict(self) -> dict[str, object]:
        """Plain data for programs."""
        scores = {c: {k: rounded(v) for k, v in asdict(s).items()} for c, s in self.scores.items()}
        return {
            "seed": self.seed, "parameters": self.parameters, "train_cpu_s": round(self.train_cpu_s, 1),
            "decode_cpu_s": round(self.decode_cpu_s, 1), "scores": scores,
        }  # fmt: skip


def _parser() -> argparse.ArgumentParser:
    parser = CommandParser(prog=PROG, description="Train a GPT on the alfred-gpt2 rows and score its plans.")
    add = parser.add_argument
    add("--data", type=Path, required=True, metavar="DIR", help="folder of train.jsonl(.gz) and dev.jsonl(.gz)")
    add("--test", type=Path, metavar="FILE", help="score on these rows instead of dev")
    add("--seed", type=int, default=0, help="the first seed (default: 0)")
    add("--seeds", type=int, default=1, metavar="N", help="number of consecutive seeds (default: 1)")
    setting = "change a setting of planner/benchmarks/alfred_gpt2/sequence_gpt.py, for example epochs=4 (repeatable)"
    add("--set", action="append", default=[], metavar="KEY=VALUE", help=setting)
    add("--threads", type=int, default=1, help="PyTorch threads; more than the free cores is slower (default: 1)")
    add("--resume", action="store_true", help="resume from the folder's checkpoints")
    add("--out", type=Path, metavar="DIR", help="predictions, metrics and results (default: runs/alfred_gpt2)")
    add("--json", action="store_true", help="print the results as JSON")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command. Returns 0 when everything was scored, 2 on wrong input."""
    args = _parser().parse_args(argv)
    return run_command(lambda: _run(args), PROG)


def _run(args: argparse.Namespace) -> int:
    from planner.benchmarks.alfred_gpt2.rows import find_split, read_rows

    for name, value, minimum in (("--seeds", args.seeds, 1), ("--seed", args.seed, 0), ("--threads", args.threads, 1)):
        if value < minimum:
            raise RecipeError(f"{name} is {value}; it must be at least {minimum}")
    rows = read_rows(find_split(args.data, "train"))
    scored_path = args.test or find_split(args.data, "dev")
    held_out = read_rows(scored_path)
    from planner.benchmarks.alfred_gpt2.sequence_gpt import RowText  # imports torch

    settings = _settings(args.set)
    folder = writable(args.out or runs_dir() / "alfred_gpt2")
    text = RowText.learn(rows, settings.vocab_size)
    seeds = range(args.seed, args.seed + args.seeds)
    results = [_one_seed(seed, rows, held_out, text, settings, folder, args) for seed in seeds]
    record = _record(results, settings, scored_path.name, len(rows))
    write_text_atomically(folder / "results.json", json.dumps(record, indent=1) + "\n")
    print(json.dumps(record) if args.json else table(results, f"{scored_path.name}, n = {len(held_out):,}"))
    return 0


def _settings(pairs: Sequence[str]) -> Settings:
    from envs.files import safe_yaml
    from planner.benchmarks.alfred_gpt2.sequence_gpt import Settings

    types = {f.name: type(f.default) for f in fields(Settings)}
    values: dict[str, object] = {}
    for pair in pairs:
        key, _, text = pair.partition("=")
        if key not in types:
            raise RecipeError(f"--set {pair}: unknown setting {key!r}; there are {', '.join(types)}")
        try:
            value = safe_yaml.load(text)
        except safe_yaml.YamlError as error:
            raise RecipeError(f"--set {pair}: {error.text}") from None
        if types[key] is float and type(value) is int:
            value = float(value)
        if type(value) is not types[key]:
            raise RecipeError(f"--set {pair}: {text!r} is not of type {types[key].__name__}")
        values[key] = value
    return Settings(**values)  # type: ignore[arg-type]


def _one_seed(
    seed: int, rows: Sequence[Row], held_out: Sequence[Row], text: RowText, settings: Settings, folder: Path,
    args: argparse.Namespace,
) -> SeedResult:  # fmt: skip
    from tqdm import tqdm

    from planner.benchmarks.alfred_gpt2.scores import score_all
    from planner.benchmarks.alfred_gpt2.sequence_gpt import decode, train_member

    started_at = time.process_time()
    models = []
    for member in range(settings.members):
        member_folder = folder / f"seed-{seed}" / f"member-{member}"
        model, result = train_member(
            rows,
            text,
            settings,
            seed=100 * seed + member,
            folder=member_folder,
            threads=args.threads,
            resume=args.resume,
        )
        models.append(model)
        print(f"seed {seed}, GPT {member + 1} of {settings.members}: {result.step} steps, loss {result.loss:.3f}, "
              f"{(time.process_time() - started_at) / 60:.1f} CPU-minutes so far", file=sys.stderr)  # fmt: skip
    trained_at = time.process_time()
    bar = tqdm(total=len(held_out), desc="decode", unit="directive", disable=None)
    with bar:
        instructions = [row.instruction for row in held_out]
        programs = decode(models, text, instructions, settings.beams, threads=args.threads, on_done=bar.update)
    _write_predictions(folder / f"predictions-seed-{seed}.jsonl", held_out, programs)
    return SeedResult(
        seed=seed,
        parameters=sum(model.n_parameters for model in models),
        train_cpu_s=trained_at - started_at,
        decode_cpu_s=time.process_time() - trained_at,
        scores=dict(score_all([row.program for row in held_out], programs)),
    )


def _write_predictions(path: Path, rows: Sequence[Row], programs: Sequence[Program]) -> None:
    from gpt.files import write_text_atomically
    from planner.benchmarks.alfred_gpt2.scores import score_pair

    lines = []
    for row, program in zip(rows, programs, strict=True):
        pairs = {criterion: score_pair(row.program, program, criterion) for criterion in CRITERIA}
        line: dict[str, object] = {"id": row.id, "predicted": program, "same_length": pairs["strict"].same_length}
        line |= {criterion: {"full": p.full, "minus_first": p.minus_first} for criterion, p in pairs.items()}
        lines.append(json.dumps(line, ensure_ascii=False) + "\n")
    write_text_atomically(path, "".join(lines))


def _record(results: Sequence[SeedResult], settings: Settings, measured: str, n_train: int) -> dict[str, object]:
    spread = {criterion: {f: _spread(results, criterion, f).as_dict() for f in FIGURES} for criterion in CRITERIA}
    total = results[0].scores["strict"].total
    return {
        "measured": measured, "directives": total, "train_rows": n_train, "settings": asdict(settings),
        "seeds": [result.as_dict() for result in results], "spread": spread, "published": PUBLISHED,
    }  # fmt: skip


def _spread(results: Sequence[SeedResult], criterion: Criterion, figure: str) -> Spread:
    return Spread.of(getattr(result.scores[criterion], figure) for result in results)


def table(results: Sequence[SeedResult], title: str) -> str:
    """Return readable tables: whole sequences, then their elements, with ours above the published ones."""
    from planner.evaluation.tables import grid

    size = f"{results[0].parameters / 1e6:.1f}M parameters"
    minutes = "/".join(f"{(r.train_cpu_s + r.decode_cpu_s) / 60:.0f}" for r in results)
    ours = f"our GPT, {len(results)} seed{'s' * (len(results) > 1)}"
    parts = [f"{title}; {size}, {minutes} CPU-minutes"]
    for names in (("full", "minus_first"), ("command", "arg1", "arg2", "triple")):
        columns: list[tuple[Criterion, str]] = [(c, name) for c in CRITERIA for name in names]
        header = ["%, mean ± half of the 95 % t-interval", *(f"{c} {name.replace('_', ' ')}" for c, name in columns)]
        body = [[ours, *(_percent(_spread(results, c, name)) for c, name in columns)]]
        if names[0] == "full":
            checked = [_percent(_spread(results, c, f"{name}_checked")) for c, name in columns]
            body.append([f"{ours}, length-checked", *checked])
        for model_name, scores in PUBLISHED.items():
            cells = [f"{100 * scores[c][n]:.1f}" if n in scores[c] else "-" for c, n in columns]
            if set(cells) != {"-"}:
                body.append([model_name, *cells])
        parts.append(grid(header, body))
    return "\n\n".join(parts)


def _percent(spread: Spread) -> str:
    width = rounded(spread.half_width)
    return f"{100 * spread.mean:.1f}" + ("" if width is None else f" ± {100 * width:.1f}")


if __name__ == "__main__":
    sys.exit(main())
