"""Questions about liquids: milk in a glass is a glass of milk, not a carton in it."""

from __future__ import annotations

import pytest

from envs.scenes.home_file import parse_home
from envs.symbolic.goals import parse_query
from envs.symbolic.state import World
from planner.language.answering.answers import answer

HOME = (
    "rooms: {kitchen: [fridge, countertop, shelf]}\n"
    "objects: {countertop: [glass of milk, mug of coffee, glass, mug, cup of juice, {bowl: {holds: [pen]}}, "
    "vase of water], fridge: [milk, juice], shelf: [bowl of milk, coffee, {cup: {liquid: tea, holds: [spoon]}}]}"
)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("whether milk in glass", "Yes: there is one glass of milk here."),
        ("whether milk in mug", "No: there are no mugs of milk here."),
        ("whether no milk in glass", "No: there is one glass of milk here."),
        ("whether 2 milk in glass", "No: there is one glass of milk here."),
        ("whether milk in bowl", "Yes: there is one bowl of milk here."),
        ("whether milk in bowl on countertop", "No: there are no bowls of milk on the countertop."),
        ("whether coffee in mug", "Yes: there is one mug of coffee here."),
        ("whether juice in cup on countertop", "Yes: there is one cup of juice on the countertop."),
        ("whether milk in fridge", "Yes: there is one carton of milk in the fridge."),
        ("how many milk in glass", "There is one glass of milk here."),
        ("how many milk in fridge", "There is one carton of milk in the fridge."),
        ("whether pen in bowl", "Yes: there is one pen in the bowls."),
        ("what in glass", "In glass 1 on the countertop is milk."),
        ("what in cup", "In cup 1 on the countertop is juice; in cup 2 on the shelf are a spoon and tea."),
        ("what in vase", "In the vase on the countertop is water."),
        ("what in bowl", "In bowl 1 on the countertop is a pen; in bowl 2 on the shelf is milk."),
    ],
)
def test_a_liquid_in_a_vessel_is_found(question: str, expected: str) -> None:
    scene = parse_home(HOME, geometry=False)
    query = parse_query(f"? {question}", scene.domain, scene=scene)
    assert answer(query, World(scene).initial()) == expected
