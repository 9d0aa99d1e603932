"""From an instruction to a goal, a question or a refusal, written by the GPT.

| file | what |
|---|---|
| `instruction_reader.py` | reads one instruction |
| `clause_splitting.py` | splits an instruction that contains several tasks |
| `stand_ins.py` | own kinds as known ones, for weights that do not copy names |
| `skill_sentences.py` | sentences that follow the text of an own skill |
| `goal_search.py` | beam search for the most likely goals about objects of the home |
| `disambiguation.py` | decides whether to act, ask or refuse |
| `calibration.py` | calibrated probabilities that a goal or plan is correct |
| `calibration_file.py` | `calibration.json` in a model folder |
"""
