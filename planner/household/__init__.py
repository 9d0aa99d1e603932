"""A home that teaches the planner its own habits: simulated days, and what is learned from them at night.

`python -m planner.improve --home my_home.yaml` simulates some days in a household and writes an adapter, a few
hundred kB that belong to the released weights and to this home; `python -m planner.plan --adapter` plans with it.

| file | what |
|---|---|
| `simulated_household.py` | who lives there, hidden from the robot: usual locations, nicknames, a door that sticks |
| `requests.py` | what they ask for, and how they say it |
| `daily_life.py` | one day: the robot executes requests, searches, and records what it saw |
| `daily_records.py` | counts over the records of all days |
| `counting_baseline.py` | habits by counting, the baseline for the adapter |
| `adapter_documents.py` | the documents that the adapter is trained on |
| `adapter_training.py` | trains the adapter |
| `adaptation.py` | days and nights, and the files they write |
"""
