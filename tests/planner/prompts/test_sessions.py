"""Common prefixes of prompts are read once, without any other effect on results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from envs.symbolic.actions import State
from gpt.inference.numpy_session import NumpySession
from gpt.weights.model_folder import Floats
from planner.api import Planner
from planner.plans.options import Options
from planner.prompts.sessions import Prompts
from planner.verification.plan_verification import verify


@pytest.fixture
def fed(monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """The token ids that sessions read, one list per call."""
    read_ids: list[list[int]] = []
    original = NumpySession.feed

    def spy(self: NumpySession, ids: list[int], candidate_ids: Sequence[int] | None = None) -> Floats:
        read_ids.append(list(ids))
        return original(self, ids, candidate_ids)

    monkeypatch.setattr(NumpySession, "feed", spy)
    return read_ids


@pytest.fixture
def prompts(memorized: Planner) -> Prompts:
    return memorized.prompts


def test_the_common_prefix_of_two_prompts_is_read_once(prompts: Prompts) -> None:
    first, second = prompts.heading("put the mug on the table"), prompts.heading("put the mug on the counter")
    session, rest = prompts.read("", first)
    session.feed([*rest, 9, 9])
    session, rest = prompts.read("", second)
    assert 0 < len(rest) < len(second) - 4
    fresh = prompts.model.begin()
    fresh.feed([prompts.tokenizer.special("[CLS]")])
    np.testing.assert_allclose(session.feed(rest), fresh.feed(second), rtol=0, atol=1e-4)


def test_rereading_a_prompt_reads_only_its_last_token(prompts: Prompts) -> None:
    prompt = prompts.heading("tell me a joke")
    session, rest = prompts.read("", prompt)
    session.feed(rest)
    assert prompts.read("", prompt)[1] == prompt[-1:]


def test_after_a_restart_everything_behind_the_home_is_read_again(prompts: Prompts) -> None:
    prompt = prompts.heading("tell me a joke")
    session, rest = prompts.read("mug", prompt)
    session.feed(rest)
    prompts.begin()
    assert prompts.read("mug", prompt)[1] == prompt


def test_a_session_handed_out_is_not_rewound(prompts: Prompts) -> None:
    own = prompts.home("mug plate")
    length = own.length
    own.feed([5, 6])
    session, rest = prompts.read("mug plate", prompts.heading("sing"))
    session.feed(rest)
    assert own.length == length + 2 and prompts.home("mug plate").length == length


def test_samples_of_a_plan_share_their_common_prefix(
    memorized: Planner, flat: State, fed: list[list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("planner.decoding.draft_choice.verify", _never)
    goal = memorized.understand("put the mug on the table", flat, Options(samples=0)).goal
    assert goal is not None
    fed.clear()
    plan = memorized.plan_for_goal(goal, flat, Options(samples=3))
    assert plan.tried == 4
    begins = memorized.prompts.heading("")
    assert sum(ids[: len(begins)] == begins for ids in fed) == 1


def _never(now: State, goal: object, actions: object, *, initial_state: State | None = None) -> object:
    return replace(verify(now, goal, actions, initial_state=initial_state), step=1, reason="not this one")  # type: ignore[arg-type]
