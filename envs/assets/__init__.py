"""Assets: the appearance and collision shape of objects and furniture, as values without a physics engine.

| file | what |
|---|---|
| `object_models.py` | the body of an object, from its category in the domain |
| `collision_shapes.py` | convex collision shapes of objects, and where two fingers can grasp them |
| `objects/` | meshes of movable objects |
| `furniture/` | meshes and joints of fixtures, meshes of rooms |
"""
