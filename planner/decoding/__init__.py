"""facts -> PLAN: constrained decoding, plan writing, plan repair."""
