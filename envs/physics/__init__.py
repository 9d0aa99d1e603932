"""The home in PyBullet: building a scene, and reading it.

| file | what |
|---|---|
| `engine.py` | the only file that imports PyBullet: bodies by name, SI units |
| `world_snapshot.py` | a simulated world as a value, from which it can be built again |
| `object_placement.py` | places the objects of a scene |
| `room_builder.py` | ground, walls, floors and lawn |
| `fixture_builder.py` | fixtures with their doors and drawers |
| `spatial_queries.py` | regions, contents and obstacles, read from the engine |
| `object_states.py` | states that geometry does not show: dirty, hot, filled, on |
| `object_culling.py` | takes resting objects far from the robot out of the simulation |
"""
