"""Decoding with torch: a trained GPT continues a prompt.

| file | what |
|---|---|
| `sampling.py` | a session with a key-value cache; drawing a token; generating continuations |
| `beam_search.py` | the most likely continuations of a prompt |
| `infilling.py` | fills in missing spans between given text |
"""
