"""Homes that a plan can be executed in; all implement `envs.symbolic.home_protocol.Home`.

| file | what |
|---|---|
| `symbolic_home.py` | the symbolic world as a home |
| `physical_home.py` | PyBullet and the robot as a home |
| `disturbed_home.py` | a home in which something happens between two subtasks |
| `physical_disturbances.py` | those events in physics |
"""
