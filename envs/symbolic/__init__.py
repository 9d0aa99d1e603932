"""The symbolic world: what is true of a home, and how actions change it. Pure Python, no physics.

| file | what |
|---|---|
| `domain/` | categories, states, skills and processes, read from `domain.yaml` |
| `described_kinds.py` | the category that properties make |
| `renamed_kinds.py` | the same home with other names for its kinds |
| `scene.py` | a home at the start of an episode |
| `state.py` | the truth of a home: atoms and processes |
| `actions.py` | preconditions and effects of actions |
| `goals/` | the goal language: values, wording, parser |
| `scoring.py` | which conditions of a goal hold in a state |
| `progress.py` | a goal through an episode: phases, tests, rules, means, and the score |
| `obstacles.py` | why a goal can never be reached from a state |
| `visibility.py` | what the robot sees from where it is |
| `disturbances.py` | events between two subtasks, as atoms |
| `description.py` | a state as text |
| `home_protocol.py` | the interface of every home that can be acted in |
"""
