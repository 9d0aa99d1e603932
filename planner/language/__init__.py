"""Goals and tasks in natural language.

| file | what |
|---|---|
| `phrase_patterns.py` | reads and expands phrase patterns |
| `slot_binding.py` | fills the slots of a phrase family from a home, and builds the goal |
| `realization.py` | words a task as an instruction, with variation and noise |
| `sequencing.py` | joins instructions that have an order (`then`) |
| `goal_wording.py` | writes goals in plain words, for questions |
| `normalization.py` | normalizes instructions before the GPT reads them |
"""
