from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpt.model.transformer import GPT
from gpt.training.optimizer import build_optimizers, parameter_groups
from gpt.training.schedule import ScheduleKind, schedule_factor

Make = Callable[..., GPT]


@pytest.mark.parametrize("settings", [{}, {"tie_weights": False, "norm": "layer", "bias": True}])
def test_every_parameter_is_in_one_group(make_model: Make, settings: dict[str, object]) -> None:
    model = make_model(**settings)
    matrices, rest = parameter_groups(model)
    assert sorted(map(id, matrices + rest)) == sorted(map(id, model.parameters()))


def test_muon_gets_hidden_matrices_and_adamw_the_tables_gains_and_head(make_model: Make) -> None:
    model = make_model(tie_weights=False, position="learned")
    muon, adamw = build_optimizers(model, "muon", 1e-3, 0.1)
    names = {id(p): name for name, p in model.named_parameters()}
    of_muon = {names[id(p)] for group in muon.param_groups for p in group["params"]}
    of_adamw = {names[id(p)] for group in adamw.param_groups for p in group["params"]}
    layers = ("attention.qkv", "attention.proj", "mlp.fc", "mlp.proj")
    assert of_muon == {f"blocks.{i}.{layer}.weight" for i in range(2) for layer in layers}
    assert {"wte.weight", "wpe.weight", "previous.weight", "head.weight"} <= of_adamw


def test_weight_decay_is_on_hidden_matrices_only(make_model: Make) -> None:
    model = make_model()
    (adamw,) = build_optimizers(model, "adamw", 1e-3, 0.1)
    decayed = [p for group in adamw.param_groups if group["weight_decay"] for p in group["params"]]
    assert {id(p) for p in decayed} == {id(p) for p in parameter_groups(model)[0]}


KINDS: list[ScheduleKind] = ["cosine", "trapezoid", "constant"]


@given(st.sampled_from(KINDS), st.integers(1, 300), st.data())
def test_the_learning_rate_warms_up_then_never_rises_and_stays_within_bounds(
    kind: ScheduleKind, steps: int, data: st.DataObject
) -> None:
    warmup = data.draw(st.integers(0, steps - 1))
    factors = [schedule_factor(kind, step, steps, warmup) for step in range(steps)]
    assert all(0 < factor <= 1 for factor in factors)
    assert all(a < b for a, b in itertools.pairwise(factors[:warmup]))
    assert all(a >= b for a, b in itertools.pairwise(factors[warmup:]))


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("cosine", [0.25, 0.5, 0.75, 1.0, 0.5, 0.0]),
        ("trapezoid", [0.25, 0.5, 0.75, 1.0, 1.0, 0.0]),
        ("constant", [0.25, 0.5, 0.75, 1.0, 1.0, 1.0]),
    ],
)
def test_schedules_have_their_shapes(kind: ScheduleKind, expected: list[float]) -> None:
    seen = [schedule_factor(kind, step, 103, 3) for step in (0, 1, 2, 3, 53, 102)]
    assert seen == pytest.approx(expected, abs=0.03)
