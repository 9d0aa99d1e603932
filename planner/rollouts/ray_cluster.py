"""Workers that are actors of a Ray cluster, on one machine or many, each with one processor.

Every machine has this project installed, in the same version; weights that it does not have are sent to it.
"""

from __future__ import annotations

import itertools
import pickle
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib import metadata
from typing import TYPE_CHECKING, Any, cast

from planner.errors import WorkersError
from planner.rollouts.messages import Death, Ready, Said
from planner.rollouts.model_jobs import ModelJob, files_of, settled
from planner.rollouts.worker import Server, prepare
from planner.rollouts.worker_pool import Item, Worker, WorkerPool

if TYPE_CHECKING:
    from types import ModuleType

KNOCK_S = 5.0


@dataclass(frozen=True, kw_only=True)
class SentJob:
    """A job in the cluster's memory.

    Attributes:
        number: Tells it from the others of this run.
        job: Where its bytes are.
        files: Where its model's files are; None if it has no model.
    """

    number: int
    job: Any
    files: Any


def _version() -> str:
    return metadata.version("gpt-home-planner")


class Player:
    """The actor: it makes one item at a time."""

    def __init__(self) -> None:
        prepare()
        self._server = Server()
        self._number = -1

    def version(self) -> str:
        """Return the version of this project where the actor is."""
        return _version()

    def make(self, sent: SentJob, item: bytes) -> bytes:
        """Return the pickled answer to an item."""
        if sent.number != self._number:
            failed = self._server.take(lambda: _fetched(sent))
            if failed is not None:
                return failed
            self._number = sent.number
        return self._server.answer(item)


def _fetched(sent: SentJob) -> Callable[[object], object]:
    import ray

    job: object = pickle.loads(ray.get(sent.job))
    if isinstance(job, ModelJob):
        files: Mapping[str, bytes] = ray.get(sent.files)
        job = settled(job, files)
    return cast("Callable[[object], object]", job)


class ActorHand(Worker):
    """An actor, and what it was asked last."""

    def __init__(self, ray: ModuleType) -> None:
        super().__init__()
        self._ray = ray
        self.actor: Any = None
        self.asked: Any = None  # the reference of its answer

    def start(self) -> None:
        """Start the actor; it is replaced, not restarted: only the crew knows what it had."""
        self.actor = self._ray.remote(Player).options(num_cpus=1, max_restarts=0, max_task_retries=0).remote()
        self.asked = self.actor.version.remote()

    def dismiss(self) -> None:
        """End at once, whatever it is at."""
        if self.actor is not None and self._ray.is_initialized():
            self._ray.kill(self.actor)


class Cluster(WorkerPool[ActorHand, SentJob]):
    """Workers that are actors of a Ray cluster.

    Args:
        address: `auto` is the cluster of this machine, `local` one for this run alone; else `HOST:PORT`.
        count: How many actors; None: as many as the cluster has processors, which is also the most there can be.
        limit_s: After so long an item's actor is stopped [s].

    Raises:
        WorkersError: Ray is not installed, or no cluster is at the address.
    """

    def __init__(self, address: str, count: int | None = None, *, limit_s: float | None = None) -> None:
        self._ray, self._is_ours = _connected(address)
        there_are = int(self._ray.cluster_resources().get("CPU", 0))
        if there_are < 1:
            self._disconnect()
            raise WorkersError(f"the Ray cluster at {address} has no processor")
        super().__init__(min(count or there_are, there_are), limit_s=limit_s)
        self._numbers = itertools.count()

    def close(self) -> None:
        """Let all actors go, and leave the cluster."""
        super().close()
        self._disconnect()

    def _disconnect(self) -> None:
        if self._is_ours and self._ray.is_initialized():
            self._ray.shutdown()

    def _hire(self) -> ActorHand:
        return ActorHand(self._ray)

    def _pack(self, job: Callable[[Item], object]) -> SentJob:
        sent: object = job
        files = None
        if isinstance(sent, ModelJob):
            sent = replace(sent, model=sent.model.resolve())  # an actor's working directory is another
            files = self._ray.put(files_of(sent.model))
        return SentJob(number=next(self._numbers), job=self._ray.put(pickle.dumps(sent)), files=files)

    def _give(self, hand: ActorHand, job: SentJob, item: object) -> None:
        hand.asked = hand.actor.make.remote(job, pickle.dumps(item))

    def _listen(self, timeout_s: float | None) -> list[tuple[ActorHand, Said]]:
        by_answer = {hand.asked: hand for hand in self._hands if hand.asked is not None}
        answered, _ = self._ray.wait(list(by_answer), num_returns=1, timeout=timeout_s)
        return [(by_answer[answer], self._said_by(by_answer[answer])) for answer in answered]

    def _said_by(self, hand: ActorHand) -> Said:
        try:
            answer = self._ray.get(hand.asked)
        except self._ray.exceptions.RayActorError:
            return Death(reason="its actor died")
        except self._ray.exceptions.RayError as error:  # memory ran out, or its machine is gone
            return Death(reason=type(error).__name__)
        hand.asked = None
        if hand.ready:
            said: Said = pickle.loads(answer)
            return said
        if answer != _version():
            ours = _version()
            raise WorkersError(f"a machine of the Ray cluster has version {answer} of this project, not {ours}")
        return Ready()


def _connected(address: str) -> tuple[ModuleType, bool]:
    """Return Ray, connected, and whether we connected it."""
    try:
        import ray
    except ImportError:
        raise WorkersError("Ray is not installed: pip install 'gpt-home-planner[cluster]'") from None
    if ray.is_initialized():
        return ray, False
    try:
        _knock(address)
        ray.init(address=address, log_to_driver=False, logging_level="ERROR")
    except (OSError, ValueError, RuntimeError) as error:
        said = " ".join(str(error).split())[:200]
        raise WorkersError(
            f"no Ray cluster answers at {address} ({said}); start one with `ray start --head`, or use --ray local"
        ) from None
    return ray, True


def _knock(address: str) -> None:
    """Fail in seconds where nobody answers: Ray itself tries for minutes, and ends the process."""
    host, _, port = address.rpartition(":")
    if host:
        socket.create_connection((host.strip("[]"), int(port)), timeout=KNOCK_S).close()
