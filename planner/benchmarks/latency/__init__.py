"""How long planning takes: `python -m planner.benchmarks.latency`.

| file | what |
|---|---|
| `__main__.py` | the command |
| `large_home.py` | a home larger than those of training |
| `playback.py` | a model that repeats recorded answers, to time everything but the GPT |
"""
