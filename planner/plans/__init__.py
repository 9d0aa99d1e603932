"""The options and results of planning, and exports of a plan.

| file | what |
|---|---|
| `options.py` | options of decoding and planning |
| `planning_result.py` | the parsed instruction and the plan |
| `export/` | plans in formats of other software: behavior trees, PDDL, flowcharts |
"""
