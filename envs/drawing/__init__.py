"""Drawn floor plans of homes: one drawing, written as PNG or SVG.

| file | what |
|---|---|
| `shapes.py` | what a drawing consists of |
| `lettering.py` | how wide a text is; lines that fit a width |
| `free_space.py` | boxes that overlap nothing |
| `labels.py` | where the names stand |
| `floor_plan.py` | a home's rooms, doorways, furniture, people and robot |
| `contents_list.py` | what is where, as a list beside the plan |
| `picture_file.py` | the drawing as a PNG or SVG file |
"""
