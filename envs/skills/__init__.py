"""The skills of the robot in physics; `dispatch.py` selects the one that an action names.

| file | what |
|---|---|
| `dispatch.py` | executes an action with the skill that it names |
| `go_to.py` | drives to a fixture |
| `pick.py` | picks an object up |
| `place.py` | puts the held object down in its current grasp |
| `open_close.py` | opens and closes doors, flaps and drawers |
| `tool_use.py` | switches, wipes, slices, pours and folds |
| `grasps.py` | candidate grasps: where two fingers can close on an object |
| `regrasp.py` | the skills `put` and `give`: `place.py`, with a change of grasp where needed |
"""
