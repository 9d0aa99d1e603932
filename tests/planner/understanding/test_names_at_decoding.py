"""While a goal is written for a home with own kinds, only names of this home can be chosen."""

from __future__ import annotations

import pytest

from envs.symbolic.renamed_kinds import with_names
from envs.symbolic.state import State
from gpt.model.transformer import GPT
from gpt.tokenization.tokenizer import Tokenizer
from planner.api import Planner
from planner.plans.options import Options
from planner.understanding.goal_search import HomeWords

INSTRUCTIONS = ("put the haik on the wold", "wash the dog bowl", "haik", "the haik, the wold, the dog bowl", "qwertz")


@pytest.fixture
def own(flat: State) -> State:
    return with_names(flat, {"mug": "haik", "dining table": "wold", "plate": "dog bowl"}, {"haik": ("tea sluff",)})


@pytest.fixture
def copying(random_gpt: GPT, tokenizer: Tokenizer) -> Planner:
    """A GPT of random weights that counts as taught to copy names: it writes anything that it is allowed to."""
    return Planner(random_gpt, tokenizer, kinds=["renamed"])


@pytest.mark.parametrize("instruction", INSTRUCTIONS)
def test_a_goal_names_only_what_the_home_has(instruction: str, copying: Planner, own: State) -> None:
    words = HomeWords(own.world.categories, own.world.domain, ("kitchen", *own.world.domain.property_group))
    for seed in range(3):
        options = Options(temperature=1.0, seed=seed, samples=0, clauses=False)
        text = copying.understand(instruction, own, options).goal_text
        assert words.allow(text), text


def test_without_grounding_the_gpt_writes_freely(copying: Planner, own: State) -> None:
    words = HomeWords(own.world.categories, own.world.domain)
    free = Options(temperature=1.0, samples=0, clauses=False, grounded=False)
    texts = [copying.understand(instruction, own, free).goal_text for instruction in INSTRUCTIONS]
    assert not all(words.allow(text) for text in texts)


@pytest.mark.parametrize(
    ("text", "is_whole", "may_begin"),
    [
        ("haik on wold", True, True),
        ("clean dog bowl", True, True),
        ("clean dog", False, True),
        ("dog bow", False, True),
        ("mug on wold", False, False),  # the home has none
        ("haik on sluff", False, False),  # goals are written with names, not with other words
        ("", True, True),
    ],
)
def test_a_text_is_whole_when_its_last_name_is(text: str, is_whole: bool, may_begin: bool, own: State) -> None:
    words = HomeWords(own.world.categories, own.world.domain)
    assert words.completes(text) is is_whole
    assert words.allow(text) is may_begin
