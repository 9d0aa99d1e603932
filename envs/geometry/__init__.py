"""Pure geometry: rotations, meshes, bodies, boxes, support regions, free spots."""
