"""PLAN: the values that planning takes and returns.

| file | what |
|---|---|
| `options.py` | options of planning |
| `planning_result.py` | the understanding of an instruction, and its plan |
| `export/` | plans in formats of other programs |
"""
