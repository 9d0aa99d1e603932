"""Speech recognition and understanding of speech: `python -m planner.benchmarks.hearing --tasks 200 --seed 0`.

Tasks in unseen homes and unseen wordings are spoken by voices that no training used (accents and variants of espeak-ng:
`planner/perception/training/speech_texts.py`), and understood by the same planner as text:

    text             the instruction itself: an upper bound
    clean            clean speech
    10 dB            with noise (white to brown, hum, clatter) at a signal-to-noise ratio of 10 dB
    room, 20 dB      in a room with an echo, and some noise

Word errors are those of the final transcript; `without GPT` are those of the CTC decoding of letters and words, `GPT
alone` those of the GPT's own transcript. Intervals are 95 %, Wilson's. Latency is measured on one thread.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from planner.errors import PlannerError
from planner.evaluation.statistics import Rate, quantile, rounded
from planner.io.command import one_thread, run_command
from planner.io.command_parser import CommandParser

if TYPE_CHECKING:
    from gpt.weights.model_folder import Floats
    from planner.api import Planner
    from planner.perception.espeak import Voice
    from planner.perception.hearing import Hearing
    from planner.tasks.held_out_trials import EvaluationTask

PROG = "python -m planner.benchmarks.hearing"
ROWS = ("text", "clean", "10 dB", "room, 20 dB")
Row = Literal["text", "clean", "10 dB", "room, 20 dB"]


@dataclass(frozen=True, kw_only=True)
class HearingResult:
    """The result of one task in one acoustic condition.

    Attributes:
        row: The acoustic condition.
        said: The spoken instruction.
        heard: The transcript.
        voice: The name of the voice.
        errors: Word substitutions, deletions and insertions of the transcript, of CTC alone, and of the GPT alone.
        words: Number of spoken words.
        goal: Whether the parsed goal is right.
        success: Whether the plan reaches the goal.
        misread: Whether the robot acted, and not on what was said.
        hearing_ms: Time from samples to words [ms].
    """

    row: str
    said: str
    heard: str
    voice: str
    errors: tuple[int, int, int]
    words: int
    goal: bool
    success: bool
    misread: bool
    hearing_ms: float


def synthesize(row: Row, text: str, voice: Voice, seed: int) -> Floats:
    """Return the samples of a text, spoken in an acoustic condition."""
    import torch

    from planner.perception.espeak import speak
    from planner.perception.training.speech_augmentation import add_noise, add_room
    from planner.perception.transcript_normalization import spoken

    samples = torch.from_numpy(speak(spoken(text), voice).astype(np.float32) / 32768.0)
    if row == "10 dB":
        samples = add_noise(samples, 10.0, seed)
    elif row == "room, 20 dB":
        samples = add_noise(add_room(samples, seed), 20.0, seed)
    samples = samples / samples.abs().max().clamp_min(1.0)
    sound: Floats = samples.numpy()
    return sound


def evaluate(
    trials: Sequence[EvaluationTask], hearing: Hearing, planner: Planner, seed: int
) -> Iterator[HearingResult]:
    """Yield the result of each task in each acoustic condition."""
    from planner.perception.training.speech_texts import voice

    for number, trial in enumerate(trials):
        speaker = voice(random.Random(f"benchmark/{seed}/{number}"), "test")
        for row in ROWS:
            yield _outcome(row, trial, speaker, hearing, planner, 1000 * seed + number)  # type: ignore[arg-type]


def _outcome(
    row: Row, trial: EvaluationTask, speaker: Voice, hearing: Hearing, planner: Planner, seed: int
) -> HearingResult:
    from planner.evaluation.measurement import measure, planning_modes
    from planner.perception.hearing import NothingHeardError
    from planner.perception.transcript_normalization import distance, words

    heard, letters, gpt_words, hearing_ms = trial.instruction, trial.instruction, trial.instruction, 0.0
    if row != "text":
        samples = synthesize(row, trial.instruction, speaker, seed)
        started_at = time.perf_counter()
        try:
            transcript = hearing.hear(samples)
            heard, letters, gpt_words = transcript.words, transcript.letters, transcript.written
        except NothingHeardError:
            heard = letters = gpt_words = ""
        hearing_ms = 1000 * (time.perf_counter() - started_at)
    reference = words(trial.instruction).split()
    goal = success = misread = False
    if heard:
        options = {"verified": planning_modes()["verified"]}
        prediction = measure(planner, replace(trial, instruction=heard), options)  # type: ignore[arg-type]
        goal, success, misread = prediction.same, prediction.last.success, prediction.last.is_misread
    return HearingResult(
        row=row, said=trial.instruction, heard=heard, voice=speaker.name,
        errors=tuple(distance(words(text).split(), reference) for text in (heard, letters, gpt_words)),  # type: ignore[arg-type]
        words=len(reference), goal=goal, success=success, misread=misread,
        hearing_ms=hearing_ms,
    )  # fmt: skip


def summary(results: Sequence[HearingResult]) -> dict[str, dict[str, object]]:
    """Return the metrics of each acoustic condition."""
    rows: dict[str, dict[str, object]] = {}
    for row in dict.fromkeys(o.row for o in results):
        members = [o for o in results if o.row == row]
        total = max(1, sum(o.words for o in members))
        rows[row] = {
            "goal": Rate(hits=sum(o.goal for o in members), total=len(members)).as_dict(),
            "success": Rate(hits=sum(o.success for o in members), total=len(members)).as_dict(),
            "misread": Rate(hits=sum(o.misread for o in members), total=len(members)).as_dict(),
            **{
                name: rounded(sum(o.errors[k] for o in members) / total)
                for k, name in enumerate(("word_errors", "letters_word_errors", "gpt_word_errors"))
            },
            "hearing_ms": round(quantile([o.hearing_ms for o in members], 0.5), 1),
        }
    return rows


def encoder_ms(hearing: Hearing, seconds: float = 4.0) -> float:
    """Return the median time of the encoder for a sound of `seconds` [ms]."""
    samples = (0.1 * np.random.default_rng(0).normal(size=int(16_000 * seconds))).astype(np.float32)
    times = []
    for _ in range(15):
        started_at = time.perf_counter()
        hearing.encoder.perceive(samples)
        times.append(1000 * (time.perf_counter() - started_at))
    return round(quantile(times, 0.5), 1)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command. Returns 0, or 2 on wrong input."""
    parser = CommandParser(prog=PROG, description="Score hearing on voices and wordings not used in training.")
    add = parser.add_argument
    add("--tasks", type=int, default=200, metavar="N", help="number of tasks (default: 200)")
    add("--seed", type=int, default=0, help="seed of tasks, voices and noise (default: 0)")
    add("--model", type=Path, metavar="FOLDER", help="the GPT (default: the released one)")
    add("--file", type=Path, metavar="FILE", help="the audio encoder (default: beside the model)")
    add("--json", action="store_true", help="print the results as JSON")
    args = parser.parse_args(argv)
    return run_command(lambda: _run(args), PROG)


