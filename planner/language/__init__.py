"""Goals and tasks in natural language.

| file | what |
|---|---|
| `phrase_patterns.py` | reads and expands phrase patterns |
| `slot_binding.py` | fills the slots of a phrase family from a home, and builds the goal |
| `realization.py` | words a task as an instruction, with variation and noise |
| `sequencing.py` | joins instructions that have an order (`then`) |
| `goal_wording.py` | writes goals in plain words, for questions |
| `answering/` | answers questions about a home in plain sentences |
| `home_wording.py` | words for furniture, objects and places of a home |
| `named_kinds.py` | the kinds of objects and furniture that a goal names |
| `mentions.py` | where a sentence names them |
| `domain_phrases.py` | phrases for the skills of a domain |
| `noun_phrases.py` | nouns with number, article and properties |
| `normalization.py` | normalizes instructions before the GPT reads them |
"""
