"""`python -m tests.fuzz.atheris_run TARGET [libFuzzer's flags]`: let coverage choose the inputs of a target.

Needs atheris (`pip install atheris`, Linux only), which no extra installs. For example, ten minutes of home files:

    python -m tests.fuzz.atheris_run homes -max_total_time=600 -timeout=600 -max_len=512 -len_control=0

Findings are written to the current folder as `crash-…`; pass such a file as the last argument to reproduce it.
"""

from __future__ import annotations

import sys

PROG = "python -m tests.fuzz.atheris_run"


def main(argv: list[str]) -> int:
    """Run the command."""
    try:
        import atheris
    except ImportError:
        print(f"{PROG}: atheris is not installed: pip install atheris", file=sys.stderr)
        return 2
    with atheris.instrument_imports(include=["envs", "gpt", "planner"]):
        from tests.fuzz.bytes_random import BytesRandom
        from tests.fuzz.targets import TARGETS
    if len(argv) < 2 or argv[1] not in TARGETS:
        print(f"{PROG}: name a target: {', '.join(TARGETS)}", file=sys.stderr)
        return 2
    target = TARGETS[argv[1]]

    def run_target(data: bytes) -> None:
        target(BytesRandom(data))

    atheris.Setup([argv[0], *argv[2:]], run_target)
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
