from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gpt.benchmarks.decoding_prompts import draw_texts
from gpt.benchmarks.static_cache_decoder import StaticDecoder
from gpt.errors import CheckpointError, ConfigError, ContextError
from gpt.generation import sampling
from gpt.generation.sampling import TorchSession, generate_batch
from gpt.inference.numpy_model import NumpyModel
from gpt.inference.numpy_session import NumpyBatch, NumpySession
from gpt.inference.quantization import dequantized, quantize_blocks
from gpt.inference.sampling import sample
from gpt.inference.session import Runtime
from gpt.inference.threads import limit_blas_threads
from gpt.model.transformer import GPT
from gpt.tokenization.tokenizer import Tokenizer
from gpt.weights.checkpoint import load_model, save_model, weights_of
from gpt.weights.model_folder import expected_shapes, read_arrays, read_folder

Make = Callable[..., GPT]

ROOT = Path(__file__).resolve().parents[3]
RELEASED = ROOT / "planner" / "released" / "home"
VARIANTS: list[dict[str, object]] = [
    {},
    {"position": "learned", "norm": "layer", "mlp": "gelu", "bias": True},
    {"position": "sinusoidal", "mlp": "swiglu", "previous_tokens": 0},
    {"n_kv_head": 2, "previous_tokens": 3, "tie_weights": False},
    {"n_kv_head": 1, "qk_norm": False, "mlp": "gelu_tanh", "norm": "layer"},
    {"position": "learned", "bias": True, "qk_norm": True, "embedding_norm": False, "n_layer": 1},
]
HAS_ONNX = all(importlib.util.find_spec(name) for name in ("onnx", "onnxruntime"))
needs_onnx = pytest.mark.skipif(not HAS_ONNX, reason="the extra `fast` is not installed")


def random_ids(n: int, seed: int = 0) -> list[int]:
    return torch.randint(0, 320, (n,), generator=torch.Generator().manual_seed(seed)).tolist()


@pytest.fixture(scope="module")
def released() -> tuple[GPT, NumpyModel, Tokenizer]:
    model, tokenizer, _ = load_model(RELEASED)
    return model, NumpyModel.load(RELEASED)[0], tokenizer


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("sizes", [[20], [1] * 20, [9, 1, 8, 1, 1], [2, 17, 1]])
def test_numpy_computes_the_logits_that_torch_computes(
    make_model: Make, variant: dict[str, object], sizes: list[int]
) -> None:
    model = make_model(**variant)
    ours, theirs = NumpySession(NumpyModel.from_torch(model)), TorchSession(model)
    for size in sizes:
        ids = random_ids(20)[ours.length : ours.length + size]
        np.testing.assert_allclose(ours.feed(ids), theirs.feed(ids).numpy(), rtol=0, atol=1e-4)


@pytest.mark.parametrize("rows", [1, 7, 8, 39, 41, 300])
def test_products_of_any_number_of_rows_agree_with_torch(make_model: Make, rows: int) -> None:
    model = make_model(block_size=320, n_embd=64, n_layer=1)
    ids = random_ids(rows)
    ours = NumpySession(NumpyModel.from_torch(model)).feed(ids)
    np.testing.assert_allclose(ours, TorchSession(model).feed(ids).numpy(), rtol=0, atol=1e-4)


def test_released_weights_give_the_same_logits_and_texts_on_fifty_prompts(
    released: tuple[GPT, NumpyModel, Tokenizer],
) -> None:
    model, ours, tokenizer = released
    texts = draw_texts(tokenizer, 50, 90, np.random.default_rng(0))
    expected = generate_batch(model, [text.prompt for text in texts], 16)
    for text, ids in zip(texts, expected, strict=True):
        session = NumpySession(ours)
        logits = session.feed(text.prompt)
        np.testing.assert_allclose(logits, TorchSession(model).feed(text.prompt).numpy(), rtol=0, atol=1e-4)
        written: list[int] = []
        for _ in ids:
            written.append(int(logits.argmax()))
            logits = session.feed(written[-1:])
        assert written == ids


def test_logits_of_candidate_ids_equal_the_full_logits(make_model: Make) -> None:
    model = NumpyModel.from_torch(make_model(bias=True, norm="layer"))
    every = NumpySession(model).feed([1, 2, 3])
    np.testing.assert_allclose(
        NumpySession(model).feed([1, 2, 3], candidate_ids=[7, 300]), every[[7, 300]], rtol=1e-5, atol=1e-5
    )


def test_a_converted_model_is_independent_of_its_source(make_model: Make) -> None:
    model = make_model()
    converted = NumpyModel.from_torch(model)
    before = converted.begin().feed([1, 2, 3])
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    np.testing.assert_array_equal(converted.begin().feed([1, 2, 3]), before)


