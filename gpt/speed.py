"""How fast this machine trains and decodes under each setting: medians of interleaved repeats.

    python -m gpt.speed                      # every rung, one thread
    python -m gpt.speed --only matmul --repeats 9 --threads 2 --device cuda

Training counts tokens that are no padding; documents of 90 to 220 random tokens, of which the last 40 % carry loss.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch

from gpt.batches import Batches, PackedBatches, PaddedBatches, TokenizedDocuments
from gpt.model import GPT, GPTConfig
from gpt.optimizer import OptimizerKind, build_optimizers
from gpt.sampling import Session, generate_batch

_V = 2048


@dataclass(frozen=True, kw_only=True)
class Rung:
    """One setting of training; what is not named is the default."""

    name: str
    model: dict[str, object] = field(default_factory=dict)
    rows: int = 16
    block_size: int = 256
    precision: str = "bf16"
    optimizer: OptimizerKind = "adamw"
    compile: bool = False
    packed: bool = True


RUNGS = (
    Rung(name="fp32 matmul, padded", precision="fp32", model={"attention": "matmul"}, packed=False, rows=26),
    Rung(name="fp32 matmul", precision="fp32", model={"attention": "matmul"}),
    Rung(name="fp32 sdpa", precision="fp32", model={"attention": "sdpa"}),
    Rung(name="bf16 matmul", model={"attention": "matmul"}),
    Rung(name="bf16 sdpa", model={"attention": "sdpa"}),
    Rung(name="bf16 matmul, muon", model={"attention": "matmul"}, optimizer="muon"),
    Rung(name="bf16 matmul, 4 rows", model={"attention": "matmul"}, rows=4),
    Rung(name="bf16 matmul, 8 rows", model={"attention": "matmul"}, rows=8),
    Rung(name="bf16 matmul, 32 rows", model={"attention": "matmul"}, rows=32),
    Rung(name="bf16 matmul, 8 rows of 512", model={"attention": "matmul"}, rows=8, block_size=512),
    Rung(name="bf16 sdpa, 8 rows of 512", model={"attention": "sdpa"}, rows=8, block_size=512),
    Rung(name="bf16 matmul, 2 heads", model={"attention": "matmul", "n_head": 2}),
    Rung(name="bf16 matmul, compile", model={"attention": "matmul"}, compile=True),
    Rung(name="bf16 sdpa, compile", model={"attention": "sdpa"}, compile=True),
)


def training_step(rung: Rung, documents: TokenizedDocuments, device: torch.device) -> Callable[[], float]:
    """A function that trains one step and returns tokens per second."""
    torch.manual_seed(0)
    settings: dict[str, object] = {"vocab_size": _V, "block_size": rung.block_size}
    model = GPT(GPTConfig.from_dict(settings | rung.model)).to(device)
    optimizers = build_optimizers(model, rung.optimizer, 1e-3, 0.01)
    trunk = torch.compile(model.trunk) if rung.compile else model.trunk
    kind = PackedBatches if rung.packed else PaddedBatches
    batches: Batches = kind(documents, rung.rows, rung.block_size, 0)
    steps = iter(range(1_000_000))

    def step() -> float:
        batch = batches.batch(next(steps)).to(device)
        began = time.perf_counter()
        with torch.autocast(device.type, torch.bfloat16, enabled=rung.precision == "bf16"):
            loss = model.logits_and_loss(trunk(batch.idx, batch.layout), batch.targets)[1]
        loss.backward()  # type: ignore[no-untyped-call]
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        loss.item()  # waits for a GPU
        return batch.n_tokens / (time.perf_counter() - began)

    return step


def decoding_rates(device: torch.device, repeats: int) -> dict[str, float]:
    """Median tokens per second after a prompt of 120 tokens, for each way of decoding."""
    rng = np.random.default_rng(0)
    prompt = rng.integers(0, _V, 120).tolist()
    seen: dict[str, list[float]] = {}
    for _ in range(repeats):
        for kernel in ("matmul", "sdpa"):
            torch.manual_seed(0)
            model = GPT(GPTConfig(vocab_size=_V, attention=kernel)).to(device).eval()
            session = Session(model)

            def at_once(session: Session = session) -> None:
                session.feed(prompt)

            seen.setdefault(f"read the prompt at once, {kernel}", []).append(_rate(at_once, 120))

            def one_by_one(session: Session = session) -> None:
                for token in prompt[:60]:
                    session.feed([token])

            seen.setdefault(f"one token at a time, {kernel}", []).append(_rate(one_by_one, 60))

            def together(model: GPT = model) -> None:
                generate_batch(model, [prompt] * 32, 16)

            seen.setdefault(f"32 samples of one prompt, {kernel}", []).append(_rate(together, 32 * 16))
    return {name: statistics.median(rates) for name, rates in seen.items()}


def _rate(work: Callable[[], object], tokens: int) -> float:
    began = time.perf_counter()
    work()
    return tokens / (time.perf_counter() - began)


def main(argv: list[str] | None = None) -> int:
    """Measure and print one line for each setting."""
    parser = argparse.ArgumentParser(prog="python -m gpt.speed", description="Training and decoding speed, tokens/s.")
    parser.add_argument("--only", default="", help="rungs whose name holds this text; 'decode' for decoding alone")
    parser.add_argument("--repeats", type=int, default=5, help="measured steps of each rung (default 5)")
    parser.add_argument("--threads", type=int, default=1, help="PyTorch threads (default 1)")
    parser.add_argument("--device", default="cpu", help="cpu or cuda (default cpu)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(argv)
    torch.set_num_threads(options.threads)
    device = torch.device(options.device)
    rng = np.random.default_rng(0)
    lists = [rng.integers(0, 2000, size=int(n)).tolist() for n in rng.integers(90, 220, size=600)]
    documents = TokenizedDocuments.from_lists(lists, [[i >= 0.6 * len(d) for i in range(len(d))] for d in lists])
    steps = {rung.name: training_step(rung, documents, device) for rung in RUNGS if options.only in rung.name}
    rates: dict[str, list[float]] = {name: [] for name in steps}
    for repeat in range(options.repeats + 2):  # two to warm up
        for name, step in steps.items():
            rate = step()
            if repeat >= 2:
                rates[name].append(rate)
            print(f"{repeat}  {rate:8,.0f}  {name}", file=sys.stderr)
    results = {f"train: {name}": statistics.median(values) for name, values in rates.items()}
    if options.only in ("", "decode"):
        results |= {f"decode: {name}": rate for name, rate in decoding_rates(device, options.repeats).items()}
    if options.json:
        print(json.dumps(results))
    else:
        for name, rate in results.items():
            print(f"{rate:10,.0f} tokens/s  {name}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
