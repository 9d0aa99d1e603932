"""The mobile Panda: model, kinematics, motion planning, navigation, motion primitives."""
