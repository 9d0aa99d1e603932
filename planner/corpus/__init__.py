"""The training corpus, generated from seeds by a rule-based teacher. Planning never uses it.

| file | what |
|---|---|
| `teacher.py` | decomposes a goal into a plan by rules |
| `teacher_hands.py` | its single moves |
| `teacher_chunks.py` | long goals in chunks |
| `failure_scenarios.py` | failures in the middle of a plan, and how to continue |
| `corpus.py` | documents drawn from homes, phrases and the teacher |
| `builder.py` | builds a corpus on disk in parallel |
| `recipe_file.py` | the YAML file that describes a training run |
"""
