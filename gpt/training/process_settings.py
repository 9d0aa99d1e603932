"""What a training run changes in its process, and puts back: threads, precision of matrix products, signals."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import torch


@contextmanager
def threads(count: int | None) -> Iterator[None]:
    """Let PyTorch use that many threads; None leaves them."""
    previous = torch.get_num_threads()
    torch.set_num_threads(count or previous)
    try:
        yield
    finally:
        torch.set_num_threads(previous)


@contextmanager
def matmul_precision(device: torch.device, tf32: bool) -> Iterator[None]:
    """Let fp32 products on a GPU round their factors to TF32 (10 bits of mantissa), or forbid it; no-op elsewhere.

    The process-wide setting is used because `torch.compile` of PyTorch 2.9 refuses the one per backend.
    """
    if device.type != "cuda":
        yield
        return
    previous = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("high" if tf32 else "highest")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(previous)


@contextmanager
def deferred_signals(*, patient: bool = False) -> Iterator[list[int]]:
    """Note SIGINT and SIGTERM instead of dying in the middle of a step.

    Args:
        patient: Note every one of them. Otherwise a second one acts at once. Under torchrun, Ctrl-C comes twice: from
            the terminal and from torchrun, which kills for good after 30 s anyway.
    """
    received: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield received
        return
    previous = {int(number): signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def record(number: int, frame: FrameType | None) -> None:
        received.append(number)
        if not patient:
            signal.signal(number, previous[number])

    for number in previous:
        signal.signal(number, record)
    try:
        yield received
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def raise_signal(number: int) -> None:
    """End as the signal would have.

    Raises:
        KeyboardInterrupt: It is SIGINT.
        SystemExit: Any other, with the shell's code for it.
    """
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise SystemExit(128 + number)
