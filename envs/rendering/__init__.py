"""Images of a home: a renderer that follows the simulation.

| file | what |
|---|---|
| `renderer.py` | a drawing-only engine with one mesh per link |
| `scene_view.py` | the home as it is drawn, updated when an image is needed |
| `camera.py` | camera poses: room, overhead, robot, head |
"""
