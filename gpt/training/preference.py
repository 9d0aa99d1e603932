"""Objectives for learning from scored attempts, regularized toward a reference model.

A document has a prompt as its prefix and attempts as its branches. There are two objectives:

    advantage    likelihood weighted by the attempt's advantage over its group (the group-relative advantages of GRPO,
                 arXiv:2402.03300), with a penalty on the KL divergence to the initial model
    preference   direct preference optimization (DPO, arXiv:2305.18290) of pairs, plus the likelihood of the preferred
                 attempt, without which the likelihood of both may fall (as in arXiv:2404.19733)

Shapes: B rows, T positions, N targets with loss, V ids.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from gpt.data.batches import Batch
from gpt.errors import ConfigError
from gpt.model.transformer import GPT, IGNORE_INDEX
from gpt.training.config import Precision
from gpt.training.objective import MakeObjective, Objective

LearningRule = Literal["advantage", "preference"]

STRENGTH: dict[LearningRule, float] = {"advantage": 0.1, "preference": 0.1}
"""Weight of the KL divergence, or DPO's beta."""


def preference_objective(rule: LearningRule, reference: GPT, strength: float | None = None) -> MakeObjective:
    """Return a factory for a rule's objective, to be passed to `gpt.training.trainer.train`; batches need `values`.

    Args:
        rule: `advantage`: a target's value is the weight of its log-likelihood (1: as in ordinary training); a negative
            value makes the target less likely. `preference`: 1 marks the preferred branch of a prefix, -1 the other; 0
            is ordinary training.
        reference: The model to stay close to; its current weights are copied.
        strength: `advantage`: weight of the penalty. `preference`: DPO's β. By default `STRENGTH`.
    """
    frozen = copy.deepcopy(reference).eval().requires_grad_(False)
    weight = STRENGTH[rule] if strength is None else strength
    objective_class = {"advantage": _Advantage, "preference": _Preference}[rule]

    def make(model: GPT, precision: Precision, trunk: Callable[..., Tensor] | None, head_penalty: float) -> Objective:
        return objective_class(model, precision, trunk, head_penalty, frozen.to(model.device), weight)

    return make


class _ReferenceObjective(Objective):
    """An objective that compares the model with a frozen reference, which is not part of this module's state."""

    def __init__(
        self,
        model: GPT,
        precision: Precision,
        trunk: Callable[..., Tensor] | None,
        head_penalty: float,
        reference: GPT,
        strength: float,
    ) -> None:
        super().__init__(model, precision, trunk, head_penalty)
        self._reference, self.strength = [reference], strength  # in a list, so that it is not registered as a submodule

    def _mean_loss(self, batch: Batch) -> Tensor:
        if batch.values is None:
            raise ConfigError("the batch has no values; PackedBatches(..., values=...) gives them")
        has_loss = batch.targets != IGNORE_INDEX
        logits = self.model.head(self._trunk(batch.idx, batch.layout)[has_loss])
        with torch.no_grad():
            reference_logits = self._reference[0].head(self._reference[0].trunk(batch.idx, batch.layout)[has_loss])
        logprobs, references = (F.log_softmax(x.float(), dim=-1) for x in (logits, reference_logits))  # (N, V)
        return self._loss(logprobs, references, batch, has_loss)

    def _loss(self, logprobs: Tensor, references: Tensor, batch: Batch, has_loss: Tensor) -> Tensor:
        raise NotImplementedError


class _Advantage(_ReferenceObjective):
    def _loss(self, logprobs: Tensor, references: Tensor, batch: Batch, has_loss: Tensor) -> Tensor:
        assert batch.values is not None
        chosen = logprobs.gather(1, batch.targets[has_loss][:, None])[:, 0]  # (N,)
        likelihood = (batch.values[has_loss] * chosen).sum()
        divergence = (logprobs.exp() * (logprobs - references)).sum()
        return (self.strength * divergence - likelihood) / max(1, chosen.shape[0])


class _Preference(_ReferenceObjective):
    def _loss(self, logprobs: Tensor, references: Tensor, batch: Batch, has_loss: Tensor) -> Tensor:
        assert batch.values is not None
        targets, values = batch.targets[has_loss][:, None], batch.values[has_loss]
        chosen = logprobs.gather(1, targets)[:, 0]  # (N,)
        log_ratios = values * (chosen - references.gather(1, targets)[:, 0])
        loss = -chosen[values >= 0].sum() / max(1, chosen.shape[0])
        prefixes = batch.layout.prefix + torch.arange(len(batch.idx), device=chosen.device)[:, None] * _ROW_STRIDE
        _, pair = torch.unique(prefixes[has_loss][values != 0], return_inverse=True)
        if len(pair):
            margins = torch.zeros(int(pair.max()) + 1, device=chosen.device).index_add(0, pair, log_ratios[values != 0])
            loss = loss - F.logsigmoid(self.strength * margins).mean()
        return loss


_ROW_STRIDE = 1 << 40  # larger than any document number in a row
