"""Workers that are processes of this machine, each with one thread and its own pipe.

They are spawned, not forked, exit with their parent process, and leave Ctrl-C to it.
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

from planner.workers.messages import Death, Message, Ready
from planner.workers.worker import Server, limit_threads
from planner.workers.worker_pool import Item, Worker, WorkerPool

GRACE_S = 5.0  # between closing its pipe and exiting


class ProcessWorker(Worker):
    """A worker process and the pool's end of its pipe."""

    def __init__(self) -> None:
        super().__init__()
        context = get_context("spawn")
        self.pipe, self._worker_pipe = context.Pipe()
        self.process: SpawnProcess = context.Process(target=serve, args=(self._worker_pipe,), daemon=True)
        self.current_job: bytes | None = None  # the last job that was sent to it

    def start(self) -> None:
        """Start the process."""
        with self._worker_pipe, _sigint_blocked():
            self.process.start()

    def terminate(self) -> None:
        """Kill the process at once: it has no state that could be corrupted."""
        self.pipe.close()
        self._worker_pipe.close()
        if self.process.pid is not None:
            self.process.kill()
            self.process.join()
        self.process.close()

    def reason_of_death(self) -> str:
        """Return how the process ended; kill it if it has only closed its pipe."""
        self.process.join(GRACE_S)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        code = self.process.exitcode or 0
        return f"signal {-code}" if code < 0 else f"exit status {code}"


class ProcessPool(WorkerPool[ProcessWorker, bytes]):
    """Workers that are processes of this machine."""

    def _spawn(self) -> ProcessWorker:
        return ProcessWorker()

    def _pack(self, job: Callable[[Item], object]) -> bytes:
        return pickle.dumps(job)

    def _assign(self, worker: ProcessWorker, job: bytes, item: object) -> None:
        new_job = None if worker.current_job is job else job
        worker.current_job = job
        with suppress(OSError):  # it has died, which the next poll of its pipe reports
            worker.pipe.send((new_job, pickle.dumps(item)))

    def _poll(self, timeout_s: float | None) -> list[tuple[ProcessWorker, Message]]:
        by_source: dict[object, ProcessWorker] = {}
        for worker in self._workers:
            by_source |= {worker.pipe: worker, worker.process.sentinel: worker}
        senders = {by_source[source]: None for source in wait(list(by_source), timeout_s)}  # type: ignore[arg-type]
        return [(worker, _message_from(worker)) for worker in senders]


def _message_from(worker: ProcessWorker) -> Message:
    try:
        if worker.pipe.poll():  # a message sent before its death still counts
            message: Message = pickle.loads(worker.pipe.recv_bytes())
            return message
    except (EOFError, OSError):
        pass
    return Death(reason=worker.reason_of_death())


@contextmanager
def _sigint_blocked() -> Iterator[None]:
    """Block SIGINT while a process starts: the child inherits the mask and never receives Ctrl-C."""
    resource_tracker.ensure_running()  # otherwise the first process starts it, which would unblock SIGINT
    previous = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, previous)


def serve(pipe: Connection) -> None:
    """Run a worker until the pipe is closed or the parent process is gone."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    limit_threads()
    server = Server()
    pipe.send_bytes(pickle.dumps(Ready()))
    with suppress(EOFError, OSError):
        while True:
            job, item = pipe.recv()
            failure = server.load_job(lambda job=job: pickle.loads(job)) if job is not None else None  # type: ignore[misc]
            pipe.send_bytes(failure or server.answer(item))


def _end_with_parent() -> None:
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)  # even in the middle of an episode
