"""Pure geometry in numpy: no physics engine, no scene.

| file | what |
|---|---|
| `rotations.py` | rotation matrices, quaternions and angles |
| `bodies.py` | convex pieces and links, the values that bodies are built from |
| `meshes.py` | triangle meshes with colors: boxes, turned profiles, rods, slabs |
| `color_texture.py` | all colors of a mesh in one small texture |
| `collision_boxes.py` | penetration depth of spheres in boxes, for many postures at once |
| `support_region.py` | regions on and in fixtures and containers |
| `free_placements.py` | free positions for an object in a region |
"""
