"""Run episodes on several workers: processes of this machine, or actors of a Ray cluster.

    from planner.rollouts import open_workers

    with open_workers(4) as workers:
        for key, record in workers.run(job, ids):
            ...

A job is a picklable callable whose result depends on its item alone, so the number of workers and the assignment of
items to them do not matter. If a worker dies, only its current item is affected: it is retried once, and is `Lost` if
it kills a second worker.

| file | what |
|---|---|
| `worker_pool.py` | assigns items to workers and retries those of dead workers; this process as the only worker |
| `processes.py` | workers that are processes of this machine |
| `ray_cluster.py` | workers that are actors of a Ray cluster |
| `worker.py` | the worker's side, the same for both |
| `messages.py` | the messages of workers to the pool |
| `model_jobs.py` | jobs with a planner that each worker loads once; sends weights to machines that lack them |
| `resumable_stage.py` | a list of records that survives a kill |
| `progress_log.py` | progress bars and JSON lines |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from planner.rollouts.worker_pool import Workers


def open_workers(count: int | None = None, *, ray: str | None = None, limit_s: float | None = None) -> Workers:
    """Return workers for use in a `with` statement, which terminates all of them on exit.

    Args:
        count: Number of workers; None: one, or as many as the Ray cluster has processors. One worker is this process
            itself, without Ray and a limit.
        ray: The address of a Ray cluster; `auto`: the one of this machine; `local`: one for this run alone; None: no
            Ray.
        limit_s: Time limit of an item, after which its worker is killed [s].

    Raises:
        WorkersError: Ray is not installed, or no cluster is at the address.
    """
    if ray is not None:
        from planner.rollouts.ray_cluster import RayPool

        return RayPool(ray, count, limit_s=limit_s)
    if count in (None, 1) and limit_s is None:
        from planner.rollouts.worker_pool import InlineWorkers

        return InlineWorkers()
    from planner.rollouts.processes import ProcessPool

    return ProcessPool(count or 1, limit_s=limit_s)
