"""Skills of the robot, one file each: pick, place, open and close, go to, tool use."""
