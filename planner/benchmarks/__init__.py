"""Measurements of the planner; each file is a command, and docs/results.md has its numbers.

| file | what |
|---|---|
| `ablations.py` | effects of text, context, architecture and optimizer on a small planner |
| `reading_ablations/` | effects of text, noise, recombination, reading format and size on understanding people |
| `recovery.py` | execution under disturbances |
| `own_home.py` | the benefit of adapting to one home |
| `searching.py` | looking for objects whose location is unknown |
| `sight.py` | reading images |
| `hearing.py` | reading speech |
| `improvement.py` | weights, before or after self-improvement, on tasks outside the narrow corpus |
| `loop_choices.py` | two choices of the self-improvement loop compared |
| `plan_length.py` | plan lengths compared with a classical planner |
| `object_choice/` | which objects plans use, with and without common sense of choice |
| `whole_plans.py` | whole plans executed in physics |
| `rollout_speedup.py` | episodes per second by number of workers |
| `latency/` | how long a plan takes |
| `alfred_gpt2/` | predicting command sequences of ALFRED (Jansen 2020) |
"""
