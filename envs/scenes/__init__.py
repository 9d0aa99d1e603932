"""Where scenes come from: home files (read, check, write) and the scene sampler with its floor plans."""
