"""INSTRUCTION -> GOAL: the GPT reads an instruction and writes a goal, a question or a refusal.

| file | what |
|---|---|
| `instruction_reader.py` | reads one instruction |
| `clause_splitting.py` | divides an instruction of several tasks |
| `goal_search.py` | the most likely goals that fit the home |
| `disambiguation.py` | whether to act, ask or refuse |
| `calibration.py` | probabilities that a goal or plan is right |
| `calibration_file.py` | `calibration.json` in a model folder |
"""
