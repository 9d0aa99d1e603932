"""Tables of household objects and where people leave them; `envs/scenes/scene_sampler.py` samples from them."""

from __future__ import annotations

SETTING = ("plate", "fork", "knife", "glass", "spoon", "bowl", "mug", "cup")  # tableware of a set table
SEVERAL = frozenset(  # categories of which a home often has two or three
    (
        *("apple", "book", "candle", "CD", "cloth", "egg", "letter", "magazine", "napkin", "orange", "pen", "pencil"),
        *("pillow", "potato", "shirt", "shoe", "sock", "soda can", "tomato", "towel", "toy block", "toy car"),
        "wine glass",
    )
)
WASHABLE = frozenset(("dishes", "cutlery", "cookware", "clothing", "linen"))
# Rooms in which objects of a class belong, if suitable fixtures stand in several rooms.
NATURAL_ROOMS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("dishes", "cutlery", "cookware", "food", "drink", "groceries"), ("kitchen", "dining room")),
    **dict.fromkeys(("toiletries", "linen"), ("bathroom",)),
    **dict.fromkeys(("clothing", "valuables"), ("bedroom", "hall")),
    **dict.fromkeys(("book", "electronics", "paper"), ("living room", "office", "bedroom")),
}
# Fixtures at which dirty objects of a class lie.
SOILED_AT: dict[str, tuple[str, ...]] = {
    "dishes": ("sink", "dining table", "countertop", "coffee table", "dishwasher"),
    "cutlery": ("sink", "dining table", "countertop", "dishwasher"),
    "cookware": ("sink", "countertop", "dishwasher"),
    "clothing": ("laundry basket", "bed", "washing machine", "bathtub"),
    "linen": ("laundry basket", "bathtub", "washing machine"),
}
# Movable containers in which objects of a category or class are kept.
NESTED_IN: dict[str, tuple[str, ...]] = {
    "fruit": ("bowl", "plate", "basket"),
    "vegetable": ("bowl", "pot", "basket"),
    "egg": ("bowl", "pan"),
    "bread": ("plate", "basket"),
    "cheese": ("plate",),
    "pen": ("mug", "cup", "backpack", "box"),
    "pencil": ("mug", "cup", "box"),
    "toothbrush": ("cup", "glass"),
    "spoon": ("cup", "mug", "bowl", "glass"),
    "fork": ("plate", "bowl"),
    "dishes": ("tray",),
    "toy": ("box", "basket"),
    "book": ("backpack", "box"),
    "electronics": ("backpack", "box"),
    "linen": ("basket",),
    "clothing": ("basket", "backpack"),
}
# Objects that lie on floors as clutter, and how likely clutter is in each kind of room (relative weights).
STREWN = (
    *("toy car", "toy block", "ball", "teddy bear", "doll", "basketball", "tennis racket", "baseball bat"),
    *("sock", "shoe", "shirt", "jacket", "boots", "hat", "towel", "blanket", "pillow"),
    *("book", "magazine", "newspaper", "backpack", "box"),
)
STREWN_IN = {"living room": 4.0, "bedroom": 4.0, "office": 1.0, "bathroom": 1.0, "hall": 1.0, "laundry room": 1.0}
# Liquids that a container may be filled with.
DRINKS: dict[str, tuple[str, ...]] = {
    "mug": ("coffee", "tea", "milk", "water"),
    "cup": ("coffee", "tea", "milk"),
    "glass": ("water", "juice", "milk", "soda"),
    "wine glass": ("wine",),
    "kettle": ("water",),
    "pot": ("water",),
    "watering can": ("water",),
    "vase": ("water",),
}
