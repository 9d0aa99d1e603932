"""The skills of the robot in physics, one file per skill.

| file | what |
|---|---|
| `dispatch.py` | executes an action with the skill that it names |
| `go_to.py` | drives to a fixture |
| `pick.py` | picks an object up |
| `place.py` | puts the held object down |
| `open_close.py` | opens and closes doors, flaps and drawers |
| `tool_use.py` | switches, wipes, slices, pours and folds |
| `grasps.py` | where two fingers can hold an object |
| `regrasp.py` | sets an object down and takes it again with another grasp |
"""
