"""The rungs of the training speed ladder: each adds an optimization to the training step of one model.

Every rung takes optimizer steps on the same documents from the same weights, so its losses must equal those of the
first rung up to rounding. Only the last rungs have other losses, because their vocabulary has the size of the
planner's; these are compared with the losses of the slowest method at that vocabulary.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from gpt.benchmarks.training_data import Group, draw_groups
from gpt.data.batches import Batch
from gpt.errors import ConfigError
from gpt.model.attention import choose_kernel
from gpt.model.config import AttentionKind
from gpt.model.transformer import GPT, GPTConfig
from gpt.training.allocator import ALLOCATOR
from gpt.training.config import TrainConfig
from gpt.training.objective import COMPILE_PAYS_FROM
from gpt.training.optimizer import parameter_groups

LR = 1e-3
GROUPS = 2  # groups of documents; steps alternate between them
GPT2_VOCABULARY, PADDED_VOCABULARY, DOMAIN_VOCABULARY = 50_257, 50_304, 2_048
N_IDS = 2_000  # ids that occur, for every vocabulary: GPT-2's BPE uses 283 of its ids on the planner's corpus

Rows = Literal["padded", "packed", "shared"]


@dataclass(frozen=True, kw_only=True)
class Preset:
    """A model and the size of a step.

    Attributes:
        n_layer: Blocks.
        n_head: Heads.
        n_embd: Width.
        block_size: Length of a packed row.
        rows: Packed rows per step.
        micro_rows: Packed rows per forward pass; gradients are accumulated over several passes.
        branched: Whether to use documents like the planner's; otherwise plain text with loss on all tokens.
    """

    n_layer: int
    n_head: int
    n_embd: int
    block_size: int
    rows: int
    micro_rows: int
    branched: bool


PRESETS = {
    "tiny": Preset(n_layer=2, n_head=2, n_embd=128, block_size=256, rows=8, micro_rows=8, branched=True),
    "home": Preset(n_layer=4, n_head=4, n_embd=256, block_size=512, rows=8, micro_rows=8, branched=True),
    "gpt2": Preset(n_layer=12, n_head=12, n_embd=768, block_size=1024, rows=4, micro_rows=2, branched=False),
}
ON_GPU = {
    "tiny": {"rows": 256, "micro_rows": 256},
    "home": {"rows": 256, "micro_rows": 128},
    "gpt2": {"rows": 64, "micro_rows": 16},
}


def preset_for(name: str, device: str) -> Preset:
    """Return a preset; on a GPU, with steps large enough for it.

    Raises:
        ConfigError: There is no preset of that name.
    """
    if name not in PRESETS:
        raise ConfigError(f"there is no preset {name!r}; there are: {', '.join(PRESETS)}")
    larger = ON_GPU[name]
    return replace(PRESETS[name], **larger) if device.startswith("cuda") else PRESETS[name]  # type: ignore[arg-type]


@dataclass(frozen=True, kw_only=True)
class Rung:
    """One training method.

    Attributes:
        name: What this rung adds to the previous one.
        devices: Devices to which it applies.
        vocabulary: The model's vocabulary size.
        attention: Attention kernel.
        rows: Layout of the rows: one document each, many, or many with shared prefixes.
        tf32: Whether fp32 products may round their factors to TF32.
        bf16: Whether it runs under bf16 autocast.
        compile: Whether the trunk is compiled.
        fused: Whether AdamW is one kernel.
        head_on_targets_only: Whether the head reads only positions with loss; otherwise every position.
        environment: Environment variables that must be set when the process starts.
    """

    name: str
    devices: tuple[str, ...] = ("cpu", "cuda")
    vocabulary: int = GPT2_VOCABULARY
    attention: AttentionKind = "handwritten"
    rows: Rows = "padded"
    tf32: bool = False
    bf16: bool = False
    compile: bool = False
    fused: bool = False
    head_on_targets_only: bool = False
    environment: dict[str, str] = field(default_factory=dict)


def rungs(device: str, branched: bool) -> list[Rung]:
    """Return the ladder of a device, slowest first; a rung keeps those earlier optimizations that help on it."""
    cpu = device == "cpu"
    ladder = [current := Rung(name="fp32, attention by hand, padded rows, vocabulary 50,257")]
    steps: list[tuple[str, dict[str, object]]] = [
        ("TF32", {"tf32": True, "devices": ("cuda",)}),
        ("bf16 autocast", {"bf16": True}),
        ("torch.compile", {"compile": True}),
        ("flash attention (SDPA)", {"attention": "sdpa"}),
        ("vocabulary 50,304", {"vocabulary": PADDED_VOCABULARY}),
        ("packed documents", {"rows": "packed"}),
        ("fused AdamW", {"fused": True}),
        (
            "attention as batched products, additive mask" if cpu else "FlexAttention, blocks of documents",
            {"attention": "matmul" if cpu else "flex"},
        ),
    ]
    if branched:
        steps += [
            ("head only where something is learned", {"head_on_targets_only": True}),
            ("a home read once for all its instructions", {"rows": "shared"}),
        ]
    steps += [("allocator keeps its memory", {"environment": ALLOCATOR, "devices": ("cpu",)})]
    if branched:
        steps += [("own vocabulary of 2,048", {"vocabulary": DOMAIN_VOCABULARY})]
    for name, change in steps:
        if device in change.get("devices", (device,)):  # type: ignore[operator]
            current = replace(current, name=name, **change)  # type: ignore[arg-type]
            ladder.append(current)
    return ladder


class Step:
    """Trains one rung; each call takes one optimizer step.

    Args:
        rung: The training method.
        preset: The model and step size.
        device: The device.
        seed: For weights and documents.
    """

    def __init__(self, rung: Rung, preset: Preset, device: torch.device, seed: int = 0) -> None:
        self.rung, self.device = rung, device
        self.groups = draw_groups(
            GROUPS, preset.rows * preset.block_size, preset.block_size, preset.branched, N_IDS, seed
        )
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = rung.tf32
        self.model = _model(rung, preset, seed).to(device)
        self.optimizer = torch.optim.AdamW(
            [{"params": group} for group in parameter_groups(self.model) if group],
            lr=LR, betas=(0.9, 0.95), weight_decay=0.01, fused=rung.fused,
        )  # fmt: skip
        self.trunk: Callable[..., Tensor] = torch.compile(self.model.trunk) if rung.compile else self.model.trunk
        self.batches = [
            [b.to(device) for b in _layout_batches(rung, preset, group, self.groups)] for group in self.groups
        ]
        self.next_group = 0

    @property
    def n_tokens(self) -> float:
        """Tokens per step without padding, shared prefixes counted for every document; the mean over the groups."""
        return sum(group.n_tokens for group in self.groups) / len(self.groups)

    @property
    def flops(self) -> float:
        """Floating-point operations required per step: forward and backward, without padding and recomputation.

        Six per weight of the blocks and token read, six per weight of the head and target with loss, and 12 C per layer
        and pair of tokens that attend, halved for causality (PaLM, arXiv:2204.02311, appendix B, counts the pairs in
        full).
        """
        config = self.model.config
        blocks = sum(p.numel() for block in self.model.blocks for p in block.parameters())
        total = 0.0
        for batch in (b for group in self.batches for b in group):
            document = batch.layout.document
            visible_pairs = int((batch.layout.positions[document >= 0] + 1).sum())
            total += 6.0 * blocks * batch.n_tokens + 6.0 * config.n_embd * config.vocab_size * batch.n_targets
            total += 12.0 * config.n_layer * config.n_embd * visible_pairs
        return total / len(self.batches)

    def __call__(self) -> tuple[float, float]:
        """Take a step; returns its duration [s] and its loss."""
        batches = self.batches[self.next_group % len(self.batches)]
        self.next_group += 1
        n_targets = sum(batch.n_targets for batch in batches)
        self._synchronize()
        started_at = time.perf_counter()
        total = torch.zeros((), device=self.device)
        for batch in batches:
            loss = self._loss(batch) / n_targets
            loss.backward()  # type: ignore[no-untyped-call]
            total += loss.detach()
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        value = total.item()  # reading a number waits for the GPU
        self._synchronize()
        return time.perf_counter() - started_at, value

    @torch.no_grad()
    def first_loss(self) -> float:
        """Mean loss of the first group's documents, before any step."""
        batches = self.batches[0]
        return sum(self._loss(b).item() for b in batches) / sum(b.n_targets for b in batches)

    def memory_mib(self) -> float:
        """Peak memory: of the tensors on a GPU, of the whole process on a CPU."""
        if self.device.type == "cuda":
            return torch.cuda.max_memory_allocated(self.device) / 2**20
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10

    def _loss(self, batch: Batch) -> Tensor:
        """Sum of the loss over the targets with loss."""
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.rung.bf16):
            x = self.trunk(batch.idx, batch.layout)
            if self.rung.head_on_targets_only:
                return self.model.logits_and_loss(x, batch.targets)[1] * batch.n_targets
            logits: Tensor = self.model.head(x)  # (B, T, V)
        return F.cross_entropy(logits.float().flatten(0, 1), batch.targets.flatten(), ignore_index=-1, reduction="sum")

    def _synchronize(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)


