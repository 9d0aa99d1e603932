"""Measure decoding speed on this machine: methods (rungs) that continue the same prompts greedily with one model.

    python -m gpt.speed --decode --model planner/released/home          # a model, batch 1 and 64, one thread
    python -m gpt.speed --decode --preset gpt2 --batch 1      # random weights of another shape
    python -m gpt.speed --decode --json --out runs/decode     # and a chart

The output of every rung must equal that of the plain loop, which rereads all tokens for every new one. Int8 weights are
rounded, so for them the share of equal tokens and the change in loss are reported instead. A rung's time runs from the
prompts to their last new token, including forced ones; results are medians of interleaved repeats.

If the extra `peers` is installed, Hugging Face generate and CTranslate2 are compared with our decoders on a GPT-2 of
the same size (rows whose `weights` are "gpt-2 twin"), because they do not support our model.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from gpt.benchmarks.decoding_ladder import Rows, Rung, Work
    from gpt.benchmarks.decoding_prompts import Text
    from gpt.model.transformer import GPT
    from gpt.tokenization.tokenizer import Tokenizer

PRESETS: dict[str, dict[str, object]] = {
    "tiny": {"vocab_size": 2048, "n_layer": 2, "n_head": 2, "n_embd": 128, "block_size": 256},
    "home": {"vocab_size": 2048, "n_layer": 4, "n_head": 4, "n_embd": 256, "block_size": 512},
    "gpt2": {"vocab_size": 50_304, "n_layer": 12, "n_head": 12, "n_embd": 768, "block_size": 1024},
}
PLAIN = "no cache"
N_TEXTS = 100  # texts for measuring the loss of rounded weights


@dataclass(frozen=True, kw_only=True)
class Options:
    """What to measure.

    Attributes:
        model: A model folder.
        preset: Use random weights of this shape instead.
        batches: Numbers of prompts decoded together.
        prompt: Tokens per prompt.
        new: Tokens generated after each.
        repeats: Repeats of every rung.
        threads: Threads of PyTorch, numpy and onnxruntime.
        device: Device of the PyTorch rungs; on a GPU they are the only ones.
        only: Rungs whose name contains one of these texts; all if empty. The plain loop is always included.
        peers: Whether to measure external decoders, if installed.
        seed: For prompts, forced tokens and random weights.
    """

    model: Path | None = None
    preset: str | None = None
    batches: tuple[int, ...] = (1, 64)
    prompt: int = 120
    new: int = 48
    repeats: int = 5
    threads: int = 1
    device: str = "cpu"
    only: tuple[str, ...] = ()
    peers: bool = True
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class Row:
    """Results of one rung.

    Attributes:
        rung: Its name.
        weights: `own`, or `gpt-2 twin` (random weights).
        batch: Prompts decoded together.
        tokens_per_s: New tokens of all prompts together.
        ms_per_token: Time divided by the new tokens of one prompt.
        factor: Tokens/s relative to the plain loop.
        weight_mb: Weights in memory [MB].
        equal: Share of prompts whose continuation equals the plain loop's.
        until: Mean share of a prompt's new tokens before the first that differs.
        loss: Mean over the goals of texts [nats], where measured.
    """

    rung: str
    weights: str
    batch: int
    tokens_per_s: float
    ms_per_token: float
    factor: float
    weight_mb: float
    equal: float
    until: float
    loss: float | None = None


def run(options: Options) -> dict[str, object]:
    """Measure; returns plain data: `settings`, `rows` (fields of `Row`) and `disagree`, the exact rungs that differ.

    Raises:
        ConfigError: There is no such preset, or the prompts do not fit.
        CheckpointError: The folder is not a model of this project.
    """
    import numpy as np
    import torch

    from gpt.benchmarks.external_decoders import installed
    from gpt.inference.threads import limit_blas_threads

    torch.set_num_threads(options.threads)
    blas_threads_set = limit_blas_threads(options.threads)
    model, tokenizer = _model(options)
    rows: list[Row] = []
    disagree: list[str] = []
    for batch in options.batches:
        rng = np.random.default_rng(options.seed)
        texts = _texts(model, tokenizer, options, batch, rng)
        new_rows, new_disagree = _measure("own", _rungs(model, batch, options), texts, batch, options, rng)
        rows += new_rows
        disagree += new_disagree
    if options.peers and options.device == "cpu" and installed():
        new_rows, new_disagree = _measure_peers(model, options)
        rows += new_rows
        disagree += new_disagree
    settings = {
        "model": options.preset or str(options.model),
        "prompt": options.prompt,
        "new": options.new,
        "repeats": options.repeats,
        "threads": options.threads,
        "numpy_threads_set": blas_threads_set,
        "device": options.device,
        "seed": options.seed,
        "torch": torch.__version__,
        "numpy": np.__version__,
    }
    return {"settings": settings, "rows": [asdict(row) for row in rows], "disagree": disagree}


def _model(options: Options) -> tuple[GPT, Tokenizer | None]:
    from gpt.errors import ConfigError
    from gpt.weights.checkpoint import load_model

    if options.preset is None:
        if options.model is None:
            raise ConfigError("no model given; pass --model with a folder, such as planner/released/home, or --preset")
        model, tokenizer, _ = load_model(options.model, options.device)
        return model, tokenizer
    if options.preset not in PRESETS:
        raise ConfigError(f"there is no preset {options.preset!r}; there are: {', '.join(PRESETS)}")
    return peaked_model(PRESETS[options.preset], options.seed).to(options.device), None


def peaked_model(settings: dict[str, object], seed: int) -> GPT:
    """Return a random model whose predictions are so confident that rounding does not change the chosen token.

    Its head is not tied: with the embedding as head, a random model repeats the token just read.
    """
    import torch

    from gpt.model.transformer import GPT, GPTConfig

    generator = torch.Generator().manual_seed(seed)
    model = GPT(GPTConfig.from_dict(settings | {"tie_weights": False}))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.dim() == 2:
                table = name.split(".")[0] in ("wte", "previous", "wpe", "head")
                parameter.normal_(std=1.0 if table else parameter.shape[1] ** -0.5, generator=generator)
    return model.eval()


def _texts(model: GPT, tokenizer: Tokenizer | None, options: Options, batch: int, rng: np.random.Generator
           ) -> list[Text]:  # fmt: skip
    from gpt.benchmarks.decoding_prompts import draw_ids, draw_texts
    from gpt.errors import ContextError

    if options.prompt + options.new > model.config.block_size:
        raise ContextError(
            f"{options.prompt} prompt tokens and {options.new} new ones do not fit into block_size "
            f"{model.config.block_size}"
        )
    count = max(batch, N_TEXTS)
    if tokenizer is None:
        return draw_ids(model.config.vocab_size, count, options.prompt, rng)
    return draw_texts(tokenizer, count, options.prompt, rng)


def _rungs(model: GPT, batch: int, options: Options) -> list[Rung]:
    from gpt.benchmarks.decoding_ladder import numpy_rungs, onnx_rungs, torch_rungs
    from gpt.inference.numpy_model import NumpyModel
    from gpt.weights.checkpoint import weights_of

    capacity = options.prompt + options.new
    rungs = torch_rungs(model, batch, capacity)
    if options.device == "cpu":
        arrays = NumpyModel(model.config, {name: tensor.numpy() for name, tensor in weights_of(model).items()})
        rungs += numpy_rungs(arrays, batch, capacity)
        rungs += onnx_rungs(arrays, batch, capacity, options.threads)
    return [rungs[0], *(rung for rung in rungs[1:] if _is_wanted(rung, options))]


def _is_wanted(rung: Rung, options: Options) -> bool:
    return not options.only or any(text in rung.name for text in options.only)


def _measure_peers(model: GPT, options: Options) -> tuple[list[Row], list[str]]:
    import tempfile

    import numpy as np

    from gpt.benchmarks.external_decoders import gpt2_settings, peer_rungs

    rows: list[Row] = []
    disagree: list[str] = []
    twin = peaked_model(gpt2_settings(model.config), options.seed)
    with tempfile.TemporaryDirectory() as folder:
        peers = [rung for rung in peer_rungs(twin, Path(folder), options.threads) if _is_wanted(rung, options)]
        for batch in options.batches:
            rng = np.random.default_rng(options.seed)
            texts = _texts(twin, None, options, batch, rng)
            # External decoders have no forced tokens, so no jump forward; a compiled rung would show nothing new.
            own_rungs = [r for r in _rungs(twin, batch, options) if "jump" not in r.name and "compile" not in r.name]
            new_rows, new_disagree = _measure("gpt-2 twin", [*own_rungs, *peers], texts, batch, options, rng)
            rows += new_rows
            disagree += new_disagree
    return rows, disagree


def _measure(
    weights: str, rungs: list[Rung], texts: Sequence[Text], batch: int, options: Options, rng: np.random.Generator
) -> tuple[list[Row], list[str]]:
    from gpt.benchmarks.decoding_ladder import Work, force_about_half, loss

    work = Work(
        prompts=tuple(text.prompt for text in texts[:batch]),
        new=options.new,
        forced=force_about_half(options.new, rng),
    )
    work = replace(work, truth=rungs[0].run(work))
    written = {rung.name: rung.run(work) for rung in rungs[1:]} | {PLAIN: work.truth}  # also compiles
    seconds: dict[str, list[float]] = {rung.name: [] for rung in rungs}
    for repeat in range(options.repeats):
        for rung in rungs:
            seconds[rung.name].append(time_run(rung, work))
            print(f"{batch:3} {repeat}  {seconds[rung.name][-1]:9.4f} s  {rung.name}", file=sys.stderr)
    plain = statistics.median(seconds[PLAIN])
    rows, disagree = [], []
    for rung in rungs:
        median = statistics.median(seconds[rung.name])
        equal, until = agreement(written[rung.name], work.truth)
        if rung.exact and equal < 1:
            disagree.append(f"{rung.name}, batch {batch}, {weights} weights")
        goals = [text for text in texts if text.goal]
        measured = loss(rung, goals) if rung.new_context is not None and goals and batch == 1 else None
        rows.append(
            Row(
                rung=rung.name, weights=weights, batch=batch, tokens_per_s=batch * work.new / median,
                ms_per_token=1e3 * median / work.new, factor=plain / median,
                weight_mb=rung.weight_bytes / 1e6, equal=equal, until=until, loss=measured,
            )
        )  # fmt: skip
    return rows, disagree


def time_run(rung: Rung, work: Work) -> float:
    """Return the duration of one run [s]."""
    started_at = time.perf_counter()
    rung.run(work)
    return time.perf_counter() - started_at


def agreement(written: Rows, truth: Rows) -> tuple[float, float]:
    """Return the share of equal rows, and the mean share of a row before its first difference."""
    equal_shares = [
        next((index for index, (a, b) in enumerate(zip(own, true, strict=True)) if a != b), len(true)) / len(true)
        for own, true in zip(written, truth, strict=True)
    ]
    return sum(share == 1 for share in equal_shares) / len(equal_shares), statistics.mean(equal_shares)


def table(rows: Sequence[dict[str, object]]) -> str:
    """Format the rows as a Markdown table."""
    lines = ["| weights | batch | rung | tokens/s | ms a token | × no cache | weights MB | as the plain loop | loss |",
             "|---|---|---|---|---|---|---|---|---|"]  # fmt: skip
    for values in rows:
        row = Row(**values)  # type: ignore[arg-type]
        same = "all" if row.equal == 1 else f"{row.equal:.0%} of rows, {row.until:.0%} of tokens"
        measured = "" if row.loss is None else f"{row.loss:.4f}"
        lines.append(
            f"| {row.weights} | {row.batch} | {row.rung} | {row.tokens_per_s:,.0f} | {row.ms_per_token:.2f} | "
            f"{row.factor:.1f} | {row.weight_mb:.1f} | {same} | {measured} |"
        )
    return "\n".join(lines)


def draw_chart(rows: Sequence[dict[str, object]], path: Path) -> bool:
    """Draw tokens/s of every rung as bars; returns whether matplotlib is installed."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return False
    parsed = [Row(**values) for values in rows]  # type: ignore[arg-type]
    panels = list(dict.fromkeys((row.weights, row.batch) for row in parsed))
    columns = len({row.batch for row in parsed})
    lines = -(-len(panels) // columns)
    max_bars = max(sum((row.weights, row.batch) == panel for row in parsed) for panel in panels)
    figure = Figure(figsize=(6.5 * columns, (1.2 + 0.36 * max_bars) * lines), layout="constrained")
    axes = figure.subplots(lines, columns, squeeze=False).flat
    for axis, (weights, batch) in zip(axes, panels, strict=True):
        panel_rows = [row for row in parsed if (row.weights, row.batch) == (weights, batch)]
        bars = axis.barh([row.rung for row in panel_rows], [row.tokens_per_s for row in panel_rows], color="#4878a8")
        axis.bar_label(
            bars, labels=[f" {row.tokens_per_s:,.0f}  ({row.factor:.1f} ×)" for row in panel_rows], fontsize=8
        )
        axis.set(
            title=f"{weights} weights, batch {batch}",
            xlabel="tokens/s",
            xlim=(0, 1.3 * max(row.tokens_per_s for row in panel_rows)),
        )
        axis.invert_yaxis()
        axis.spines[["top", "right"]].set_visible(False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)
    return True


def main(argv: list[str] | None = None) -> int:
    """Measure and print a table. Returns 0, or 2 on wrong input or if an exact rung differs."""
    parser = argparse.ArgumentParser(prog="python -m gpt.speed --decode", description="Decoding speed, rung by rung.")
    parser.add_argument("--model", type=Path, help="a model folder, e.g. planner/released/home")
    parser.add_argument("--preset", choices=tuple(PRESETS), help="random weights of this shape instead")
    parser.add_argument("--batch", default="1,64", help="prompts decoded together (default 1,64)")
    parser.add_argument("--prompt", type=int, default=120, help="tokens of each prompt (default 120)")
    parser.add_argument("--new", type=int, default=48, help="tokens written after each (default 48)")
    parser.add_argument("--repeats", type=int, default=5, help="measured runs of each rung (default 5)")
    parser.add_argument("--threads", type=int, default=1, help="threads (default 1)")
    parser.add_argument("--device", default="cpu", help="cpu or cuda (default cpu)")
    parser.add_argument("--only", default="", help="rungs whose name contains one of these texts, separated by ';'")
    parser.add_argument("--no-peers", action="store_true", help="skip Hugging Face and CTranslate2")
    parser.add_argument("--seed", type=int, default=0, help="of prompts and random weights (default 0)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--out", type=Path, help="a folder for decode_speed.json and decode_speed.png")
    args = parser.parse_args(argv)
    from gpt.errors import GPTError

    try:
        batches = tuple(int(part) for part in args.batch.split(","))
    except ValueError:
        parser.error(f"--batch is {args.batch!r}; it must be whole numbers separated by commas")
    if min((*batches, args.prompt, args.new, args.repeats, args.threads)) < 1:
        parser.error("--batch, --prompt, --new, --repeats and --threads must be at least 1")
    options = Options(
        model=args.model, preset=args.preset, batches=batches, prompt=args.prompt, new=args.new, repeats=args.repeats,
        threads=args.threads, device=args.device, only=tuple(filter(None, args.only.split(";"))), seed=args.seed,
        peers=not args.no_peers,
    )  # fmt: skip
    from gpt.files import check_output

    try:
        if args.out is not None:
            check_output(args.out, folder=True)
        results = run(options)
    except GPTError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    report(results, as_json=args.json, out=args.out)
    return 2 if results["disagree"] else 0


def report(results: dict[str, object], *, as_json: bool = False, out: Path | None = None) -> None:
    """Print the results of `run`; optionally write them and a chart to a folder."""
    rows = results["rows"]
    assert isinstance(rows, list)
    text = json.dumps(results, indent=2)
    print(text if as_json else table(rows))
    for name in results["disagree"] if isinstance(results["disagree"], list) else []:
        print(f"NOT as the plain loop: {name}", file=sys.stderr)
    if out is not None:
        from gpt.files import write_text_atomically

        write_text_atomically(out / "decode_speed.json", text + "\n")
        if not draw_chart(rows, out / "decode_speed.png"):
            print("no chart: matplotlib is not installed (the extra `plots`)", file=sys.stderr)


if __name__ == "__main__":
    raise SystemExit(main())
