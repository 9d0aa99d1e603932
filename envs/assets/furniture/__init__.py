"""Meshes and joints of fixtures and rooms."""
