"""Workers that are actors of a Ray cluster, on one or more machines, each with one processor.

Every machine must have the same version of this project installed; missing weights are sent to it.
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
from planner.rollouts.model_jobs import ModelJob, model_files, with_local_model
from planner.workers.messages import Death, Message, Ready
from planner.workers.worker import Server, limit_threads
from planner.workers.worker_pool import Item, Worker, WorkerPool

if TYPE_CHECKING:
    from types import ModuleType

CONNECT_TIMEOUT_S = 5.0


@dataclass(frozen=True, kw_only=True)
class SentJob:
    """A job in the cluster's object store.

    Attributes:
        number: Unique within this run.
        job: Reference to its bytes.
        files: Reference to its model's files; None if it has no model.
    """

    number: int
    job: Any
    files: Any


def _version() -> str:
    return metadata.version("gpt-home-planner")


class RayActor:
    """The actor, which runs one item at a time."""

    def __init__(self) -> None:
        limit_threads()
        self._server = Server()
        self._number = -1

    def version(self) -> str:
        """Return the version of this project on the actor's machine."""
        return _version()

    def run(self, sent: SentJob, item: bytes) -> bytes:
        """Return the pickled answer to an item."""
        if sent.number != self._number:
            failure = self._server.load_job(lambda: _load_job(sent))
            if failure is not None:
                return failure
            self._number = sent.number
        return self._server.answer(item)


def _load_job(sent: SentJob) -> Callable[[object], object]:
    import ray

    job: object = pickle.loads(ray.get(sent.job))
    if isinstance(job, ModelJob):
        files: Mapping[str, bytes] = ray.get(sent.files)
        job = with_local_model(job, files)
    return cast("Callable[[object], object]", job)


class ActorWorker(Worker):
    """An actor and its pending request."""

    def __init__(self, ray: ModuleType) -> None:
        super().__init__()
        self._ray = ray
        self.actor: Any = None
        self.pending: Any = None  # reference of the pending answer

    def start(self) -> None:
        """Start the actor. Ray must not restart a dead one: only the pool knows its item, so the pool replaces it."""
        self.actor = self._ray.remote(RayActor).options(num_cpus=1, max_restarts=0, max_task_retries=0).remote()
        self.pending = self.actor.version.remote()

    def terminate(self) -> None:
        """Kill the actor at once."""
        if self.actor is not None and self._ray.is_initialized():
            self._ray.kill(self.actor)


class RayPool(WorkerPool[ActorWorker, SentJob]):
    """Workers that are actors of a Ray cluster.

    Args:
        address: `auto` is the cluster of this machine, `local` one for this run alone; otherwise `HOST:PORT`.
        count: Number of actors, at most the cluster's number of processors, which is the default.
        limit_s: Time limit of an item, after which its actor is killed [s].

    Raises:
        WorkersError: Ray is not installed, or no cluster is at the address.
    """

    def __init__(self, address: str, count: int | None = None, *, limit_s: float | None = None) -> None:
        self._ray, self._owns_cluster = _connect(address)
        n_cpus = int(self._ray.cluster_resources().get("CPU", 0))
        if n_cpus < 1:
            self._disconnect()
            raise WorkersError(f"the Ray cluster at {address} has no processor")
        super().__init__(min(count or n_cpus, n_cpus), limit_s=limit_s)
        self._numbers = itertools.count()

    def close(self) -> None:
        """Terminate all actors and leave the cluster."""
        super().close()
        self._disconnect()

    def _disconnect(self) -> None:
        if self._owns_cluster and self._ray.is_initialized():
            self._ray.shutdown()

    def _spawn(self) -> ActorWorker:
        return ActorWorker(self._ray)

    def _pack(self, job: Callable[[Item], object]) -> SentJob:
        sent: object = job
        files = None
        if isinstance(sent, ModelJob):
            sent = replace(sent, model=sent.model.resolve())  # an actor has another working directory
            files = self._ray.put(model_files(sent.model))
        return SentJob(number=next(self._numbers), job=self._ray.put(pickle.dumps(sent)), files=files)

    def _assign(self, worker: ActorWorker, job: SentJob, item: object) -> None:
        worker.pending = worker.actor.run.remote(job, pickle.dumps(item))

    def _poll(self, timeout_s: float | None) -> list[tuple[ActorWorker, Message]]:
        by_answer = {worker.pending: worker for worker in self._workers if worker.pending is not None}
        answered, _ = self._ray.wait(list(by_answer), num_returns=1, timeout=timeout_s)
        return [(by_answer[answer], self._message_from(by_answer[answer])) for answer in answered]

    def _message_from(self, worker: ActorWorker) -> Message:
        try:
            answer = self._ray.get(worker.pending)
        except self._ray.exceptions.RayActorError:
            return Death(reason="its actor died")
        except self._ray.exceptions.RayError as error:  # out of memory, or its machine is gone
            return Death(reason=type(error).__name__)
        worker.pending = None
        if worker.ready:
            message: Message = pickle.loads(answer)
            return message
        if answer != _version():
            own_version = _version()
            raise WorkersError(f"a machine of the Ray cluster has version {answer} of this project, not {own_version}")
        return Ready()


def _connect(address: str) -> tuple[ModuleType, bool]:
    """Connect Ray; return the module and whether this call connected it."""
    try:
        import ray
    except ImportError:
        raise WorkersError("Ray is not installed: pip install 'gpt-home-planner[cluster]'") from None
    if ray.is_initialized():
        return ray, False
    try:
        _check_reachable(address)
        ray.init(address=address, log_to_driver=False, logging_level="ERROR")
    except (OSError, ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise WorkersError(
            f"no Ray cluster answers at {address} ({reason}); start one with `ray start --head`, or use --ray local"
        ) from None
    return ray, True


def _check_reachable(address: str) -> None:
    """Fail within seconds if nothing answers: Ray itself retries for minutes, then ends the process."""
    host, _, port = address.rpartition(":")
    if host:
        socket.create_connection((host.strip("[]"), int(port)), timeout=CONNECT_TIMEOUT_S).close()
