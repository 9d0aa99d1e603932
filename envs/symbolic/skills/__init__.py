"""Skills as data: what the robot can do, read from the `skills:` of a domain, a home or a robot (docs/skills.md)."""
