"""LEARNING: the self-improvement cycle: propose, try, relabel, train, accept."""
