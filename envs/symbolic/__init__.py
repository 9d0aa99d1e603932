"""The symbolic world: domain, scene, state, actions, goals, scoring, visibility, the Home protocol."""
