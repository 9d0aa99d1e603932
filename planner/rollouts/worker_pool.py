"""A pool that assigns items to workers that may die: which worker has which item, what is retried, what is lost.

Each worker has one item at a time: assigning one takes about a millisecond and an episode hundreds, and after the death
of a worker with several items it would be unknown which of them killed it.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

from planner.errors import EpisodeError, WorkersError
from planner.rollouts.messages import Answer, Death, Failure, Message, Ready, is_expected

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

Item = TypeVar("Item")
Result = TypeVar("Result")
MAX_TRIES = 2  # of an item whose worker dies: the first death may have had another cause
MAX_FALSE_STARTS = 3  # consecutive workers that die before they are ready
Job: TypeAlias = Callable[[Item], Result]


@dataclass(frozen=True, kw_only=True)
class Lost:
    """The result of an item whose workers died.

    Attributes:
        reason: How they died.
    """

    reason: str


class Workers(ABC):
    """Runs jobs on items."""

    @abstractmethod
    def run(self, job: Job[Item, Result], items: Sequence[Item]) -> Generator[tuple[Item, Result | Lost]]:
        """Yield each item with the job's result, in the order of completion.

        Args:
            job: Picklable, with picklable results.
            items: Picklable. They are begun in this order, and each is run once unless its worker dies.

        Raises:
            EpisodeError: The job failed with an error that the user can fix; the message names the item.
            RuntimeError: It failed with any other error; the message names the item and has the traceback.
            WorkersError: No worker can be started.
        """

    @abstractmethod
    def close(self) -> None:
        """Terminate all workers, including busy ones."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class InlineWorkers(Workers):
    """Runs jobs in this process, the only worker."""

    def run(self, job: Job[Item, Result], items: Sequence[Item]) -> Generator[tuple[Item, Result | Lost]]:
        """Yield each item with the job's result, in order."""
        for item in items:
            try:
                result = job(item)
            except Exception as error:
                if is_expected(error):
                    raise EpisodeError(f"{item_name(item)}: {error}") from error
                raise RuntimeError(f"{item_name(item)}: {type(error).__name__}: {error}") from error
            yield item, result

    def close(self) -> None:
        """Do nothing: there are no other workers."""


def item_name(item: object) -> str:
    """Return an item's name for messages: the item itself if it is text, or its `id`."""
    return item if isinstance(item, str) else str(getattr(item, "id", item))


class Worker(ABC):
    """A worker as the pool sees it.

    Attributes:
        ready: Whether it has started.
        item_number: The index of its current item; None: it is idle.
        assigned_at_s: When that item was assigned [s], by the pool's clock.
    """

    def __init__(self) -> None:
        self.ready = False
        self.item_number: int | None = None
        self.assigned_at_s = 0.0

    @abstractmethod
    def start(self) -> None:
        """Start the worker."""

    @abstractmethod
    def terminate(self) -> None:
        """Kill the worker at once, whether or not it has started."""


AnyWorker = TypeVar("AnyWorker", bound=Worker)
PackedJob = TypeVar("PackedJob")


