"""Pictures: renderer, camera, the scene as it is drawn."""
