"""Compare a plain GPT's training step with the last rung of the ladder, in alternating steps of one process.

Other load on the machine then slows both equally, so that their ratio is reliable. Both are measured with the plain
GPT's vocabulary and, where the ladder has one, with the domain's own.
"""

from __future__ import annotations

from dataclasses import replace

import torch

from gpt.benchmarks.nanogpt_baseline import PlainStep
from gpt.benchmarks.training_ladder import DOMAIN_VOCABULARY, PADDED_VOCABULARY, Preset, Step, rungs

PLAIN, OURS = "plain GPT", "last rung"


def vocabularies(branched: bool) -> tuple[int, ...]:
    """Return the vocabulary sizes to measure."""
    return (PADDED_VOCABULARY, DOMAIN_VOCABULARY) if branched else (PADDED_VOCABULARY,)


def label(name: str, vocabulary: int) -> str:
    """Return the name of a step."""
    return f"{name}, vocabulary {vocabulary:,}"


def interleaved_steps(preset: Preset, device: torch.device, *, compiled: bool = True) -> dict[str, Step | PlainStep]:
    """Return the steps by name, in the order in which they alternate.

    Args:
        preset: The model and step size.
        device: The device.
        compiled: Whether to use `torch.compile` where it normally is used; tests disable it to save time.
    """
    last = rungs(device.type, preset.branched)[-1]
    steps: dict[str, Step | PlainStep] = {}
    for vocabulary in vocabularies(preset.branched):
        steps[label(PLAIN, vocabulary)] = PlainStep(preset, device, vocabulary=vocabulary, compiled=compiled)
        rung = replace(last, vocabulary=vocabulary, compile=last.compile and compiled)
        steps[label(OURS, vocabulary)] = Step(rung, preset, device)
    return steps
