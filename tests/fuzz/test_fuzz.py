"""A bounded, deterministic part of the fuzzing; `python -m tests.fuzz` is the long run."""

from __future__ import annotations

import signal
import time
from dataclasses import replace
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planner.api import Planner
from planner.plans.options import Options
from planner.world_model.open_home import open_home
from tests.fuzz import runner
from tests.fuzz.__main__ import SHARES
from tests.fuzz.bytes_random import BytesRandom
from tests.fuzz.inputs import texts
from tests.fuzz.runner import throw
from tests.fuzz.soundness import called, check_plan, check_shown
from tests.fuzz.targets import TARGETS

EXAMPLES = {  # about half a second of CPU for each target at most
    "instructions": 12, "sentences": 12,
    "dialogues": 5, "piped": 5, "goals": 100, "statements": 100, "plans": 40, "steps": 40, "names": 100,
    "homes": 50, "seeds": 60, "memories": 25, "agendas": 10, "environments": 30, "robots": 4, "exports": 8, "tasks": 40,
    "human_lines": 25, "rows": 80, "recipes": 40, "episodes": 20, "corpora": 20, "shards": 30, "models": 20,
    "calibrations": 30, "tokenizers": 25, "adapters": 8, "gpt2_files": 8, "checkpoints": 3, "recordings": 40,
    "pictures": 30, "sense_files": 20, "records": 100, "stages": 40, "learning": 25, "reports": 12, "resumed": 25,
    "flags": 20,
}  # fmt: skip


@pytest.mark.parametrize("target", TARGETS)
def test_no_input_causes_a_traceback_or_an_unsound_plan(target: str) -> None:
    @settings(
        max_examples=EXAMPLES[target], derandomize=True, database=None, deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )  # fmt: skip
    @given(st.binary(max_size=300))
    def run_target(data: bytes) -> None:
        TARGETS[target](BytesRandom(data))

    run_target()


def test_the_long_run_gives_every_target_a_share_of_inputs() -> None:
    assert set(SHARES) == set(TARGETS) == set(EXAMPLES)
    assert sum(SHARES.values()) == pytest.approx(1)


def test_equal_bytes_give_equal_inputs_and_different_bytes_differ() -> None:
    state = open_home("studio", geometry=False)
    one, same, other = (texts.instruction(BytesRandom(data), state) for data in (b"abcdef", b"abcdef", b"ghijkl"))
    assert one == same != other


def test_fuzzing_generates_instructions_of_every_kind() -> None:
    state = open_home("studio", geometry=False)
    instructions = [texts.instruction(Random(seed), state) for seed in range(600)]
    for fragment in ("[SEP]", "<|endoftext|>", "{0.__class__}", "%s", "../", "\x1b[", "\u202e", "\0", "then"):
        assert any(fragment in instruction for instruction in instructions), fragment
    assert max(map(len, instructions)) > 50_000


def test_a_plan_that_the_symbolic_world_rejects_is_detected() -> None:
    state = open_home("studio", geometry=False)
    plan = Planner.load().plan("put the kettle in the fridge", state, Options(samples=0))
    check_plan(plan, state)
    assert plan.actions
    with pytest.raises(AssertionError):
        check_plan(replace(plan, actions=plan.actions[1:], subtasks=plan.subtasks[1:]), state)
    with pytest.raises(AssertionError):
        check_plan(replace(plan, status="unverified", reason="said so"), state)


def test_terminal_control_characters_are_detected() -> None:
    def shout(argv: list[str]) -> int:
        print("\x1b[31m")
        return 0

    with pytest.raises(AssertionError):
        called(shout, [])
    check_shown("plain → words\n")


def test_exceptions_and_hangs_are_counted_with_their_input_number(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0

    def faulty_target(rng: Random) -> None:
        nonlocal now
        now += 0.5
        number = next(numbers)
        if number == 3:
            raise KeyError(number)
        if number == 4:
            now += 9.0
            assert 0 < signal.getitimer(signal.ITIMER_REAL)[0] <= 900.0
            signal.raise_signal(signal.SIGALRM)  # as the timer does when the time is up
            time.sleep(900.0)

    numbers = iter(range(6))
    monkeypatch.setitem(runner.TARGETS, "odd", faulty_target)
    *_, tally = throw("odd", 0, range(6), limit_s=900.0, clock=lambda: now)
    assert (tally.seconds, tally.slowest_s) == (12.0, 9.5)
    assert tally.inputs == 6 and tally.slowest == 4
    assert sorted(tally.findings.values()) == [[3], [4]]
    assert {finding.partition(" ")[0] for finding in tally.findings} == {"KeyError", "TooSlowError"}
