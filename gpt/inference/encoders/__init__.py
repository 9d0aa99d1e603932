"""Vision and audio encoders in numpy."""
