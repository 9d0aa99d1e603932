"""Meshes of movable objects."""
