"""Sharing items out to workers that may die: who has which, what is tried again, and what is lost.

Each worker has one item at a time: handing one over takes about a millisecond and an episode hundreds, and a worker
that dies with several would leave it open which of them killed it.
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
from planner.rollouts.messages import Answer, Death, Failure, Ready, Said, is_expected

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

Item = TypeVar("Item")
Made = TypeVar("Made")
MAX_TRIES = 2  # of an item that kills its worker: the first death may have been somebody else's doing
MAX_FALSE_STARTS = 3  # workers, one after the other, that die before they are ready
Job: TypeAlias = Callable[[Item], Made]


@dataclass(frozen=True, kw_only=True)
class Lost:
    """What becomes of an item that cannot be made.

    Attributes:
        reason: What happened to those who tried.
    """

    reason: str


class Workers(ABC):
    """Somebody who makes things of items."""

    @abstractmethod
    def run(self, job: Job[Item, Made], items: Sequence[Item]) -> Generator[tuple[Item, Made | Lost]]:
        """Yield each item with what the job makes of it, in the order in which they are done.

        Args:
            job: Picklable, and its results too.
            items: Picklable. They are begun in this order, each made once unless its worker dies.

        Raises:
            EpisodeError: The job failed with an error that a person can mend; the message names the item.
            RuntimeError: It failed with any other; the message names the item and has the traceback.
            WorkersError: No worker can be started.
        """

    @abstractmethod
    def close(self) -> None:
        """Let all workers go; those who are at work are stopped."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class InlineWorkers(Workers):
    """This process is the only worker."""

    def run(self, job: Job[Item, Made], items: Sequence[Item]) -> Generator[tuple[Item, Made | Lost]]:
        """Yield each item with what the job makes of it, in order."""
        for item in items:
            try:
                made = job(item)
            except Exception as error:
                if is_expected(error):
                    raise EpisodeError(f"{name_of(item)}: {error}") from error
                raise RuntimeError(f"{name_of(item)}: {type(error).__name__}: {error}") from error
            yield item, made

    def close(self) -> None:
        """Nobody is to be let go."""


def name_of(item: object) -> str:
    """Return what an item is called in messages: itself, if it is text, or its `id`."""
    return item if isinstance(item, str) else str(getattr(item, "id", item))


class Worker(ABC):
    """A worker, as the crew sees it.

    Attributes:
        ready: Whether it has started.
        has: The number of the item that it is at work on; None: it waits for one.
        since: When it was given that [s], by the crew's clock.
    """

    def __init__(self) -> None:
        self.ready = False
        self.has: int | None = None
        self.since = 0.0

    @abstractmethod
    def start(self) -> None:
        """Begin to exist."""

    @abstractmethod
    def dismiss(self) -> None:
        """End at once, whatever it is at; it need not have started."""


AnyHand = TypeVar("AnyHand", bound=Worker)
Sent = TypeVar("Sent")


