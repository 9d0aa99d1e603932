"""Visual meshes and collision shapes of objects and furniture."""
