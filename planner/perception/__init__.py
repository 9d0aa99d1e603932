"""Sight and hearing: pictures of a home and spoken instructions, read by the planner's own GPT."""
