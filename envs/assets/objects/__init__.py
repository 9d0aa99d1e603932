"""Meshes of movable objects, each built from a size and a color.

| file | what |
|---|---|
| `tableware.py` | dishes, cutlery, cookware and vessels |
| `groceries.py` | food, drinks and packages |
| `household_items.py` | electronics, toiletries, tools and toys |
| `clothing.py` | clothes, linen, books and papers |
"""
