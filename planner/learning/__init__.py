"""LEARNING: the self-improvement cycle: propose, try, relabel, train, accept.

Its files use two planning modes (`planner.evaluation.measurement`). In the direct pass (`alone`), the GPT writes the
whole plan in one unconstrained pass. The full planner (`verified`) adds constrained decoding, goals in chunks,
verification, and more samples if a plan fails. A cycle trains the direct pass mainly on verified plans.

| file | what |
|---|---|
| `cycle.py` | one cycle |
| `proposals.py` | the GPT proposes tasks |
| `proposal_jobs.py` | proposing as jobs for workers |
| `composition.py` | long tasks composed of proposals |
| `curriculum.py` | which tasks to try next |
| `episode_jobs.py` | trying tasks as jobs for workers |
| `failure_analysis.py` | which failures occur, counted |
| `hindsight.py` | goals that a plan reached unintentionally |
| `training_examples.py` | training documents from episodes |
| `replay_corpus.py` | old documents to replay |
| `training_mixture.py` | the documents of a cycle: new and replayed |
| `acceptance.py` | whether new weights are better |
"""
