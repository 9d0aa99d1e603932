"""Executes a plan in closed loop; replans after a failure or when the home differs from the expected state.

| file | what |
|---|---|
| `executor.py` | executes subtask by subtask, observes, replans |
| `events.py` | the events of an execution, and its outcome |
"""
