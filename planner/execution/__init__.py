"""EXECUTION: a plan in closed loop; when the home differs from what was expected, it is replanned.

| file | what |
|---|---|
| `executor.py` | executes subtask by subtask, observes, replans |
| `events.py` | events and results of an execution |
"""
