"""A plain GPT's training step, as nanoGPT's README recommends it: the baseline of the training ladder.

GPT-2's architecture with nanoGPT's defaults (no biases, GELU, LayerNorm, learned positions, tied weights, vocabulary
50,304, fused AdamW, bf16 autocast, flash attention, torch.compile). Documents are concatenated into one stream that is
cut into rows, attention crosses document boundaries, and every token carries loss. The documents are the ladder's.
"""

from __future__ import annotations

import resource
import time

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gpt.benchmarks.training_data import draw_groups
from gpt.benchmarks.training_ladder import GROUPS, N_IDS, PADDED_VOCABULARY, Preset


class _Block(nn.Module):
    def __init__(self, n_embd: int, n_head: int) -> None:
        super().__init__()
        self.n_head = n_head
        self.ln_1, self.ln_2 = nn.LayerNorm(n_embd, bias=False), nn.LayerNorm(n_embd, bias=False)
        self.c_attn = nn.Linear(n_embd, 3 * n_embd, bias=False)
        self.c_proj = nn.Linear(n_embd, n_embd, bias=False)
        self.c_fc = nn.Linear(n_embd, 4 * n_embd, bias=False)
        self.c_out = nn.Linear(4 * n_embd, n_embd, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        B, T, C = x.shape
        q, k, v = (
            part.view(B, T, self.n_head, C // self.n_head).transpose(1, 2)
            for part in self.c_attn(self.ln_1(x)).split(C, 2)
        )
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(B, T, C)
        x = x + self.c_proj(y)
        out: Tensor = x + self.c_out(F.gelu(self.c_fc(self.ln_2(x))))
        return out


class _PlainGPT(nn.Module):
    def __init__(self, preset: Preset, vocabulary: int) -> None:
        super().__init__()
        self.wte = nn.Embedding(vocabulary, preset.n_embd)
        self.wpe = nn.Embedding(preset.block_size, preset.n_embd)
        self.blocks = nn.ModuleList(_Block(preset.n_embd, preset.n_head) for _ in range(preset.n_layer))
        self.ln_f = nn.LayerNorm(preset.n_embd, bias=False)
        for parameter in self.parameters():
            if parameter.ndim == 2:
                nn.init.normal_(parameter, std=0.02)

    def forward(self, idx: Tensor, targets: Tensor) -> Tensor:
        x = self.wte(idx) + self.wpe.weight[: idx.shape[1]]
        for block in self.blocks:
            x = block(x)
        logits = F.linear(self.ln_f(x), self.wte.weight)
        return F.cross_entropy(logits.flatten(0, 1), targets.flatten())


class PlainStep:
    """Trains the plain GPT on the ladder's documents; each call takes one optimizer step."""

    def __init__(
        self,
        preset: Preset,
        device: torch.device,
        seed: int = 0,
        *,
        vocabulary: int = PADDED_VOCABULARY,
        compiled: bool = True,
    ) -> None:
        self.device, self.preset = device, preset
        torch.manual_seed(seed)
        self.model = _PlainGPT(preset, vocabulary).to(device)
        self.run = torch.compile(self.model) if compiled else self.model
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(), lr=6e-4, betas=(0.9, 0.95), weight_decay=0.1, fused=True
        )
        groups = draw_groups(GROUPS, preset.rows * preset.block_size, preset.block_size, preset.branched, N_IDS, seed)
        stream = [i for g in groups for tree in g.trees for document in tree.documents for i in document]
        T = preset.block_size
        n_rows = (len(stream) - 1) // T
        ids = torch.tensor(stream[: n_rows * T + 1], device=device)
        self.idx, self.targets = ids[:-1].view(n_rows, T), ids[1:].view(n_rows, T)
        self.next_row = 0

    @property
    def n_tokens(self) -> float:
        """Tokens per step."""
        return float(self.preset.rows * self.preset.block_size)

    @property
    def flops(self) -> float:
        """As in `gpt.benchmarks.training_ladder.Step.flops`, with loss on every token."""
        weights = sum(p.numel() for p in self.model.blocks.parameters()) + self.model.wte.weight.numel()
        T, C = self.preset.block_size, self.preset.n_embd
        return self.n_tokens * (6.0 * weights + 12.0 * self.preset.n_layer * C * (T + 1) / 2)

    def __call__(self) -> tuple[float, float]:
        """Take a step; returns its duration [s] and its loss."""
        self._synchronize()
        started_at = time.perf_counter()
        micro, total = self.preset.micro_rows, 0.0
        n_passes = self.preset.rows // micro
        for _ in range(n_passes):
            loss = self._loss(micro) / n_passes
            loss.backward()  # type: ignore[no-untyped-call]
            total += loss.item()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self._synchronize()
        return time.perf_counter() - started_at, total

    @torch.no_grad()
    def first_loss(self) -> float:
        """Mean loss of the first rows."""
        next_row, loss = self.next_row, self._loss(self.preset.micro_rows).item()
        self.next_row = next_row
        return loss

    def memory_mib(self) -> float:
        """As in `gpt.benchmarks.training_ladder.Step.memory_mib`."""
        if self.device.type == "cuda":
            return torch.cuda.max_memory_allocated(self.device) / 2**20
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10

    def _loss(self, rows: int) -> Tensor:
        if self.next_row + rows > len(self.idx):
            self.next_row = 0
        selected = slice(self.next_row, self.next_row + rows)
        self.next_row += rows
        with torch.autocast(self.device.type, torch.bfloat16):
            out: Tensor = self.run(self.idx[selected], self.targets[selected])
        return out

    def _synchronize(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