def reference_rung(rung: Rung) -> Rung:
    """Return the first rung's method with this rung's vocabulary, for checking this rung's loss."""
    return Rung(name="reference", vocabulary=rung.vocabulary)


def _layout_batches(rung: Rung, preset: Preset, group: Group, groups: list[Group]) -> list[Batch]:
    if rung.rows == "padded":
        width = max(len(d) - 1 for g in groups for tree in g.trees for d in tree.documents)
        rows = max(1, preset.micro_rows * preset.block_size // width // (2 if preset.branched else 1))
        return group.padded(rows, width)
    return group.packed(preset.micro_rows, shared=rung.rows == "shared")


def _model(rung: Rung, preset: Preset, seed: int) -> GPT:
    """Build the model with the rung's vocabulary; a smaller one drops rows of the larger model's weights."""

    def build(vocabulary: int) -> GPT:
        return GPT(
            GPTConfig(
                vocab_size=vocabulary, n_layer=preset.n_layer, n_head=preset.n_head, n_embd=preset.n_embd,
                block_size=preset.block_size, attention=rung.attention, previous_tokens=0,
            )
        )  # fmt: skip

    torch.manual_seed(seed)
    full = build(PADDED_VOCABULARY)
    if rung.vocabulary == PADDED_VOCABULARY:
        return full
    model, V = build(rung.vocabulary), rung.vocabulary
    state = full.state_dict()
    for name in ("wte.weight", "head.weight"):
        state[name] = state[name][:V]
    model.load_state_dict(state)
    return model


def matmul_peak(device: torch.device, dtype: torch.dtype, repeats: int = 7) -> float:
    """Return the speed of the fastest of several square matrix products [FLOP/s]: the machine's peak."""
    n = 8192 if device.type == "cuda" else 2048
    a, b = (torch.randn(n, n, device=device).to(dtype) for _ in range(2))
    return max(2.0 * n**3 / seconds for seconds in _timed(lambda: a @ b, device, repeats))


def _timed(work: Callable[[], object], device: torch.device, repeats: int) -> Iterator[float]:
    for repeat in range(repeats + 1):  # one to warm up
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        started_at = time.perf_counter()
        work()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        if repeat:
            yield time.perf_counter() - started_at


def default_settings(device: torch.device) -> dict[str, str]:
    """Return the default settings of `gpt` on a device."""
    cpu = device.type == "cpu"
    return {
        "attention": choose_kernel("auto", device),
        "precision": TrainConfig(steps=1).precision,
        "optimizer": TrainConfig(steps=1).optimizer,
        "rows": "packed, beginnings shared",
        "allocator": "keeps its memory" if cpu else "PyTorch's",
        "compile": f"from {COMPILE_PAYS_FROM} steps on" if cpu else "always",
    }
