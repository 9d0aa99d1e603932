"""The mobile Panda arm: model, kinematics, motion planning and motion primitives.

| file | what |
|---|---|
| `robot_model.py` | the links of base, lift, arm and hand |
| `panda_meshes.py` | the visual meshes of the Panda |
| `robot.py` | the robot in the engine, driven by motors within velocity limits |
| `kinematics.py` | forward kinematics, Jacobian and inverse kinematics in batches |
| `arm_motion_planning.py` | collision-free arm paths: straight line or RRT-Connect |
| `base_navigation.py` | occupancy grid and shortest paths of the base |
| `heading_planning.py` | where the base turns on its path |
| `reach_planning.py` | base position and arm posture for a target |
| `fixture_reachability.py` | which fixtures the robot can reach, checked when a home is built |
| `motion_primitives.py` | driving, approaching, tucking: shared by all skills |
| `obstruction.py` | which open door is in the way |
"""
