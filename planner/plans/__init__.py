"""The options and results of planning, plans that people write, and exports of a plan.

| file | what |
|---|---|
| `options.py` | options of decoding and planning |
| `planning_result.py` | the parsed instruction and the plan |
| `plan_text.py` | splits the text of a plan into steps |
| `typed_steps.py` | reads the steps that a person typed |
| `nearest_steps.py` | what a typed name or step may mean: the hints of messages |
| `export/` | plans in formats of other software: behavior trees, flowcharts |
| `pddl/` | plans and goals in PDDL |
"""