class WorkerPool(Workers, Generic[AnyWorker, PackedJob]):
    """Workers that can die; they are kept from one job to the next.

    Args:
        count: Number of workers.
        limit_s: Time limit of an item, after which its worker is killed [s]; None: no limit.
        clock: Returns the time [s], for the limit.
    """

    def __init__(
        self, count: int, *, limit_s: float | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        if count < 1 or (limit_s is not None and limit_s <= 0):
            raise WorkersError(
                f"at least one worker and a time limit above 0 s are required; got {count} and {limit_s}"
            )
        self.count, self.limit_s, self.clock = count, limit_s, clock
        self._workers: list[AnyWorker] = []
        self._false_starts = 0
        self._current_run = object()  # token of the current run

    @abstractmethod
    def _spawn(self) -> AnyWorker:
        """Return a worker that has not started yet."""

    @abstractmethod
    def _pack(self, job: Callable[[Item], object]) -> PackedJob:
        """Return a job in the form that is sent to each worker."""

    @abstractmethod
    def _assign(self, worker: AnyWorker, job: PackedJob, item: object) -> None:
        """Send an item to an idle worker; if it has died, `_poll` reports it."""

    @abstractmethod
    def _poll(self, timeout_s: float | None) -> list[tuple[AnyWorker, Message]]:
        """Return the new messages; wait up to `timeout_s` for the first."""

    def run(self, job: Job[Item, Result], items: Sequence[Item]) -> Generator[tuple[Item, Result | Lost]]:
        """Yield each item with the job's result, in the order of completion."""
        packed, run_token = self._pack(job), object()
        self._current_run = run_token
        self._terminate_busy()
        waiting = deque(range(len(items)))
        deaths: dict[int, list[str]] = {}
        done: list[tuple[int, object]] = []
        try:
            while True:
                self._assign_items(packed, items, waiting)  # before yielding, so that no worker waits for the caller
                for number, result in done:
                    yield items[number], result  # type: ignore[misc]  # the job's result, or Lost
                if not waiting and not self._busy():
                    return
                done = self._collect(items, waiting, deaths)
        finally:
            if self._current_run is run_token:
                self._terminate_busy()  # after an error, or if the caller stopped early

    def close(self) -> None:
        """Terminate all workers, including busy ones."""
        for worker in list(self._workers):
            self._terminate(worker)

    def _busy(self) -> list[AnyWorker]:
        return [worker for worker in self._workers if worker.item_number is not None]

    def _terminate_busy(self) -> None:
        for worker in self._busy():
            self._terminate(worker)

    def _terminate(self, worker: AnyWorker) -> None:
        self._workers.remove(worker)
        worker.terminate()

    def _assign_items(self, job: PackedJob, items: Sequence[object], waiting: deque[int]) -> None:
        while len(self._workers) < min(self.count, len(waiting) + len(self._busy())):
            worker = self._spawn()
            self._workers.append(worker)  # before it starts, so that an interrupted start is terminated, too
            worker.start()
        for worker in self._workers:
            if waiting and worker.ready and worker.item_number is None:
                worker.item_number, worker.assigned_at_s = waiting.popleft(), self.clock()
                self._assign(worker, job, items[worker.item_number])

    def _collect(
        self, items: Sequence[object], waiting: deque[int], deaths: dict[int, list[str]]
    ) -> list[tuple[int, object]]:
        """Return finished items with their results; requeue those to retry."""
        done: list[tuple[int, object]] = []
        for worker, message in chain(self._poll(self._poll_timeout_s()), self._timed_out()):
            number = worker.item_number
            match message:
                case Ready():
                    worker.ready, self._false_starts = True, 0
                case Answer() if number is not None:
                    worker.item_number = None
                    done.append((number, message.result))
                case Failure() if number is not None:
                    worker.item_number = None
                    error_type = EpisodeError if message.expected else RuntimeError
                    raise error_type(f"{item_name(items[number])}: {message.message}")
                case Death() if worker in self._workers:
                    self._terminate(worker)
                    if number is None:
                        self._count_false_start(worker, message.reason)
                        continue
                    deaths.setdefault(number, []).append(message.reason)
                    if len(deaths[number]) < MAX_TRIES:
                        waiting.appendleft(number)
                    else:
                        reasons = ", ".join(dict.fromkeys(deaths[number]))
                        done.append((number, Lost(reason=f"the worker died twice ({reasons})")))
        return done

    def _count_false_start(self, worker: AnyWorker, reason: str) -> None:
        self._false_starts += not worker.ready
        if self._false_starts >= MAX_FALSE_STARTS:
            raise WorkersError(f"workers die before they are ready ({reason}); their output is above")

    def _poll_timeout_s(self) -> float | None:
        busy = self._busy()
        if self.limit_s is None or not busy:
            return None
        return max(0.0, min(worker.assigned_at_s for worker in busy) + self.limit_s - self.clock())

    def _timed_out(self) -> Iterator[tuple[AnyWorker, Message]]:
        """Yield the workers whose time is up; evaluated lazily, after all received messages have been handled."""
        for worker in self._busy():
            if self.limit_s is not None and self.clock() - worker.assigned_at_s >= self.limit_s:
                yield worker, Death(reason=f"stopped after {self.limit_s:g} s")
