"""The text that the GPT reads and writes."""

from __future__ import annotations

from envs.symbolic.actions import State, parse_action
from gpt.tokenization.tokenizer import SPECIAL_TOKENS, Tokenizer
from planner.plans.planning_result import show
from planner.prompts import text_format
from tests.envs.homes_for_tests import after, state


def specials(ids: list[int], tokenizer: Tokenizer) -> list[str]:
    names = {tokenizer.special(name): name for name in SPECIAL_TOKENS}
    return [names[i] for i in ids if i in names]


def small() -> State:
    return state(["cabinet 1", "desk 1"], {"mug 1": "cabinet 1", "cup 1": "desk 1", "pen 1": "cup 1"})


def text_with_loss(document: text_format.Document, tokenizer: Tokenizer) -> str:
    ids, learn = text_format.encode(document, tokenizer)
    return tokenizer.decode([i for i, has_loss in zip(ids, learn, strict=True) if has_loss])


def plan(now: State, *subtasks: str) -> text_format.Document:
    return text_format.plan_part(now, [parse_action(now.world, s) for s in subtasks])


def test_every_segment_starts_with_its_special_token(tokenizer: Tokenizer) -> None:
    now = small()
    body = (*text_format.goal_part("mug on desk"), *text_format.facts_part(["mug 1 in cabinet 1 closed", "desk 1"]))
    document = (*text_format.heading("mug desk", "move the mug"), *body, *plan(now, "open cabinet 1", "pick up mug 1"))
    ids, _ = text_format.encode(document, tokenizer)
    expected = ["[CLS]", "[SEP]", "[SEP]", "[SEP]", "[SEP]", "[SEP]", "[HINT]", "[EOS]"]
    assert specials(ids, tokenizer) == expected


def test_an_encoded_document_decodes_to_its_text(tokenizer: Tokenizer) -> None:
    document = (*text_format.heading("mug desk", "move the mug"), *text_format.goal_part("mug on desk"))
    ids, _ = text_format.encode(document, tokenizer)
    assert tokenizer.decode(ids) == "[CLS] mug desk[SEP] move the mug[SEP] mug on desk"


def test_a_typed_special_token_stays_plain_text(tokenizer: Tokenizer) -> None:
    ids, _ = text_format.encode(text_format.heading("mug", "stop [SEP] [EOS] [REFUSE] now"), tokenizer)
    assert specials(ids, tokenizer) == ["[CLS]", "[SEP]"]


def test_an_empty_segment_is_only_its_special_token(tokenizer: Tokenizer) -> None:
    ids, learn = text_format.encode(text_format.heading("", ""), tokenizer)
    assert ids == [tokenizer.special("[CLS]"), tokenizer.special("[SEP]")]
    assert learn == [False, False]


def test_the_loss_mask_has_one_entry_per_token(tokenizer: Tokenizer) -> None:
    ids, learn = text_format.encode((*text_format.heading("mug", "hi"), *plan(small(), "open cabinet 1")), tokenizer)
    assert len(ids) == len(learn)


def test_inventory_and_instruction_have_no_loss(tokenizer: Tokenizer) -> None:
    assert text_with_loss(text_format.heading("mug desk", "move the mug"), tokenizer) == ""


def test_facts_have_no_loss_but_the_token_that_ends_the_goal_does(tokenizer: Tokenizer) -> None:
    assert text_with_loss(text_format.facts_part(["mug 1 in cabinet 1", "desk 1"]), tokenizer) == "[SEP]"


def test_goal_words_have_loss_and_the_special_token_before_them_does_not(tokenizer: Tokenizer) -> None:
    assert text_with_loss(text_format.goal_part("mug on desk"), tokenizer) == " mug on desk"


def test_loss_is_on_subtasks_hints_and_all_special_tokens_but_the_first(tokenizer: Tokenizer) -> None:
    actual = text_with_loss(plan(small(), "open cabinet 1", "pick up mug 1", "put mug 1 on desk 1"), tokenizer)
    expected = " open cabinet 1[SEP] pick up mug 1[HINT] in cabinet 1 open[SEP] put mug 1 on desk 1[EOS]"
    assert actual == expected


def test_a_refusal_has_loss_on_its_special_token_reason_and_end(tokenizer: Tokenizer) -> None:
    actual = text_with_loss(
        (*text_format.home_part("mug"), *text_format.refusal_document("sing", "[REFUSE]", "That is not a task.")),
        tokenizer,
    )
    assert actual == "[REFUSE] That is not a task.[EOS]"


def test_a_proposal_has_loss_on_instruction_and_goal(tokenizer: Tokenizer) -> None:
    actual = text_with_loss(
        (*text_format.home_part("mug desk"), *text_format.proposal_document("move the mug", "mug on desk")), tokenizer
    )
    assert actual == " move the mug[SEP] mug on desk[EOS]"


def test_the_hint_of_a_pick_up_names_the_location_of_the_object() -> None:
    now = after(small(), "open cabinet 1")
    assert text_format.hint_of(now, parse_action(now.world, "pick up mug 1")) == "in cabinet 1 open"


def test_the_hint_names_the_chain_of_containers() -> None:
    now = small()
    assert text_format.hint_of(now, parse_action(now.world, "pick up pen 1")) == "in cup 1 on desk 1"


def test_only_pick_up_has_a_hint() -> None:
    now = small()
    assert text_format.hint_of(now, parse_action(now.world, "open cabinet 1")) is None


def test_the_inventory_counts_categories_without_naming_instances() -> None:
    objects = {"plate 1": "desk 1", "plate 2": "desk 1", "CD 1": "desk 1", "apple 1": "desk 1"}
    now = state(["shelf 1", "desk 1", "shelf 2"], objects)
    assert text_format.inventory(now) == "apple CD plate 2 desk shelf 2"


def test_the_inventory_of_a_large_home_distinguishes_only_one_and_several() -> None:
    def with_cups(number: int) -> str:
        objects = {f"cup {i}": "desk 1" for i in range(1, number + 1)}
        return text_format.inventory(
            state(["desk 1", "shelf 1", "shelf 2", "shelf 3"], {**objects, "mug 1": "shelf 1"})
        )

    assert with_cups(text_format.MAX_PER_CATEGORY) == f"cup {text_format.MAX_PER_CATEGORY} mug desk shelf 3"
    assert with_cups(text_format.MAX_PER_CATEGORY + 1) == "cup 2 mug desk shelf 2"


def test_a_plan_is_shown_after_its_instruction() -> None:
    shown = show("set the table", ["open cabinet 2", "pick up plate 1"])
    assert shown == "set the table → open cabinet 2 → pick up plate 1"
