"""Decoding with torch: from a trained GPT and a prompt to new tokens.

| file | what |
|---|---|
| `sampling.py` | a session with a key-value cache, sampling, and whole continuations |
| `beam_search.py` | the most likely continuations of a prompt |
| `infilling.py` | writes a missing span between given text before and after it |
"""
