"""PyBullet: engine (the only file that imports it), scene building, spatial queries, object states."""
