"""From an instruction to a goal, a question or a refusal, written by the GPT.

| file | what |
|---|---|
| `instruction_reader.py` | reads one instruction |
| `clause_splitting.py` | splits an instruction that contains several tasks |
| `claims/` | what refusals and questions claim about the home, checked |
| `own_kinds/` | what only this home has: stand-ins for its kinds, sentences of its skills |
| `goal_search.py` | beam search for the most likely goals about objects of the home |
| `disambiguation.py` | decides whether to act, ask or refuse |
| `calibration.py` | calibrated probabilities that a goal or plan is correct |
| `calibration_file.py` | `calibration.json` in a model folder |
"""
