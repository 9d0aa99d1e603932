"""A home that teaches the planner its own habits: days lived in it, and what is learned of them at night.

`python -m planner.improve --home my_home.yaml` lives some days in a simulated household and writes an adapter, a few
hundred kB that belong to the released weights and to this home; `python -m planner.plan --adapter` plans with it.

| file | what |
|---|---|
| `family.py` | who lives there, hidden from the robot: where things usually are, nicknames, a door that sticks |
| `requests.py` | what they ask for, and how they say it |
| `living.py` | a day: the robot does what it is asked, looks for things, and writes down what it saw |
| `diary.py` | what the days' records say, counted |
| `counted.py` | the habits of the home by counting: what the adapter is compared with |
| `lessons.py` | the documents that the GPT reads at night |
| `night.py` | training an adapter on them |
| `command.py` | days and nights, and the files they leave |
"""
