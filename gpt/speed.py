"""Measure training and decoding speed on this machine, for the same model and documents with each optimization.

    python -m gpt.speed                                    # the training ladder on the CPU, one thread
    python -m gpt.speed --device cuda --preset gpt2 --out runs/speed
    python -m gpt.speed --against nanogpt                  # compared with a plain GPT's training step
    python -m gpt.speed --decode --model FOLDER            # decoding methods (gpt/benchmarks/decoding_speed.py)

Each rung of the ladder adds one optimization. It runs in a separate process, so that memory is measured per rung and
allocator settings can differ; on a CPU the rungs alternate. The result is the median step time. The losses before and
at every step must equal the first rung's; otherwise the command fails. With `--against nanogpt`, a plain GPT's step and
the last rung alternate in one process, to measure their ratio (gpt/benchmarks/nanogpt_comparison.py).
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gpt.errors import ConfigError, GPTError
from gpt.files import check_output, write_text_atomically

PROG = "python -m gpt.speed"
TOLERANCE = 0.01  # relative difference of losses between rungs: bf16 has 8 bits
WARM_UP = 2  # steps: the first compiles, the second allocates memory


class LossDiffersError(GPTError):
    """Two rungs that train the same model on the same documents compute different losses."""


@dataclass(kw_only=True)
class Result:
    """Measurements of one rung.

    Attributes:
        name: The rung.
        seconds: Duration of each measured step.
        losses: Loss of every step, including the warm-up.
        first_loss: Loss before any step.
        reference: The reference rung's loss before any step, at the same vocabulary.
        n_tokens: Tokens of documents per step.
        flops: Floating-point operations required per step.
        memory_mib: Peak memory.
        comparable: Whether its losses must equal the first rung's, up to rounding.
    """

    name: str
    seconds: list[float] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    first_loss: float = math.nan
    reference: float = math.nan
    n_tokens: float = 0.0
    flops: float = 0.0
    memory_mib: float = 0.0
    comparable: bool = True

    @property
    def step_s(self) -> float:
        """Median step time [s]."""
        return statistics.median(self.seconds)

    @property
    def tokens_per_s(self) -> float:
        """Tokens of documents per second, without padding."""
        return self.n_tokens / self.step_s


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=PROG, description="The speed ladder: training, rung by rung; decoding.")
    parser.add_argument("--preset", default="home", help="tiny, home or gpt2 (default: home)")
    parser.add_argument("--device", default="cpu", help="cpu or cuda (default: cpu)")
    parser.add_argument("--threads", type=int, default=1, help="PyTorch threads on the CPU (default: 1)")
    parser.add_argument("--repeats", type=int, default=3, help="measured steps of each rung (default: 3)")
    parser.add_argument("--only", default="", help="rungs whose name contains this text, and the first")
    parser.add_argument("--against", choices=("nanogpt",), help="alternate a plain GPT's step and the last rung")
    parser.add_argument("--decode", action="store_true", help="measure decoding; further flags: --decode -h")
    parser.add_argument("--out", type=Path, help="a folder for speed.json and speed.png")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command. Returns 0, or 2 on wrong input or if rungs disagree."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        if "--decode" in arguments:
            from gpt.benchmarks import decoding_speed

            return decoding_speed.main([a for a in arguments if a != "--decode"])
        options = _parser().parse_args(arguments)
        if options.worker is not None:
            return _work(options)
        return _run(options)
    except GPTError as error:
        print(f"{PROG}: {error}", file=sys.stderr)
        return 2


def _run(options: argparse.Namespace) -> int:
    import torch

    from gpt.benchmarks.training_ladder import default_settings, matmul_peak, preset_for, rungs
    from gpt.training.distributed import device_name, resolve_device

    if options.threads < 1 or options.repeats < 1:
        raise ConfigError(f"--threads and --repeats must be at least 1, not {options.threads} and {options.repeats}")
    device = resolve_device(options.device)
    if options.out is not None:
        check_output(options.out, folder=True)
    preset = preset_for(options.preset, options.device)
    ladder = [r.name for r in rungs(options.device, preset.branched)]
    selected = [name for i, name in enumerate(ladder) if i == 0 or options.only in name]
    torch.set_num_threads(options.threads)
    peaks = {str(t).removeprefix("torch."): matmul_peak(device, t) for t in (torch.float32, torch.bfloat16)}
    results = _measure(selected, options)
    _check(results)
    pairs = _measure_pairs(options) if options.against else []
    peak = max(peaks.values())
    rows = [
        {
            "rung": r.name, "tokens_per_s": r.tokens_per_s, "step_ms": 1000 * r.step_s, "memory_mib": r.memory_mib,
            "mfu": r.flops / r.step_s / peak, "factor": r.tokens_per_s / results[0].tokens_per_s,
            "first_loss": r.first_loss, "reference_loss": r.reference, "losses": r.losses, "seconds": r.seconds,
        }
        for r in results
    ]  # fmt: skip
    report = {
        "preset": options.preset, "device": device_name(device), "threads": options.threads,
        "torch": torch.__version__, "matmul_peak_flops": peaks, "rungs": rows, "default": default_settings(device),
        "against": [
            {"step": r.name, "tokens_per_s": r.tokens_per_s, "step_ms": 1000 * r.step_s, "seconds": r.seconds}
            for r in pairs
        ],
        "ratios": [ours.tokens_per_s / plain.tokens_per_s for plain, ours in zip(pairs[::2], pairs[1::2], strict=True)],
    }  # fmt: skip
    if options.out is not None:
        write_text_atomically(options.out / "speed.json", json.dumps(report, indent=1) + "\n")
        _draw(results, options.out / "speed.png", f"{options.preset}, {report['device']}")
    if options.json:
        print(json.dumps(report))
        return 0
    fp32, bf16 = (peaks[name] / 1e9 for name in ("float32", "bfloat16"))
    print(f"{report['device']}, {options.threads} thread{'s' * (options.threads > 1)}, PyTorch {torch.__version__}; "
          f"matmul peak {fp32:,.0f} (fp32), {bf16:,.0f} (bf16) GFLOP/s")  # fmt: skip
    print(f"{'tokens/s':>10} {'ms/step':>9} {'MiB':>7} {'MFU':>6} {'factor':>7}  rung")
    for row in rows:
        print(f"{row['tokens_per_s']:10,.0f} {row['step_ms']:9,.1f} {row['memory_mib']:7,.0f} {row['mfu']:6.1%} "
              f"{row['factor']:7.2f}  {row['rung']}")  # fmt: skip
    for plain, ours in zip(pairs[::2], pairs[1::2], strict=True):
        for step in (plain, ours):
            print(f"{step.tokens_per_s:10,.0f} {1000 * step.step_s:9,.1f} {'':22} {step.name}")
        print(f"{ours.tokens_per_s / plain.tokens_per_s:10.2f} x the plain GPT: medians, in turn in one process")
    print(f"default here: {', '.join(f'{k} {v}' for k, v in default_settings(device).items())}")
    return 0


def _measure(names: Sequence[str], options: argparse.Namespace) -> list[Result]:
    """Run one process per rung: alternating on a CPU, one after another on a GPU."""
    if options.device.startswith("cuda"):  # the memory held by several processes would not fit
        return [result for name in names for result in _run_interleaved([name], options)]
    return _run_interleaved(names, options)


def _run_interleaved(names: Sequence[str], options: argparse.Namespace) -> list[Result]:
    workers: list[tuple[Result, subprocess.Popen[str]]] = []
    try:
        for name in names:
            workers.append((Result(name=name), _start(name, options)))
            answer = _ask(*workers[-1], "")
            result = workers[-1][0]
            result.first_loss, result.reference = answer["first_loss"], answer["reference"]
            result.n_tokens, result.flops = answer["n_tokens"], answer["flops"]
            result.comparable = bool(answer["comparable"])
            for _ in range(WARM_UP):
                result.losses.append(_ask(*workers[-1], "step")["loss"])
            print(f"ready: {name}", file=sys.stderr)
        for repeat in range(options.repeats):
            for result, worker in workers:
                answer = _ask(result, worker, "step")
                result.seconds.append(answer["seconds"])
                result.losses.append(answer["loss"])
                result.memory_mib = answer["memory_mib"]
                print(
                    f"{repeat + 1}/{options.repeats}  {1000 * answer['seconds']:9,.1f} ms  {result.name}",
                    file=sys.stderr,
                )
    finally:
        for _, worker in workers:
            worker.kill()
            worker.wait()
    return [result for result, _ in workers]


def _measure_pairs(options: argparse.Namespace) -> list[Result]:
    """Run the plain GPT and the last rung in one process; returns their results alternately, for each vocabulary."""
    pair = Result(name=options.against)
    worker = _start(options.against, options)
    try:
        results = {name: Result(name=name, n_tokens=tokens) for name, tokens in _ask(pair, worker, "").items()}
        for repeat in range(WARM_UP + options.repeats):
            for name, seconds in _ask(pair, worker, "step").items():
                if repeat >= WARM_UP:
                    results[name].seconds.append(seconds)
            print(f"{max(0, repeat + 1 - WARM_UP)}/{options.repeats}  {options.against}", file=sys.stderr)
    finally:
        worker.kill()
        worker.wait()
    return list(results.values())


def _start(name: str, options: argparse.Namespace) -> subprocess.Popen[str]:
    from gpt.benchmarks.training_ladder import preset_for, rungs
    from gpt.training.allocator import ALLOCATOR

    if options.out is not None:
        check_output(options.out, folder=True)
    preset = preset_for(options.preset, options.device)
    ladder = rungs(options.device, preset.branched)
    rung = next((r for r in ladder if r.name == name), ladder[-1])
    environment = {k: v for k, v in os.environ.items() if k not in ALLOCATOR}
    environment |= {"OMP_NUM_THREADS": str(options.threads)} | rung.environment
    flags = ["--preset", options.preset, "--device", options.device, "--threads", str(options.threads)]
    return subprocess.Popen(
        [sys.executable, "-m", "gpt.speed", "--worker", name, *flags],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip


def _ask(result: Result, worker: subprocess.Popen[str], question: str) -> dict[str, float]:
    assert worker.stdin is not None and worker.stdout is not None
    if question:
        worker.stdin.write(question + "\n")
        worker.stdin.flush()
    line = worker.stdout.readline()
    if not line:
        raise GPTError(f"rung {result.name!r}: its process ended with code {worker.wait()}; its own message is above")
    answer: dict[str, float] = json.loads(line)
    return answer


def _work(options: argparse.Namespace) -> int:
    """Worker process: report readiness, then take one step (or one of each) per line of input."""
    import torch

    from gpt.benchmarks.nanogpt_comparison import interleaved_steps
    from gpt.benchmarks.training_ladder import Step, preset_for, reference_rung, rungs

    torch.set_num_threads(options.threads)
    device, preset = torch.device(options.device), preset_for(options.preset, options.device)
    ladder = rungs(options.device, preset.branched)
    rung = next((r for r in ladder if r.name == options.worker), None)
    if rung is None:
        steps = interleaved_steps(preset, device)
        print(json.dumps({name: step.n_tokens for name, step in steps.items()}), flush=True)
        for _ in sys.stdin:
            print(json.dumps({name: step()[0] for name, step in steps.items()}), flush=True)
        return 0
    comparable = rung.vocabulary >= ladder[0].vocabulary
    reference = math.nan if comparable else Step(reference_rung(rung), preset, device).first_loss()
    step = Step(rung, preset, device)
    setup = {"first_loss": step.first_loss(), "reference": reference, "comparable": comparable}
    print(json.dumps(setup | {"n_tokens": step.n_tokens, "flops": step.flops}), flush=True)
    for _ in sys.stdin:
        seconds, loss = step()
        print(json.dumps({"seconds": seconds, "loss": loss, "memory_mib": step.memory_mib()}), flush=True)
    return 0


def _check(results: Sequence[Result]) -> None:
    """Compare every rung's losses with the first rung's.

    Raises:
        LossDiffersError: They differ by more than rounding explains.
    """
    baseline = results[0]
    for result in results:
        pairs = [] if math.isnan(result.reference) else [("before any step", result.first_loss, result.reference)]
        if result.comparable:
            pairs.append(("before any step", result.first_loss, baseline.first_loss))
            step_losses = zip(result.losses, baseline.losses, strict=True)
            pairs += [(f"at step {i}", loss, expected) for i, (loss, expected) in enumerate(step_losses)]
        for moment, loss, expected in pairs:
            if not abs(loss - expected) <= TOLERANCE * abs(expected):
                raise LossDiffersError(f"rung {result.name!r}: loss {loss:.4f} {moment}; it should be {expected:.4f}")


def _draw(results: Sequence[Result], path: Path, title: str) -> None:
    try:
        import matplotlib
    except ImportError:
        print("speed.png needs matplotlib: pip install gpt-home-planner[plots]", file=sys.stderr)
        return
    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(9, 0.4 * len(results) + 1.2), layout="constrained")
    rates = [r.tokens_per_s for r in results]
    bars = axes.barh([r.name for r in results], rates, color=["C0" if r.comparable else "C1" for r in results])
    axes.bar_label(bars, [f" {rate:,.0f} ({rate / rates[0]:.1f}×)" for rate in rates], fontsize=8)
    axes.set(
        xlabel="tokens of documents per second", xscale="log", title=title, xlim=(min(rates) / 1.5, max(rates) * 5)
    )
    axes.invert_yaxis()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)
    plt.close(figure)


if __name__ == "__main__":
    raise SystemExit(main())
