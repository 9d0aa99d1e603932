"""Ablations of text, context, architecture and optimizer on a small planner: `python -m planner.benchmarks.ablations`.

    text       clean templates, against templates with typos, missing articles and punctuation; equal tokens
    context    128, 256 and 1024 tokens; equal floating-point operations
    optimizer  GPT-2's architecture and ours, with AdamW and with Muon: seconds to the validation loss that
               every run reaches; equal tokens
    heads      attention heads that start orthogonal, or are penalized for similarity; equal tokens

Each condition is trained from scratch with each seed and evaluated on the goals of the same held-out instructions:
templates and homes that no training document used. Writes runs/ablate/NAME/: results.json, and curves.png if matplotlib
is installed (`pip install gpt-home-planner[plots]`).
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from gpt.files import write_text_atomically
from planner.io.command import one_thread, run_command, writable
from planner.io.command_parser import CommandParser
from planner.io.json_lines import read_record
from planner.io.paths import runs_dir

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from planner.corpus.recipe_file import Settings
    from planner.evaluation.statistics import Spread

PROG = "python -m planner.benchmarks.ablations"
TOKENS_PER_STEP = 4096
CONTEXT = 512  # where it is not varied; also the reference for the steps of the context ablation


@dataclass(frozen=True, kw_only=True)
class Condition:
    """One training condition.

    Attributes:
        name: The name of the table's row.
        context: Tokens of a packed row.
        noise: Whether the corpus's text is noisy.
        model: Model settings that override the recipe's.
        train: Training settings that override the recipe's.
    """

    name: str
    context: int = CONTEXT
    noise: bool = True
    model: Mapping[str, object] = field(default_factory=dict)
    train: Mapping[str, object] = field(default_factory=dict)


GPT2: Mapping[str, object] = {
    "position": "learned", "norm": "layer", "mlp": "gelu", "bias": True, "qk_norm": False, "previous_tokens": 0,
    "embedding_norm": False,
}  # fmt: skip
CONDITIONS: Mapping[str, tuple[Condition, ...]] = {
    "text": (Condition(name="clean", noise=False), Condition(name="noisy")),
    "context": tuple(Condition(name=str(n), context=n) for n in (128, 256, 1024)),
    "optimizer": tuple(
        Condition(name=f"{shape}, {optimizer}", model=model, train={"optimizer": optimizer})
        for shape, model in (("GPT-2", GPT2), ("ours", {}))
        for optimizer in ("adamw", "muon")
    ),
    "heads": (
        Condition(name="as they come"),
        Condition(name="orthogonal at first", model={"head_init": "orthogonal"}),
        Condition(name="penalty 0.1", train={"head_penalty": 0.1}),
    ),
}


def _parser() -> argparse.ArgumentParser:
    parser = CommandParser(prog=PROG, description="Ablations of corpus, context, architecture and optimizer.")
    parser.add_argument("what", choices=sorted(CONDITIONS))
    parser.add_argument("--recipe", default="small", help="name in datasets/recipes/, or a YAML path (default: small)")
    parser.add_argument("--seeds", type=int, default=3, help="trainings of each condition (default: 3)")
    parser.add_argument(
        "--limit", type=int, default=300, help="held-out instructions of each row; 0: loss alone (default: 300)"
    )
    parser.add_argument("--out", type=Path, help="the folder, instead of runs/ablate/WHAT")
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command. Returns 0 when every training is measured, 2 on wrong input."""
    args = _parser().parse_args(argv)
    return run_command(lambda: _run(args), PROG)


def steps_for(condition: Condition, settings: Settings) -> int:
    """Return the steps that cost as many floating-point operations as the recipe's at context `CONTEXT`.

    A token costs 6 operations for each weight of the blocks and 12 C T for each layer's attention (Kaplan et al.
    2020, arXiv:2001.08361, appendix B, with the backward pass).
    """
    layers, width = int(str(settings.model["n_layer"])), int(str(settings.model["n_embd"]))

    def cost(context: int) -> int:
        return 6 * 12 * layers * width**2 + 12 * layers * width * context

    return round(settings.train.steps * cost(CONTEXT) / cost(condition.context))


def _run(args: argparse.Namespace) -> int:
    from planner.corpus.recipe_file import read_recipe
    from planner.evaluation.statistics import Spread
    from planner.evaluation.tables import grid

    settings = read_recipe(args.recipe)
    folder = writable(args.out or runs_dir() / "ablate" / args.what)
    runs: list[dict[str, object]] = []
    for condition in CONDITIONS[args.what]:
        runs += [_one(condition, settings, seed, folder, args.limit) for seed in range(args.seeds)]
    rows = sorted({row for run in runs for row in run["accuracy"]})  # type: ignore[attr-defined]
    table: dict[str, dict[str, Spread]] = {}
    for condition in CONDITIONS[args.what]:
        accuracies = [run["accuracy"] for run in runs if run["condition"] == condition.name]
        table[condition.name] = {row: Spread.of(accuracy[row] for accuracy in accuracies) for row in rows}  # type: ignore[index]
    target = max(min(loss for _, loss, _ in _curve(run)) for run in runs)
    for condition in CONDITIONS[args.what]:
        own_runs = [run for run in runs if run["condition"] == condition.name]
        table[condition.name] |= {
            "final loss": Spread.of(_curve(run)[-1][1] for run in own_runs),
            "seconds to loss": Spread.of(next(s for _, loss, s in _curve(run) if loss <= target) for run in own_runs),
            "head similarity": Spread.of(float(str(run["head_similarity"])) for run in own_runs),
        }
    results = {
        "what": args.what,
        "recipe": args.recipe,
        "target_loss": target,
        "rows": {name: {row: s.as_dict() for row, s in figures.items()} for name, figures in table.items()},
        "runs": runs,
    }
    write_text_atomically(folder / "results.json", json.dumps(results, indent=1) + "\n")
    _draw(runs, folder / "curves.png", args.what)
    if args.json:
        print(json.dumps(results))
    else:
        lines = [
            [name, str(next(r["steps"] for r in runs if r["condition"] == name))]
            + [(_percent if row in rows else _plain)(spread) for row, spread in figures.items()]
            for name, figures in table.items()
        ]
        print(
            grid([args.what, "steps", *rows, "final loss", f"seconds to loss {target:.2f}", "head similarity"], lines)
        )
    return 0


