"""Homes that a plan can be executed in; all implement `envs.symbolic.home_protocol.Home`.

| file | what |
|---|---|
| `symbolic_home.py` | the symbolic world as a home |
| `physical_home.py` | PyBullet and the robot as a home |
| `disturbed_home.py` | a home that is disturbed between two subtasks |
| `physical_disturbances.py` | disturbances in physics |
"""
