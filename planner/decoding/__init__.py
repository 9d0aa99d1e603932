"""PLAN: the GPT writes a plan from a goal and facts; only applicable subtasks can be decoded.

| file | what |
|---|---|
| `goal_planner.py` | plans a goal chunk by chunk |
| `plan_writer.py` | writes subtask after subtask |
| `candidate_actions.py` | the actions that may be chosen in a state |
| `constrained_decoding.py` | only tokens that lead to an allowed subtask |
| `plan_repair.py` | rewrites the broken span of a plan |
"""
