"""Video, filmstrips, Rerun recordings of a home at work."""
