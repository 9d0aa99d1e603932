"""LEARNING: the self-improvement cycle: propose, try, relabel, train, accept.

Its files use two planning modes (`planner.evaluation.measurement`). In the direct pass (`alone`), the GPT writes the
whole plan in one unconstrained pass. The full planner (`verified`) adds constrained decoding, goals in chunks,
verification, and more samples if a plan fails. A cycle trains the direct pass mainly on verified plans.

| file | what |
|---|---|
| `cycle.py` | one cycle |
| `sizes.py` | how much it does, and how it learns |
| `proposing/` | where its tasks come from |
| `episode_jobs.py` | trying tasks as jobs for workers |
| `failure_analysis.py` | which failures occur, counted |
| `training_examples.py` | training documents from episodes |
| `replay_corpus.py` | old documents to replay |
| `training_mixture.py` | the documents of a cycle: new and replayed |
| `judging.py` | new weights on held-out tasks, and mixed with the initial ones |
| `acceptance.py` | whether new weights are better |
"""