def test_the_numpy_model_satisfies_the_runtime_protocol(make_model: Make) -> None:
    model = make_model()
    assert isinstance(NumpyModel.from_torch(model), Runtime) and not isinstance(model, Runtime)


def test_a_rewound_session_forgets_the_removed_tokens(make_model: Make) -> None:
    model = NumpyModel.from_torch(make_model())
    session, fresh = NumpySession(model), NumpySession(model)
    session.feed([1, 2, 3])
    session.feed([9, 9, 9, 9])
    session.rewind(2)
    assert session.length == 2
    np.testing.assert_allclose(session.feed([5, 6]), fresh.feed([1, 2, 5, 6]), rtol=0, atol=1e-5)


def test_a_fork_and_its_origin_are_independent(make_model: Make) -> None:
    model = NumpyModel.from_torch(make_model())
    origin = NumpySession(model)
    origin.feed([1, 2, 3])
    fork = origin.fork()
    fork.feed([7, 7])
    np.testing.assert_allclose(origin.feed([4]), NumpySession(model).feed([1, 2, 3, 4]), rtol=0, atol=1e-5)
    np.testing.assert_allclose(fork.feed([8]), NumpySession(model).feed([1, 2, 3, 7, 7, 8]), rtol=0, atol=1e-5)


def test_a_full_session_reports_how_many_tokens_do_not_fit(make_model: Make) -> None:
    session = NumpySession(NumpyModel.from_torch(make_model()), capacity=4)
    assert session.capacity == 4
    session.feed([1, 2, 3])
    with pytest.raises(ContextError, match="3 tokens read and 2 more do not fit into the context of 4"):
        session.feed([4, 5])
    with pytest.raises(ContextError, match="cannot rewind to 4: 3 tokens"):
        session.rewind(4)
    with pytest.raises(ContextError, match="no token"):
        session.feed([])
    assert session.length == 3


@pytest.mark.parametrize("bad", [-1, 320])
def test_an_id_outside_the_vocabulary_is_refused_and_nothing_is_read(make_model: Make, bad: int) -> None:
    session = NumpySession(NumpyModel.from_torch(make_model()))
    with pytest.raises(ContextError, match=f"id {bad} is not in 0..319"):
        session.feed([1, bad])
    assert session.length == 0


@pytest.mark.parametrize("variant", VARIANTS)
@settings(max_examples=10, deadline=None)
@given(rounds=st.lists(st.lists(st.integers(1, 6), min_size=3, max_size=3), min_size=1, max_size=6), data=st.data())
def test_contexts_read_in_a_batch_equal_contexts_read_alone(
    variant: dict[str, object], rounds: list[list[int]], data: st.DataObject
) -> None:
    model = _model_of(variant)
    batch, alone = NumpyBatch(model, 3), [NumpySession(model) for _ in range(3)]
    for sizes in rounds:
        ids = [data.draw(st.lists(st.integers(0, 319), min_size=n, max_size=n)) for n in sizes]
        logits = batch.feed(ids)
        for row, session in enumerate(alone):
            np.testing.assert_allclose(logits[row], session.feed(ids[row]), rtol=0, atol=1e-4)


def _model_of(variant: dict[str, object]) -> NumpyModel:
    from gpt.model.transformer import GPTConfig

    values: dict[str, object] = {"vocab_size": 320, "n_layer": 2, "n_head": 4, "n_embd": 32, "block_size": 48}
    rng = np.random.default_rng(0)
    config = GPTConfig.from_dict(values | variant)
    shapes = expected_shapes(config)
    return NumpyModel(config, {k: rng.normal(0, 0.3, shape).astype(np.float32) for k, shape in shapes.items()})


def test_many_long_prompts_are_read_in_parts_with_the_same_result(make_model: Make) -> None:
    model = NumpyModel.from_torch(make_model())
    prompts = [random_ids(40, seed) for seed in range(9)]
    together = NumpyBatch(model, 9).feed(prompts)
    for row, prompt in enumerate(prompts):
        np.testing.assert_allclose(together[row], NumpySession(model).feed(prompt), rtol=0, atol=1e-4)


def test_rows_taken_from_a_batch_continue_independently(make_model: Make) -> None:
    model = NumpyModel.from_torch(make_model())
    batch = NumpyBatch(model, 2)
    batch.feed([[1, 2, 3], [4, 5]])
    taken = batch.take_rows([1, 1, 0])
    logits = taken.feed([[6], [7], [8]])
    batch.rewind(0, 1)
    for row, ids in enumerate(([4, 5, 6], [4, 5, 7], [1, 2, 3, 8])):
        np.testing.assert_allclose(logits[row], NumpySession(model).feed(ids), rtol=0, atol=1e-4)
    assert list(batch.lengths) == [1, 2]


