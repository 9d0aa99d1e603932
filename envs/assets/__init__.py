"""What objects and furniture look like and collide as."""
