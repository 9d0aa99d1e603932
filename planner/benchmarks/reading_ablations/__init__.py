"""What makes a small GPT understand people: text, noise, recombination, reading format, size.

| file | what |
|---|---|
| `__main__.py` | the command: trains each variant with each seed, measures it, prints the tables |
| `variants.py` | the variants: what each changes in the recipe |
| `training.py` | one training from nothing or from a model, for every ablation of a recipe |
| `format_reader.py` | reads an instruction in each of the formats that are compared |
| `measured_sets.py` | the sentences that are measured: of people, and longer than trained |
| `scores.py` | how a reading is scored, and the tables over seeds |
"""
