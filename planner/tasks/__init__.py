"""Tasks: an instruction, a home, a goal; sampled, or read from files.

| file | what |
|---|---|
| `task_sampler.py` | samples a task for a home |
| `task_files.py` | task files, one JSON object per line |
| `task_homes.py` | the home in which a task starts |
| `home_splits.py` | disjoint seeds of the splits |
| `held_out_trials.py` | tasks that no training document was drawn from |
| `excluded_forms.py` | what a corpus can leave out altogether |
| `augmentation.py` | variations of sentences that people wrote |
"""
