"""Episodes made by several workers: processes of this machine, or actors of a Ray cluster.

    from planner.rollouts import open_workers

    with open_workers(4) as workers:
        for key, record in workers.run(job, ids):
            ...

A job is a picklable value that is called with an item and returns what comes of it, by the item alone: then it makes no
difference how many workers there are, and which of them an item falls to. A worker that dies costs the item that it had
and nothing else: the item is tried once more, and is `Lost` if it kills a second worker.

| file | what |
|---|---|
| `crew.py` | who has which item, and what becomes of it when a worker dies; this process as the only worker |
| `processes.py` | workers that are processes of this machine |
| `cluster.py` | workers that are actors of a Ray cluster |
| `serving.py` | the worker's side, the same for both |
| `models.py` | the planner that a worker loads once, and weights for machines that do not have them |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from planner.rollouts.worker_pool import Workers


def open_workers(count: int | None = None, *, ray: str | None = None, limit_s: float | None = None) -> Workers:
    """Return workers, to be used in a `with` statement: nobody is left working when it ends, however it ends.

    Args:
        count: How many; None: one, or as many as the Ray cluster has processors. One is this process itself, if there
            is neither Ray nor a limit.
        ray: The address of a Ray cluster; `auto`: the one of this machine; `local`: one for this run alone; None: none.
        limit_s: After so long an item's worker is stopped, as if it had died [s].

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