def _run(args: argparse.Namespace) -> int:
    from tqdm import tqdm

    from planner.api import Planner
    from planner.perception.hearing import Hearing
    from planner.tasks.held_out_trials import Split, draw_trials

    if args.tasks < 1 or args.seed < 0:
        raise PlannerError("--tasks is at least 1, --seed at least 0")
    one_thread()
    hearing, planner = Hearing.load(args.model, args.file), Planner.load(args.model)
    split = Split(name="spoken", phrases="test", noise=False)
    trials = list(draw_trials(split, args.tasks, seed=args.seed))
    results = list(tqdm(evaluate(trials, hearing, planner, args.seed), total=len(ROWS) * len(trials), disable=None))
    figures: dict[str, object] = {"tasks": len(trials), "encoder_ms": encoder_ms(hearing), "rows": summary(results)}
    print(json.dumps(figures) if args.json else _tables(figures, results))
    return 0


def _tables(figures: Mapping[str, object], results: Sequence[HearingResult]) -> str:
    from planner.evaluation.tables import grid

    header = [
        "",
        "right goal",
        "plan succeeds",
        "silent misreads",
        "word errors",
        "without GPT",
        "GPT alone",
        "median ms",
    ]
    lines = []
    for name, row in summary(results).items():
        rates_of_row = (row["goal"], row["success"], row["misread"])
        rates = [str(Rate(hits=r["hits"], total=r["total"])) for r in rates_of_row if isinstance(r, dict)]
        keys = ("word_errors", "letters_word_errors", "gpt_word_errors")
        errors = [f"{100 * float(str(row[key])):.1f} %" for key in keys]
        lines.append([name, *rates, *errors, str(row["hearing_ms"])])
    misheard = [o for o in results if o.errors[0]][:8]
    examples = "\n".join(f"  {o.row}, {o.voice}: {o.said!r} heard as {o.heard!r}" for o in misheard)
    return f"{grid(header, lines)}\nencoder, 4 s of sound: {figures['encoder_ms']} ms\n{examples}"


if __name__ == "__main__":
    sys.exit(main())
