"""Measures the simulation: skill trials, and whether the symbolic and the physical world agree.

`python -m envs.trials` and `python -m envs.agree` are the commands.

| file | what |
|---|---|
| `job_pool.py` | runs independent jobs in several processes; a killed run can be resumed |
| `success_counts.py` | counts of attempts, durations and reasons of failure |
| `rates.py` | rates with their 95 % interval |
| `trial_definitions.py` | what each trial tries, and in which home |
| `trial_scenes.py` | small sampled homes for trials |
| `plan_builder.py` | builds a plan action by action in the symbolic world |
| `random_plans.py` | random applicable and inapplicable actions, and short goal-directed chains |
| `state_comparison.py` | one action in physics, compared with the symbolic effect |
| `agreement_report.py` | counts of where the two worlds agreed |
"""
