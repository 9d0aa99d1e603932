"""Workers that are processes of this machine, each on one thread, with a pipe of its own.

They are spawned, not forked, end with the process that started them, and leave Ctrl-C to it.
"""

from __future__ import annotations

import os
import pickle
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import get_context, parent_process, resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess

from planner.rollouts.messages import Death, Ready, Said
from planner.rollouts.worker import Server, prepare
from planner.rollouts.worker_pool import Item, Worker, WorkerPool

GRACE_S = 5.0  # from when a process closes its pipe to when it must be gone


class ProcessHand(Worker):
    """A process and our end of its pipe."""

    def __init__(self) -> None:
        super().__init__()
        context = get_context("spawn")
        self.pipe, self._theirs = context.Pipe()
        self.process: SpawnProcess = context.Process(target=serve, args=(self._theirs,), daemon=True)
        self.knows: bytes | None = None  # the job that it was sent

    def start(self) -> None:
        """Start the process."""
        with self._theirs, _interrupts_held_back():
            self.process.start()

    def dismiss(self) -> None:
        """End at once, whatever it is at: it keeps nothing that could be left half done."""
        self.pipe.close()
        self._theirs.close()
        if self.process.pid is not None:
            self.process.kill()
            self.process.join()
        self.process.close()

    def reason_of_death(self) -> str:
        """Return how the process ended; if it has only closed its pipe, it ends now."""
        self.process.join(GRACE_S)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        code = self.process.exitcode or 0
        return f"signal {-code}" if code < 0 else f"exit status {code}"


class Processes(WorkerPool[ProcessHand, bytes]):
    """Workers that are processes of this machine."""

    def _hire(self) -> ProcessHand:
        return ProcessHand()

    def _pack(self, job: Callable[[Item], object]) -> bytes:
        return pickle.dumps(job)

    def _give(self, hand: ProcessHand, job: bytes, item: object) -> None:
        new = None if hand.knows is job else job
        hand.knows = job
        with suppress(OSError):  # it has died; its pipe says so in a moment
            hand.pipe.send((new, pickle.dumps(item)))

    def _listen(self, timeout_s: float | None) -> list[tuple[ProcessHand, Said]]:
        by_source: dict[object, ProcessHand] = {}
        for hand in self._hands:
            by_source |= {hand.pipe: hand, hand.process.sentinel: hand}
        heard = {by_source[source]: None for source in wait(list(by_source), timeout_s)}  # type: ignore[arg-type]
        return [(hand, _said_by(hand)) for hand in heard]


def _said_by(hand: ProcessHand) -> Said:
    try:
        if hand.pipe.poll():  # what it said before it died still counts
            said: Said = pickle.loads(hand.pipe.recv_bytes())
            return said
    except (EOFError, OSError):
        pass
    return Death(reason=hand.reason_of_death())


@contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """Let Ctrl-C wait until a process has started, which inherits that it is held back, and so never sees one."""
    resource_tracker.ensure_running()  # else the first process starts it, and that would let interrupts through
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def serve(pipe: Connection) -> None:
    """Be a worker, until the pipe is closed or the process at its other end is gone."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    prepare()
    server = Server()
    pipe.send_bytes(pickle.dumps(Ready()))
    with suppress(EOFError, OSError):
        while True:
            job, item = pipe.recv()
            failed = server.take(lambda job=job: pickle.loads(job)) if job is not None else None  # type: ignore[misc]
            pipe.send_bytes(failed or server.answer(item))


def _end_with_parent() -> None:
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)  # in the middle of an episode, too
