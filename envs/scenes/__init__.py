"""Where scenes come from: home files that people write, and the scene sampler.

| file | what |
|---|---|
| `home_file.py` | what names a home, in; its scene or state, out |
| `home_files/` | reads, checks and writes the YAML files of homes |
| `speaker.py` | the person who gives instructions, in a home that names none |
| `floor_plan.py` | rooms and doorways as rectangles; problems of those that a person wrote |
| `furniture_layout.py` | places fixtures along the walls |
| `room_furnishing.py` | which rooms and fixtures a sampled home has |
| `occupancy_grid.py` | the floor that the robot can use |
| `scene_sampler.py` | samples a scene from a seed |
| `sampling_constraints.py` | facts that a sampled home must satisfy |
"""
