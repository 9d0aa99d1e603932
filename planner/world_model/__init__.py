"""What the robot knows of the home: open_home, belief, memory, location priors."""
