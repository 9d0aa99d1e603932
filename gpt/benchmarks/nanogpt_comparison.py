"""A plain GPT's training step and the ladder's last rung in one process, step by step in turn, for their ratio.

What else runs on a machine slows both alike then; in processes of their own, it does not. Each is measured with the
plain GPT's vocabulary and, where the ladder has one, with the domain's own.
"""

from __future__ import annotations

from dataclasses import replace

import torch

from gpt.benchmarks.nanogpt_baseline import PlainStep
from gpt.benchmarks.training_ladder import DOMAIN_VOCABULARY, PADDED_VOCABULARY, Preset, Step, rungs

PLAIN, OURS = "plain GPT", "last rung"


def vocabularies(branched: bool) -> tuple[int, ...]:
    """The sizes that are measured."""
    return (PADDED_VOCABULARY, DOMAIN_VOCABULARY) if branched else (PADDED_VOCABULARY,)


def label(name: str, vocabulary: int) -> str:
    """Name one of the steps."""
    return f"{name}, vocabulary {vocabulary:,}"


def interleaved_steps(preset: Preset, device: torch.device, *, compiled: bool = True) -> dict[str, Step | PlainStep]:
    """Return the steps by name, in the order in which they take turns.

    Args:
        preset: What is trained.
        device: Where.
        compiled: Whether what is usually compiled is; tests spare the time.
    """
    last = rungs(device.type, preset.branched)[-1]
    steps: dict[str, Step | PlainStep] = {}
    for vocabulary in vocabularies(preset.branched):
        steps[label(PLAIN, vocabulary)] = PlainStep(preset, device, vocabulary=vocabulary, compiled=compiled)
        rung = replace(last, vocabulary=vocabulary, compile=last.compile and compiled)
        steps[label(OURS, vocabulary)] = Step(rung, preset, device)
    return steps
