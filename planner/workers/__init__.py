"""The one pool of worker processes: a worker that dies costs at most its item, and the pool goes on.

    with ProcessPool(4) as workers:
        for item, result in workers.run(job, items):
            ...

A job is a picklable callable whose result depends on its item alone, so the number of workers and the assignment of
items to them do not matter. If a worker dies, only its current item is affected: it is retried once, and is `Lost` if
it kills a second worker. `planner.rollouts` adds workers on a Ray cluster and jobs that need a planner.

| file | what |
|---|---|
| `worker_pool.py` | assigns items to workers and retries those of dead workers; this process as the only worker |
| `processes.py` | workers that are processes of this machine |
| `worker.py` | the worker's side |
| `messages.py` | the messages of workers to the pool |
"""
