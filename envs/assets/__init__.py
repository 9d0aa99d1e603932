"""Assets: the appearance and collision shape of objects and furniture, as values without a physics engine.

| file | what |
|---|---|
| `object_models.py` | the body of an object, from its category in the domain |
| `likeness.py` | the built-in kind that a kind looks like |
| `mesh_bodies.py` | bodies from mesh files: what is drawn, and convex pieces |
| `mesh_grasps.py` | where two fingers can grasp a body from a mesh file |
| `collision_shapes.py` | convex collision shapes of objects, and where two fingers can grasp them |
| `objects/` | meshes of movable objects |
| `furniture/` | meshes and joints of fixtures, meshes of rooms |
"""
