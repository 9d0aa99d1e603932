"""Process-wide settings during training, restored afterwards: threads, precision of matrix products, signals."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import torch


@contextmanager
def threads(count: int | None) -> Iterator[None]:
    """Set PyTorch's number of threads; None keeps the current number."""
    previous = torch.get_num_threads()
    torch.set_num_threads(count or previous)
    try:
        yield
    finally:
        torch.set_num_threads(previous)


@contextmanager
def matmul_precision(device: torch.device, tf32: bool) -> Iterator[None]:
    """Allow or forbid TF32 (10 bits of mantissa) in fp32 matrix products on a GPU; no-op elsewhere.

    It uses the process-wide setting because `torch.compile` of PyTorch 2.9 rejects the per-backend one.
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
    """Record SIGINT and SIGTERM, so that the caller can finish a step before it exits.

    Args:
        patient: Record every signal; otherwise the second one acts immediately. For use under torchrun, where Ctrl-C
            arrives twice: from the terminal and from torchrun, which kills the process after 30 s anyway.
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
    """Raise the exception with which Python exits for this signal.

    Raises:
        KeyboardInterrupt: For SIGINT.
        SystemExit: For any other signal, with the shell's exit code for it.
    """
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise SystemExit(128 + number)
