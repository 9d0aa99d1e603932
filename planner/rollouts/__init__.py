"""Run episodes on several workers: processes of this machine, or actors of a Ray cluster.

    from planner.rollouts import open_workers

    with open_workers(4) as workers:
        for key, record in workers.run(job, ids):
            ...

The pool itself is `planner.workers`, which says what a job must be and what happens when a worker dies.

| file | what |
|---|---|
| `ray_cluster.py` | workers that are actors of a Ray cluster |
| `model_jobs.py` | jobs with a planner that each worker loads once; sends weights to machines that lack them |
| `resumable_stage.py` | a list of records that survives a kill |
| `progress_log.py` | progress bars and JSON lines |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from planner.workers.worker_pool import Workers


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
        from planner.workers.worker_pool import InlineWorkers

        return InlineWorkers()
    from planner.workers.processes import ProcessPool

    return ProcessPool(count or 1, limit_s=limit_s)