def _one(condition: Condition, settings: Settings, seed: int, folder: Path, limit: int) -> dict[str, object]:
    """Train one condition with one seed and measure its goal accuracy."""
    import torch

    from gpt.training.head_diversity import head_similarity
    from planner.api import Planner
    from planner.benchmarks.reading_ablations.training import Metrics, trained
    from planner.evaluation.measurement import measure_goal, planning_modes
    from planner.tasks.held_out_trials import Split, draw_trials

    out = folder / f"{condition.name}-{seed}"
    result_path = out / "result.json"
    if result_path.exists():
        return read_record(result_path)
    rows, steps = TOKENS_PER_STEP // condition.context, steps_for(condition, settings)
    settings = replace(
        settings,
        corpus=replace(settings.corpus, noise=condition.noise),
        model={**settings.model, **condition.model, "block_size": condition.context},
        train=replace(settings.train, **{**condition.train, "steps": steps, "batch_rows": rows}),  # type: ignore[arg-type]
    )
    losses: list[tuple[int, float, float]] = []  # steps, validation loss, tokens per second

    def record_loss(metrics: Metrics) -> None:
        if metrics["val_loss"] is not None:
            rate = float(metrics["tokens_per_s"] or math.nan)
            losses.append((int(metrics["step"] or 0), float(metrics["val_loss"]), rate))

    corpus = folder / f"corpus-{'noisy' if condition.noise else 'clean'}-{condition.context}-{seed}"
    training = trained(settings, out, corpus, seed=seed, resume=False, on_metrics=record_loss)
    model, tokenizer = training.model, training.tokenizer
    tokens_of_step = training.batches.n_tokens / training.batches.steps_per_epoch
    # tokens, validation loss, seconds of training
    curve = [(step * TOKENS_PER_STEP, loss, step * tokens_of_step / rate) for step, loss, rate in losses]
    torch.set_num_threads(1)
    one_thread()
    planner = Planner(model, tokenizer)
    with_inventory = condition.context >= CONTEXT  # a shorter context cannot hold a home's inventory
    accuracy: dict[str, float] = {}
    for noise in (False, True) if limit else ():
        split = Split(name="noisy" if noise else "clean", phrases="test", noise=noise)
        trials = list(draw_trials(split, limit, seed=0))
        options = planning_modes(inventory=with_inventory)["constrained"]
        for n_tasks, name in ((1, "one task"), (9, "several tasks")):
            members = [t for t in trials if ("joined" in t.family) == (n_tasks > 1)]
            hits = sum(measure_goal(planner, trial, options).same for trial in members)
            accuracy[f"{split.name}, {name}"] = hits / max(1, len(members))
    result = {
        "condition": condition.name, "seed": seed, "steps": steps, "tokens": steps * TOKENS_PER_STEP,
        "inventory": with_inventory,
        "accuracy": accuracy, "curve": curve, "model": asdict(model.config),
        "head_similarity": sum(similarities := head_similarity(model)) / len(similarities),
    }  # fmt: skip
    write_text_atomically(result_path, json.dumps(result))
    print(f"{condition.name} seed {seed}: loss {curve[-1][1]:.3f} {accuracy}", file=sys.stderr)
    return result


def _percent(spread: Spread) -> str:
    low, high = spread.range
    return f"{100 * spread.mean:.1f} ± {100 * spread.half_width:.1f} ({100 * low:.1f}-{100 * high:.1f})"


def _curve(run: Mapping[str, object]) -> list[tuple[float, float, float]]:
    """Return tokens, validation loss and seconds of training at each evaluation."""
    return cast("list[tuple[float, float, float]]", run["curve"])


def _plain(spread: Spread) -> str:
    return f"{spread.mean:.3g} ± {spread.half_width:.2g}" if spread.values else "-"


def _draw(runs: Sequence[Mapping[str, object]], path: Path, ablation: str) -> None:
    """Plot validation loss over tokens, one line per training."""
    try:
        import matplotlib
    except ImportError:
        print("curves.png needs matplotlib: pip install gpt-home-planner[plots]", file=sys.stderr)
        return
    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
    names = list(dict.fromkeys(str(run["condition"]) for run in runs))
    for run in runs:
        color = f"C{names.index(str(run['condition']))}"
        curve = _curve(run)
        label = str(run["condition"]) if run["seed"] == 0 else None
        axes.plot([x / 1e6 for x, _, _ in curve], [y for _, y, _ in curve], color=color, label=label)
    axes.set(xlabel="million tokens", ylabel="validation loss", yscale="log", title=f"{ablation}, one line a seed")
    axes.legend()
    figure.savefig(path, dpi=120)
    plt.close(figure)


if __name__ == "__main__":
    sys.exit(main())
