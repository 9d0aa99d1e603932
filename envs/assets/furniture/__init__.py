"""Meshes and joints of fixtures, and meshes of rooms.

| file | what |
|---|---|
| `fixture_models.py` | the body of every fixture category |
| `cabinetry.py` | cases, tops, shelves and bins, built from boxes |
| `articulated.py` | furniture with doors, flaps and drawers |
| `small_sizes.py` | furniture that is smaller than the parts of its body |
| `decoration.py` | visual details: cushions, knobs, keys, hobs |
| `room_surfaces.py` | floors, walls and door frames |
"""
