"""Adaptation to one home: simulate days in a household and train a LoRA adapter on their records each night.

`python -m planner.improve --home my_home.yaml` simulates some days and writes an adapter of a few hundred kB for the
released weights and this home; `python -m planner.plan --adapter` plans with it.

| file | what |
|---|---|
| `simulated_household.py` | hidden habits of the household: usual places of objects, nicknames, a door that sticks |
| `requests.py` | what the household asks for, and in which words |
| `daily_life.py` | one day: the robot executes requests, searches for objects, and records what it saw |
| `daily_records.py` | statistics of the days' records |
| `counting_baseline.py` | the home's habits by counting: the baseline of the adapter |
| `adapter_documents.py` | training documents from the statistics |
| `adapter_training.py` | training an adapter on them |
| `adaptation.py` | all days and nights, and their output files |
"""