def test_threads_can_share_a_model(make_model: Make) -> None:
    model = NumpyModel.from_torch(make_model())
    expected = {seed: NumpySession(model).feed(random_ids(30, seed)) for seed in range(4)}
    failed_seeds: list[int] = []

    def work(seed: int) -> None:
        for _ in range(20):
            if not np.allclose(NumpySession(model).feed(random_ids(30, seed)), expected[seed], atol=1e-5):
                failed_seeds.append(seed)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in expected]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed_seeds


@pytest.mark.parametrize("variant", VARIANTS)
def test_expected_names_and_shapes_equal_those_saved_by_torch(make_model: Make, variant: dict[str, object]) -> None:
    model = make_model(**variant)
    assert expected_shapes(model.config) == {k: tuple(v.shape) for k, v in weights_of(model).items()}


@pytest.mark.parametrize("bf16", [False, True])
def test_a_saved_folder_is_read_as_torch_reads_it(
    make_model: Make, tokenizer: Tokenizer, tmp_path: Path, bf16: bool
) -> None:
    save_model(make_model(), tokenizer, tmp_path, {"note": 1}, bf16=bf16)
    model, _, _ = load_model(tmp_path)
    _, arrays, read, extra = read_folder(tmp_path)
    assert extra == {"note": 1}
    assert read.to_json() == tokenizer.to_json()
    for name, tensor in weights_of(model).items():
        np.testing.assert_array_equal(arrays[name], tensor.numpy())


def test_half_precision_tensors_are_read_exactly(tmp_path: Path, make_model: Make) -> None:
    from safetensors.torch import save_file

    model = make_model()
    halves = {name: tensor.half() for name, tensor in weights_of(model).items()}
    save_file(halves, tmp_path / "x.safetensors")
    for name, array in read_arrays(tmp_path / "x.safetensors", model.config)[0].items():
        np.testing.assert_array_equal(array, halves[name].float().numpy())


def _break_weights(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-10])


def _break_header(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(b"\xff" * 8 + path.read_bytes()[8:])


def _break_config(folder: Path) -> None:
    path = folder / "config.json"
    content = json.loads(path.read_text())
    content["model"]["n_head"] = 3
    path.write_text(json.dumps(content))


def _mix_folders(folder: Path) -> None:
    path = folder / "config.json"
    path.write_text(path.read_text() + " ")


def _remove_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (_break_weights, "not a complete safetensors file"),
        (_break_header, "not a complete safetensors file"),
        (_break_config, "not a valid model config: n_embd 32 is not a multiple of n_head 3"),
        (_mix_folders, "was not saved together"),
        (_remove_tokenizer, "no such file"),
    ],
)
def test_a_damaged_folder_is_refused_in_one_line(
    make_model: Make, tokenizer: Tokenizer, tmp_path: Path, damage: Callable[[Path], None], message: str
) -> None:
    save_model(make_model(), tokenizer, tmp_path)
    damage(tmp_path)
    with pytest.raises(CheckpointError, match=message) as caught:
        read_folder(tmp_path)
    assert "\n" not in str(caught.value)


def test_weights_of_another_shape_are_refused(make_model: Make) -> None:
    model = make_model()
    arrays = {name: tensor.numpy() for name, tensor in weights_of(model).items()}
    with pytest.raises(CheckpointError, match=r"wte.weight has shape \(319, 32\); the config asks for \(320, 32\)"):
        NumpyModel(model.config, arrays | {"wte.weight": arrays["wte.weight"][1:]})
    del arrays["previous.weight"]
    with pytest.raises(CheckpointError, match=r"lacks the tensor previous\.weight"):
        NumpyModel(model.config, arrays)


def test_decoding_does_not_import_torch() -> None:
    code = (
        "import sys\n"
        "from gpt.inference.sampling import sample\n"
        "from gpt.inference.numpy_model import NumpyModel\n"
        "from gpt.inference.numpy_session import NumpySession\n"
        f"model, tokenizer, _ = NumpyModel.load({str(RELEASED)!r})\n"
        "token, _ = sample(NumpySession(model).feed(tokenizer.encode_marked('[CLS] mug[SEP] get a mug[SEP]')), 0.0)\n"
        "assert 0 <= token < tokenizer.n_used\n"
        "assert 'torch' not in sys.modules\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "options",
    [{}, {"top_k": 3}, {"top_p": 0.6}, {"temperature": 0.5, "top_p": 0.9}, {"allowed": [4, 2, 9], "top_k": 2}],
)
def test_tokens_are_drawn_as_often_as_torch_draws_them(options: dict[str, object]) -> None:
    logits = np.random.default_rng(1).normal(0, 1.5, 12).astype(np.float32)
    rng, generator = np.random.default_rng(0), torch.Generator().manual_seed(0)
    ours = [sample(logits, rng=rng, **options)[0] for _ in range(3000)]  # type: ignore[arg-type]
    theirs = [sampling.sample(torch.from_numpy(logits), generator=generator, **options)[0] for _ in range(3000)]  # type: ignore[arg-type]
    assert set(ours) == set(theirs)
    assert np.abs(np.bincount(ours, minlength=12) - np.bincount(theirs, minlength=12)).max() < 0.05 * 3000


