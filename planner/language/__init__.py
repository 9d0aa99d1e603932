"""Phrases: goals and tasks in words.

| file | what |
|---|---|
| `phrase_patterns.py` | reads and expands phrase patterns |
| `slot_binding.py` | what the slots of a phrase stand for in a home |
| `realization.py` | a task as an instruction, with variation and noise |
| `sequencing.py` | instructions with an order (`then`) |
| `goal_wording.py` | goals in plain words, for questions |
| `normalization.py` | instructions as the GPT reads them |
"""
