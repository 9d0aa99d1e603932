"""The alfred-gpt2 benchmark: its scores, its rows, how they are written, joint decoding, and the command."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
import torch

from gpt.generation.sampling import generate
from gpt.model.transformer import GPT, GPTConfig
from planner.benchmarks.alfred_gpt2.__main__ import main
from planner.benchmarks.alfred_gpt2.rows import BenchmarkError, Notation, Row, find_split, read_rows
from planner.benchmarks.alfred_gpt2.scores import Program, score, score_pair
from planner.benchmarks.alfred_gpt2.sequence_gpt import NoisyBatches, RowText, Settings, beam_search, decode

TINY = ("members=2", "n_layer=1", "n_head=2", "n_embd=32", "vocab_size=384", "batch_rows=4", "beams=2")


def carry(instruction: str, found: str, thing: str, target: str, *more: tuple[str, ...]) -> dict[str, object]:
    """A row: go where the thing is, take it, whatever comes between, and bring it to its place."""
    steps = [("Go to", found), ("Pick up", thing), *more, ("Go to", target), ("Put", thing, target)]
    return {"instruction": instruction, "program": [list(step) for step in steps]}


ROWS = [
    carry("bring the apple to the table", "fridge", "apple", "side table"),
    carry("an apple belongs on that little table", "countertop", "apple", "side table"),
    carry("store the mug inside the cabinet", "countertop", "mug", "cabinet"),
    carry("cabinet , mug , please", "shelf", "mug", "cabinet"),
    carry("wash a fork , then back into the drawer", "countertop", "fork", "drawer",
          ("Go to", "sink basin"), ("Clean", "fork")),
    carry("the drawer wants a rinsed fork", "drawer", "fork", "drawer", ("Go to", "sink basin"), ("Clean", "fork")),
    carry("warm potato on the counter", "fridge", "potato", "countertop", ("Go to", "microwave"), ("Heat", "potato")),
    carry("make the potato hot and leave it on the counter", "sink basin", "potato", "countertop",
          ("Go to", "microwave"), ("Heat", "potato")),
    carry("icy tomato into the bin", "countertop", "tomato", "garbage can", ("Go to", "fridge"), ("Cool", "tomato")),
    carry("throw out a tomato once it is cold", "side table", "tomato", "garbage can",
          ("Go to", "fridge"), ("Cool", "tomato")),
    carry("lay the butter knife on the shelf", "drawer", "butter knife", "shelf"),
    carry("butter knife to shelf", "countertop", "butter knife", "shelf"),
]  # fmt: skip
GOLD: Program = (("Go to", "fridge"), ("Pick up", "butter knife"), ("Go to", "shelf"), ("Put", "butter knife", "shelf"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Train and dev of the same dozen rows."""
    lines = "".join(json.dumps({"id": f"own/{i}", **row}) + "\n" for i, row in enumerate(ROWS))
    (tmp_path / "train.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    (tmp_path / "dev.jsonl").write_text(lines, encoding="utf-8")
    return tmp_path


@pytest.fixture
def rows(folder: Path) -> list[Row]:
    return read_rows(folder / "train.jsonl.gz")


def changed(place: int, *step: str) -> Program:
    return (*GOLD[:place], step, *GOLD[place + 1 :])


def right(predicted: Program, criterion: str = "strict") -> tuple[bool, bool]:
    pair = score_pair(GOLD, predicted, criterion)  # type: ignore[arg-type]
    return pair.full, pair.minus_first


def test_the_same_sequence_is_right_by_every_count() -> None:
    scores = score([GOLD], [GOLD], "strict")
    assert {scores.full, scores.minus_first, scores.full_checked, scores.command, scores.arg2, scores.triple} == {1.0}


def test_minus_first_forgives_the_first_step_alone() -> None:
    assert right(changed(0, "Go to", "sofa")) == (False, True)
    assert right(changed(2, "Go to", "sofa")) == (False, False)


def test_only_permissive_scoring_takes_a_shared_word_for_the_argument() -> None:
    near = changed(1, "Pick up", "knife")
    assert right(near, "permissive") == (True, True)
    assert right(near) == (False, False)


def test_permissive_scoring_does_not_take_a_missing_argument_for_any() -> None:
    assert right(changed(3, "Put", "butter knife"), "permissive") == (False, False)


def test_order_counts() -> None:
    assert right((GOLD[2], GOLD[1], GOLD[0], GOLD[3]), "permissive") == (False, False)


def test_steps_too_many_are_wrong_only_where_length_is_checked() -> None:
    scores = score([GOLD], [(*GOLD, ("Go to", "bed"))], "strict")
    assert (scores.full, scores.minus_first) == (1.0, 1.0)
    assert (scores.full_checked, scores.minus_first_checked) == (0.0, 0.0)


def test_steps_too_few_are_wrong_however_counted() -> None:
    assert right(GOLD[:3]) == right((), "permissive") == (False, False)


def test_case_and_filler_words_do_not_count() -> None:
    assert right(changed(3, "put", "the butter knife", "on the shelf")) == (True, True)


def test_element_scores_are_means_over_sequences_but_triples_over_steps() -> None:
    short: Program = (("Go to", "bed"),)
    scores = score([GOLD, short], [GOLD, (("Go to", "sofa"),)], "strict")
    assert (scores.command, scores.arg1, scores.arg2) == (1.0, 0.5, 1.0)
    assert scores.triple == pytest.approx(4 / 5)


def test_an_argument_that_only_the_prediction_has_is_a_wrong_one() -> None:
    assert score_pair(GOLD, changed(2, "Go to", "shelf", "shelf"), "strict").fields[2] == (1, 2)


def test_every_row_is_read_back_as_it_was_written(rows: list[Row]) -> None:
    notation = Notation.of([row.program for row in rows])
    assert all(notation.read(notation.write(row.program)) == row.program for row in rows)


def test_a_plan_is_written_from_its_end() -> None:
    assert Notation.of([GOLD]).write(GOLD).split()[:3] == ["Put", "ButterKnife", "Shelf"]


def test_names_that_would_be_written_alike_are_refused() -> None:
    with pytest.raises(BenchmarkError, match="sink Basin"):
        Notation(["Go to"], ["sink basin", "sink Basin"])


def test_a_word_that_is_no_name_is_kept_and_scores_as_wrong() -> None:
    read = Notation.of([GOLD]).read(" Put ButterKnife Shel GoTo Shelf")
    assert read == (("Go to", "shelf"), ("Put", "butter knife", "Shel"))


def test_hidden_words_are_masks_and_no_others(rows: list[Row]) -> None:
    text = RowText.learn(rows, 384)
    mask = text.tokenizer.special("[MASK]")
    assert text.prompt("bring the apple", [False, True, False]).count(mask) == 1
    assert mask not in text.prompt("bring the [MASK]")


def test_noise_is_new_every_epoch_and_the_same_for_the_same_seed(rows: list[Row]) -> None:
    settings = Settings(word_dropout=0.5, batch_rows=8, vocab_size=384)
    text = RowText.learn(rows, settings.vocab_size)
    one, other = (NoisyBatches(rows, text, settings, 3) for _ in range(2))
    steps = one.steps_per_epoch
    later = one.batch(steps).idx
    assert torch.equal(later, other.batch(steps).idx)
    assert torch.equal(one.batch(0).idx, other.batch(0).idx)
    assert later.tolist() != one.batch(0).idx.tolist()


def models(text: RowText, *seeds: int) -> list[GPT]:
    made = []
    for seed in seeds:
        torch.manual_seed(seed)
        made.append(GPT(GPTConfig(vocab_size=text.tokenizer.vocab_size, n_layer=1, n_head=2, n_embd=32, block_size=64)))
        torch.nn.init.normal_(made[-1].head.weight, std=0.3)  # a fresh head knows no likelier and less likely
    return made


def test_one_beam_of_one_model_is_greedy_decoding(rows: list[Row]) -> None:
    text = RowText.learn(rows, 384)
    (model,) = models(text, 0)
    stop = text.tokenizer.special("[EOS]")
    told = [row.instruction for row in rows]
    for instruction, found in zip(told, decode([model], text, told, 1), strict=True):
        prompt = text.prompt(instruction)
        alone = generate(model.eval(), prompt, 64 - len(prompt), stop=[stop])
        assert found == text.read([token for token in alone if token != stop])


def test_two_of_the_same_model_decode_as_one(rows: list[Row]) -> None:
    text = RowText.learn(rows, 384)
    (model,) = models(text, 0)
    told = [row.instruction for row in rows]
    assert decode([model, model], text, told, 3) == decode([model], text, told, 3)


def test_a_beam_as_wide_as_the_vocabulary_finds_the_likeliest_pair_of_tokens(rows: list[Row]) -> None:
    text = RowText.learn(rows, 384)
    pair = models(text, 1, 2)
    stop = text.tokenizer.special("[EOS]")
    V = text.tokenizer.vocab_size
    prompt = torch.randint(0, V, (1, 62), generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        both = torch.cat((prompt.expand(V, -1), torch.arange(V)[:, None]), dim=1)  # every first token
        p = torch.stack([model.eval()(both)[0][:, -2:].softmax(-1) for model in pair]).mean(0)  # (V, 2, V)
    joint = p[0, 0, :, None] * p[:, 1]  # (V, V)
    joint[stop] = 0.0
    joint[stop, stop] = p[0, 0, stop]
    best = divmod(int(joint.argmax()), V)
    assert beam_search(pair, prompt, V, stop) == [[token for token in best if token != stop]]


def test_command_learns_its_rows_and_reports_what_it_wrote(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = folder / "run"
    settings = [f for pair in (*TINY, "epochs=60", "word_dropout=0", "dropout=0", "lr=0.01") for f in ("--set", pair)]
    assert main(["--data", str(folder), "--out", str(out), "--seeds", "2", "--json", *settings]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record == json.loads((out / "results.json").read_text())
    assert record["spread"]["strict"]["full"]["mean"] > 0.9
    assert [seed["seed"] for seed in record["seeds"]] == [0, 1]
    lines = [json.loads(line) for line in (out / "predictions-seed-1.jsonl").read_text().splitlines()]
    share = sum(line["strict"]["full"] for line in lines) / len(ROWS)
    assert record["seeds"][1]["scores"]["strict"]["full"] == pytest.approx(share, abs=1e-4)
    assert not any(row["instruction"] in json.dumps(lines) for row in ROWS)


def test_the_table_stands_beside_the_published_figures(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    test = folder / "other.jsonl"
    test.write_text((folder / "dev.jsonl").read_text().splitlines()[0] + "\n", encoding="utf-8")
    few = [f for pair in (*TINY, "epochs=1") for f in ("--set", pair)]
    assert main(["--data", str(folder), "--test", str(test), "--out", str(folder / "run"), *few]) == 0
    shown = capsys.readouterr().out
    assert "other.jsonl, n = 1;" in shown
    assert any("test split" in line and line.split()[-4:] == ["22.2", "53.4", "26.1", "58.2"]
               for line in shown.splitlines())  # fmt: skip


def test_a_killed_run_resumes_to_the_same_predictions(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    few = [f for pair in (*TINY, "epochs=3") for f in ("--set", pair)]
    call = ["--data", str(folder), "--out", str(folder / "run"), "--json", *few]
    assert main(call) == 0
    first = (folder / "run" / "predictions-seed-0.jsonl").read_bytes()
    (folder / "run" / "seed-0" / "member-1" / "checkpoint.safetensors").unlink()  # killed within the second
    assert main([*call, "--resume"]) == 0
    assert (folder / "run" / "predictions-seed-0.jsonl").read_bytes() == first
    capsys.readouterr()


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--set", "layers=3"], "unknown setting 'layers'"),
        (["--set", "epochs=many"], "'many' is not of type int"),
        (["--set", "members=0"], "members is 0"),
        (["--set", "n_embd=30", "--set", "n_head=4"], "30"),
        (["--seeds", "0"], "--seeds is 0"),
        (["--test", "no_such_file.jsonl"], "no_such_file.jsonl"),
    ],
)
def test_wrong_usage_is_one_message_and_exit_code_2(
    folder: Path, flags: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--data", str(folder), "--out", str(folder / "run"), *flags]) == 2
    out, err = capsys.readouterr()
    assert out == "" and words in err and "Traceback" not in err


def test_a_bad_line_is_named_with_its_number(folder: Path) -> None:
    with (folder / "dev.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"id": "a", "instruction": "go", "program": [["Go to", 3]]}\n')
    with pytest.raises(BenchmarkError, match=rf"dev\.jsonl:{len(ROWS) + 1}: step"):
        read_rows(folder / "dev.jsonl")


def test_a_missing_split_is_named(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkError, match=r"train\.jsonl"):
        find_split(tmp_path, "train")


def test_every_train_row_of_the_benchmark_survives_writing_and_reading(shared_dir: Path) -> None:
    data = shared_dir / "alfred_gpt2"
    if not data.is_dir():
        pytest.skip("the benchmark's data is not here")
    rows = read_rows(find_split(data, "train"))
    assert len(rows) == 7793
    text = RowText.learn(rows, Settings().vocab_size)
    assert all(text.read(text.answer(row.program)[:-1]) == row.program for row in rows)
    longest = max(len(text.prompt(row.instruction)) + len(text.answer(row.program)) for row in rows)
    assert longest <= Settings().block_size
