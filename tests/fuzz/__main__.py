"""`python -m tests.fuzz --count 100000 --seed 0`: feed random, hostile and damaged inputs to every parser and reader.

Prints, for each target, the number of inputs, the time they took, and the errors they raised. To repeat an input, use
`--only TARGET --first NUMBER --count 1` with the same seed. Exit code: 0 without findings, 1 with findings.

With `--progress FILE`, every block of inputs is noted in a file, and a run that was interrupted goes on where it was:

    python -m tests.fuzz --progress runs/fuzz.jsonl
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from gpt.inference.threads import limit_blas_threads
from tests.fuzz.runner import Tally, limit_memory, throw
from tests.fuzz.targets import TARGETS

PROG = "python -m tests.fuzz"
SHARES = {  # of --count, by what can go wrong and what an input costs: a GPT takes a hundred times as long as a goal
    "instructions": 0.02, "sentences": 0.04, "dialogues": 0.002, "piped": 0.002, "goals": 0.19, "statements": 0.12,
    "plans": 0.06,
    "steps": 0.02, "names": 0.12, "homes": 0.05, "seeds": 0.03, "memories": 0.04, "agendas": 0.01,
    "environments": 0.04, "robots": 0.001,
    "exports": 0.003, "tasks": 0.03, "human_lines": 0.002, "rows": 0.0635, "recipes": 0.025, "episodes": 0.003,
    "corpora": 0.002, "shards": 0.003, "models": 0.006, "calibrations": 0.03, "tokenizers": 0.006, "adapters": 0.001,
    "gpt2_files": 0.003, "checkpoints": 0.0005, "recordings": 0.005, "pictures": 0.005, "sense_files": 0.002,
    "records": 0.04, "stages": 0.015, "learning": 0.003, "reports": 0.003, "resumed": 0.002, "flags": 0.002,
}  # fmt: skip
BLOCKS = 40  # of each target; the targets take turns, so that a part of a run has all of them
MIN_REPORTED = 100  # inputs of a block
SHOWN_NUMBERS = 5


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=PROG, description="Throw odd inputs at everything that reads.")
    parser.add_argument("--count", type=int, default=100_000, metavar="N", help="inputs in all (default: 100000)")
    parser.add_argument("--seed", type=int, default=0, help="of all inputs (default: 0)")
    parser.add_argument("--only", choices=tuple(TARGETS), metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--progress", type=Path, metavar="FILE", help="note what is done, and go on from there")
    parser.add_argument("--first", type=int, default=0, metavar="N", help="number of the first input (default: 0)")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command."""
    args = _parser().parse_args(argv)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell makes background jobs ignore SIGINT
    limit_memory()
    limit_blas_threads(1)
    counts = {args.only: args.count} if args.only else {t: round(args.count * s) for t, s in SHARES.items()}
    tallies: dict[str, Tally] = {target: Tally() for target in counts}
    done = _read_progress(args.progress, args.seed)
    try:
        for target, numbers in _blocks(counts, args.first):
            tally = done.get((target, numbers[0], len(numbers)))
            if tally is None:
                *_, tally = throw(target, args.seed, numbers)
                _note_progress(args.progress, args.seed, target, numbers, tally)
                if len(numbers) >= MIN_REPORTED:
                    _report_progress(target, numbers, tally)
            tallies[target].add(tally)
    except KeyboardInterrupt:
        print(f"{PROG}: interrupted; what was thrown so far:", file=sys.stderr)
    _print_summary(tallies)
    return 1 if any(tally.findings for tally in tallies.values()) else 0


def _blocks(counts: dict[str, int], first: int) -> Iterator[tuple[str, range]]:
    """Yield the numbers of all inputs in blocks, each target in turn."""
    for k in range(BLOCKS):
        for target, count in counts.items():
            numbers = range(first + count * k // BLOCKS, first + count * (k + 1) // BLOCKS)
            if numbers:
                yield target, numbers


def _read_progress(path: Path | None, seed: int) -> dict[tuple[str, int, int], Tally]:
    done: dict[tuple[str, int, int], Tally] = {}
    if path is not None and path.exists():
        *lines, _ = path.read_text(encoding="utf-8").split("\n")  # the last may have been cut off
        for line in lines:
            record = json.loads(line)
            if record["seed"] == seed:
                done[record["target"], record["first"], record["tally"]["inputs"]] = Tally(**record["tally"])
    return done


def _note_progress(path: Path | None, seed: int, target: str, numbers: range, tally: Tally) -> None:
    if path is None:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    record = {"seed": seed, "target": target, "first": numbers[0], "tally": asdict(tally)}
    with open(path, "a", encoding="utf-8") as file:
        file.write(json.dumps(record) + "\n")


def _report_progress(target: str, numbers: range, tally: Tally) -> None:
    n_findings = sum(len(numbers) for numbers in tally.findings.values())
    shown = f"{target} {numbers[0]} to {numbers[-1]}: {n_findings} findings, {tally.seconds:.0f} s, {_slowest(tally)}"
    print(shown, file=sys.stderr, flush=True)


def _slowest(tally: Tally) -> str:
    return f"slowest {tally.slowest_s:.2f} s (number {tally.slowest})"


def _print_summary(tallies: dict[str, Tally]) -> None:
    print(f"{'target':14}{'inputs':>8}{'findings':>10}{'seconds':>9}")
    for target, tally in tallies.items():
        n_findings = sum(len(numbers) for numbers in tally.findings.values())
        print(f"{target:14}{tally.inputs:8}{n_findings:10}{tally.seconds:9.0f}  {_slowest(tally)}")
    inputs, seconds = sum(t.inputs for t in tallies.values()), sum(t.seconds for t in tallies.values())
    print(f"{'all':14}{inputs:8}{sum(len(n) for t in tallies.values() for n in t.findings.values()):10}{seconds:9.0f}")
    for target, tally in tallies.items():
        for where, numbers in tally.findings.items():
            examples = ", ".join(map(str, numbers[:SHOWN_NUMBERS]))
            print(f"\n{target}, {len(numbers)} times (number {examples}): {where}\n{tally.example[where]}")


if __name__ == "__main__":
    sys.exit(main())
