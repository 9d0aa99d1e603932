"""`python -m tests.fuzz --count 100000 --seed 0`: feed random, hostile and damaged inputs to every parser and reader.

Prints, for each target, the number of inputs, the time they took, and the errors they raised. To repeat an input, use
`--only TARGET --first NUMBER --count 1` with the same seed. Exit code: 0 without findings, 1 with findings.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence

from gpt.inference.threads import limit_blas_threads
from tests.fuzz.runner import Tally, limit_memory, throw
from tests.fuzz.targets import TARGETS

PROG = "python -m tests.fuzz"
SHARES = {  # of --count: instructions get the most, the other targets a share by how much can go wrong
    "instructions": 0.395, "dialogues": 0.02, "piped": 0.02, "goals": 0.09, "statements": 0.03, "plans": 0.03,
    "names": 0.025, "homes": 0.06, "seeds": 0.01, "memories": 0.04, "environments": 0.02, "robots": 0.01,
    "exports": 0.015, "tasks": 0.03, "human_lines": 0.005, "rows": 0.038, "recipes": 0.015, "episodes": 0.01,
    "corpora": 0.01, "shards": 0.005, "models": 0.02, "calibrations": 0.005, "tokenizers": 0.01, "adapters": 0.005,
    "gpt2_files": 0.01, "checkpoints": 0.002, "recordings": 0.01, "pictures": 0.01, "sense_files": 0.005,
    "records": 0.01, "stages": 0.01, "learning": 0.005, "reports": 0.005, "resumed": 0.005, "flags": 0.01,
}  # fmt: skip
REPORT_EVERY = 1000  # inputs
SHOWN_NUMBERS = 5


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=PROG, description="Throw odd inputs at everything that reads.")
    parser.add_argument("--count", type=int, default=100_000, metavar="N", help="inputs in all (default: 100000)")
    parser.add_argument("--seed", type=int, default=0, help="of all inputs (default: 0)")
    parser.add_argument("--only", choices=tuple(TARGETS), metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--first", type=int, default=0, metavar="N", help="number of the first input (default: 0)")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command."""
    args = _parser().parse_args(argv)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell makes background jobs ignore SIGINT
    limit_memory()
    limit_blas_threads(1)
    counts = {args.only: args.count} if args.only else {t: round(args.count * s) for t, s in SHARES.items()}
    tallies: dict[str, Tally] = {}
    try:
        for target, count in counts.items():
            for tally in throw(target, args.seed, range(args.first, args.first + count)):
                tallies[target] = tally
                if tally.inputs % REPORT_EVERY == 0:
                    _report_progress(target, tally, count)
    except KeyboardInterrupt:
        print(f"{PROG}: interrupted; what was thrown so far:", file=sys.stderr)
    _print_summary(tallies)
    return 1 if any(tally.findings for tally in tallies.values()) else 0


def _report_progress(target: str, tally: Tally, count: int) -> None:
    n_findings = sum(len(numbers) for numbers in tally.findings.values())
    message = f"{target}: {tally.inputs} of {count}, {n_findings} findings, {tally.seconds:.0f} s, {_slowest(tally)}"
    print(message, file=sys.stderr, flush=True)


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