class WorkerPool(Workers, Generic[AnyHand, Sent]):
    """Workers that can die; they stay from one job to the next.

    Args:
        count: How many.
        limit_s: After so long an item's worker is stopped [s]; None: never.
        clock: Seconds; what that is counted with.
    """

    def __init__(
        self, count: int, *, limit_s: float | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        if count < 1 or (limit_s is not None and limit_s <= 0):
            raise WorkersError(f"there is at least one worker, and its time is above 0 s; seen {count} and {limit_s}")
        self.count, self.limit_s, self.clock = count, limit_s, clock
        self._hands: list[AnyHand] = []
        self._false_starts = 0
        self._turn = object()  # the run that the workers are at

    @abstractmethod
    def _hire(self) -> AnyHand:
        """Return a worker that is still to start."""

    @abstractmethod
    def _pack(self, job: Callable[[Item], object]) -> Sent:
        """Return a job as it is sent to each worker."""

    @abstractmethod
    def _give(self, hand: AnyHand, job: Sent, item: object) -> None:
        """Send an item to a worker that waits; if it has died, `_listen` will tell."""

    @abstractmethod
    def _listen(self, timeout_s: float | None) -> list[tuple[AnyHand, Said]]:
        """Wait until somebody says something, or for so long."""

    def run(self, job: Job[Item, Made], items: Sequence[Item]) -> Generator[tuple[Item, Made | Lost]]:
        """Yield each item with what the job makes of it, in the order in which they are done."""
        sent, turn = self._pack(job), object()
        self._turn = turn
        self._stop_work()
        waiting = deque(range(len(items)))
        deaths: dict[int, list[str]] = {}
        done: list[tuple[int, object]] = []
        try:
            while True:
                self._share_out(sent, items, waiting)  # first: nobody is to wait for what is done with the results
                for number, made in done:
                    yield items[number], made  # type: ignore[misc]  # the job's, or lost
                if not waiting and not self._at_work():
                    return
                done = self._gather(items, waiting, deaths)
        finally:
            if self._turn is turn:
                self._stop_work()  # there was an error, or nobody wants the rest

    def close(self) -> None:
        """Let all workers go; those who are at work are stopped."""
        for hand in list(self._hands):
            self._let_go(hand)

    def _at_work(self) -> list[AnyHand]:
        return [hand for hand in self._hands if hand.has is not None]

    def _stop_work(self) -> None:
        for hand in self._at_work():
            self._let_go(hand)

    def _let_go(self, hand: AnyHand) -> None:
        self._hands.remove(hand)
        hand.dismiss()

    def _share_out(self, job: Sent, items: Sequence[object], waiting: deque[int]) -> None:
        while len(self._hands) < min(self.count, len(waiting) + len(self._at_work())):
            hand = self._hire()
            self._hands.append(hand)  # before it starts: what is interrupted is let go like the others
            hand.start()
        for hand in self._hands:
            if waiting and hand.ready and hand.has is None:
                hand.has, hand.since = waiting.popleft(), self.clock()
                self._give(hand, job, items[hand.has])

    def _gather(
        self, items: Sequence[object], waiting: deque[int], deaths: dict[int, list[str]]
    ) -> list[tuple[int, object]]:
        """Return the items that have come to an end, with what was made; those to be tried again wait once more."""
        done: list[tuple[int, object]] = []
        for hand, said in chain(self._listen(self._patience()), self._overdue()):
            number = hand.has
            match said:
                case Ready():
                    hand.ready, self._false_starts = True, 0
                case Answer() if number is not None:
                    hand.has = None
                    done.append((number, said.made))
                case Failure() if number is not None:
                    hand.has = None
                    kind = EpisodeError if said.expected else RuntimeError
                    raise kind(f"{name_of(items[number])}: {said.message}")
                case Death() if hand in self._hands:
                    self._let_go(hand)
                    if number is None:
                        self._count_false_start(hand, said.reason)
                        continue
                    deaths.setdefault(number, []).append(said.reason)
                    if len(deaths[number]) < MAX_TRIES:
                        waiting.appendleft(number)
                    else:
                        reasons = ", ".join(dict.fromkeys(deaths[number]))
                        done.append((number, Lost(reason=f"the worker died twice ({reasons})")))
        return done

    def _count_false_start(self, hand: AnyHand, reason: str) -> None:
        self._false_starts += not hand.ready
        if self._false_starts >= MAX_FALSE_STARTS:
            raise WorkersError(f"workers die before they are ready ({reason}); what they wrote is above")

    def _patience(self) -> float | None:
        at_work = self._at_work()
        if self.limit_s is None or not at_work:
            return None
        return max(0.0, min(hand.since for hand in at_work) + self.limit_s - self.clock())

    def _overdue(self) -> Iterator[tuple[AnyHand, Said]]:
        """Yield the workers whose time is up, by what has been heard so far; called once that has been dealt with."""
        for hand in self._at_work():
            if self.limit_s is not None and self.clock() - hand.since >= self.limit_s:
                yield hand, Death(reason=f"stopped after {self.limit_s:g} s")