@pytest.mark.parametrize("allowed", [None, [3, 1, 7], [5]])
def test_the_most_likely_token_and_its_log_probability_equal_those_of_torch(allowed: list[int] | None) -> None:
    logits = np.random.default_rng(2).normal(0, 2, 12).astype(np.float32)
    ours, theirs = sample(logits, 0.0, allowed=allowed), sampling.sample(torch.from_numpy(logits), 0.0, allowed=allowed)
    assert ours[0] == theirs[0]
    assert ours[1] == pytest.approx(theirs[1], abs=1e-5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"temperature": -1.0}, "temperature is -1.0"),
        ({"temperature": float("nan")}, "temperature is nan"),
        ({"top_k": 0}, "top_k is 0"),
        ({"top_p": 0.0}, "top_p is 0.0"),
        ({"allowed": []}, "allowed is empty"),
        ({"temperature": 1.0}, "no rng"),
    ],
)
def test_wrong_sampling_settings_are_named(options: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        sample(np.zeros(4, np.float32), **options)  # type: ignore[arg-type]


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 999), inputs=st.integers(1, 150), scale=st.sampled_from([0.0, 1e-3, 1.0, 50.0]))
def test_rounded_weights_are_within_half_a_step(seed: int, inputs: int, scale: float) -> None:
    weight = np.random.default_rng(seed).normal(0, scale, (3, inputs)).astype(np.float32)
    _, scales = quantize_blocks(weight)
    step = np.repeat(scales, 64, axis=1)[:, :inputs]
    assert (np.abs(dequantized(weight) - weight) <= 0.5001 * step).all()


def test_the_threads_of_numpys_blas_can_be_limited() -> None:
    assert limit_blas_threads(1) == any((Path(np.__file__).parents[1] / "numpy.libs").glob("*openblas*"))


@pytest.mark.slow  # compiles
@pytest.mark.parametrize("variant", [{}, {"position": "learned", "norm": "layer", "bias": True, "n_kv_head": 2}])
def test_the_compiled_step_writes_what_the_eager_loop_writes(make_model: Make, variant: dict[str, object]) -> None:
    model = make_model(**variant)
    prompts = [random_ids(12, seed) for seed in range(3)]
    decoder = StaticDecoder(model, 3, 30)
    assert decoder.generate(prompts, 18) == generate_batch(model, prompts, 18)
    assert decoder.generate(prompts[::-1], 18) == generate_batch(model, prompts[::-1], 18)


@needs_onnx
@pytest.mark.parametrize("variant", VARIANTS)
def test_onnxruntime_computes_the_logits_that_numpy_computes(make_model: Make, variant: dict[str, object]) -> None:
    from gpt.inference.onnx_model import OnnxModel, OnnxSession

    model = NumpyModel.from_torch(make_model(n_embd=64, **variant))
    ours, theirs = OnnxSession(OnnxModel(model)), NumpySession(model)
    for size in (7, 1, 5, 1, 1):
        ids = random_ids(size, size)
        np.testing.assert_allclose(ours.feed(ids), theirs.feed(ids), rtol=0, atol=1e-4)
    fork = ours.fork()
    ours.rewind(9)
    theirs.rewind(9)
    np.testing.assert_allclose(ours.feed([3, 4]), theirs.feed([3, 4]), rtol=0, atol=1e-4)
    assert fork.length == 15


@needs_onnx
def test_int8_weights_differ_from_fp32_by_their_rounding_only(make_model: Make) -> None:
    from gpt.inference.onnx_model import OnnxModel, OnnxSession

    model = NumpyModel.from_torch(make_model(n_embd=64))
    exact = OnnxSession(OnnxModel(model)).feed([1, 2, 3])
    for weights in ("int8", "int8-columns"):
        rounded = OnnxSession(OnnxModel(model, weights)).feed([1, 2, 3])  # type: ignore[arg-type]
        assert 0 < np.abs(rounded - exact).max() < 0.2 * np.abs(exact).max()
