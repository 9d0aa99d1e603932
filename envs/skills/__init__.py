"""pick, place, open/close, go to, tool use: one file a skill."""
