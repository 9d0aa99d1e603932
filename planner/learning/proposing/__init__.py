"""PROPOSING: where the tasks of a cycle come from: the GPT itself, its plans, and what people said.

| file | what |
|---|---|
| `proposals.py` | the GPT proposes tasks, and puts goals into words |
| `composition.py` | longer tasks composed of proposals |
| `hindsight.py` | goals that a plan reached unintentionally |
| `said.py` | instructions of people without their meaning, where all readings agree |
| `jobs.py` | proposing as jobs for workers |
"""
