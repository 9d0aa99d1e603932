"""Predicting the command sequences of ALFRED from their instructions (Jansen 2020), with our GPT.

| file | what |
|---|---|
| `__main__.py` | the command |
| `rows.py` | reads and writes rows of the published data |
| `sequence_gpt.py` | trains a GPT on it and decodes sequences |
| `scores.py` | the scores of the paper, step by step |
"""
