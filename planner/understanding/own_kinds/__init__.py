"""Instructions about what only this home has: kinds and skills that a GPT may not know.

| file | what |
|---|---|
| `stand_ins.py` | own kinds as known ones, for weights that do not copy names |
| `asked_of_kinds.py` | what a sentence asks of own kinds, and whether a goal says it |
| `skill_sentences.py` | sentences that follow the text of an own skill |
"""
