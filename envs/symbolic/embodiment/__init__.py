"""The robot as a value: its skills, its hand and its reach, and what they make possible in a home.

| file | what |
|---|---|
| `robot.py` | `Robot`, and `equipped`: the same home with that robot |
| `grip.py` | how wide a hand must open around a thing |
| `hand_limits.py` | why a hand cannot do an action: too wide, too heavy, out of reach |
| `possible.py` | what this robot can bring about in a home, at most |
| `possible_goals.py` | which conditions it can bring about, at most |
| `refusals.py` | why a goal needs another robot |
| `unusable.py` | what this robot had better leave alone on the way to a goal |
"""

from envs.symbolic.embodiment.robot import Robot, equipped, equipped_state

__all__ = ["Robot", "equipped", "equipped_state"]
