"""The network of a `NumpyModel` as an ONNX graph, in fp32 or with int8 weights.

Attention is onnxruntime's GroupQueryAttention, which appends to the cache in place. Building the graph needs the
package `onnx`, running it `onnxruntime` (the extra `fast`).

Shapes: B contexts, T new tokens of each, C = n_embd, H query heads, K key heads, D head size, k previous tokens, V
vocabulary size.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from gpt.inference.dense import Dense
from gpt.inference.numpy_model import NumpyModel
from gpt.inference.quantization import quantize_blocks, quantize_per_output
from gpt.weights.model_folder import Floats

Weights = Literal["fp32", "int8", "int8-columns"]
"""`int8`: one scale per 64 weights; MatMulNBits rounds its inputs the same way. `int8-columns`: one scale per output
and one per call for the inputs (DynamicQuantizeMatMul): faster and coarser."""

_MICROSOFT = "com.microsoft"
_ACCURACY_LEVEL = 4  # accuracy level of MatMulNBits: int8 products


def build_graph(model: NumpyModel, weights: Weights = "fp32") -> bytes:
    """Return the serialized graph.

    Inputs: `ids` (B, T); `before` (B, T, k), the previous ids, if k > 0; `places` (B, T), the positions, unless they
    are rotary; `last` (B,) int32, the index of each context's last token; `total` int32, the tokens so far;
    `past_key_0` … (B, K, capacity, D). Outputs: `logits` (B, V) and `present_key_0` …, to be bound to the same memory
    as the past.
    """
    graph = _Graph(weights)
    config = model.config
    H, K, D = config.n_head, config.kv_heads, config.head_size
    x = graph.add("Gather", [graph.keep("token_table", model.embedding), "ids"])
    if model.previous is not None:
        indices = graph.add("Add", ["before", graph.keep("offsets", model.offsets)])
        embeddings = graph.add("Gather", [graph.keep("previous_table", model.previous), indices])  # (B, T, k, C)
        x = graph.add("Add", [x, graph.add("ReduceSum", [embeddings, graph.ints([2])], keepdims=0)])
    if model.position_table is not None:
        x = graph.add("Add", [x, graph.add("Gather", [graph.keep("place_table", model.position_table), "places"])])
    if config.embedding_norm:
        x = graph.norm(x, config.norm, config.n_embd)
        if model.embedding_scale is not None:
            weight, bias = model.embedding_scale
            scaled = graph.add("Mul", [x, graph.keep("embedding_weight", weight)])
            x = graph.add("Add", [scaled, graph.keep("embedding_bias", bias)])
    tables = ["", ""]
    if model.rotation is not None:
        angles = model.rotation[:, 0]
        tables = [graph.keep("cos", angles.real), graph.keep("sin", angles.imag)]
    for number, layer in enumerate(model.layers):
        qkv = graph.dense(graph.norm(x, config.norm, config.n_embd), layer.qkv, f"qkv_{number}")
        q, k, v = graph.split(qkv, [H * D, K * D, K * D])
        if layer.gain is not None:
            gain = graph.keep(f"gain_{number}", layer.gain)
            q, k = (graph.normalize_heads(part, n, D, gain) for part, n in ((q, H), (k, K)))
        y = graph.attend(number, [q, k, v], tables, H, K, D**-0.5 if layer.gain is not None else 1.0)
        if number == config.n_layer - 1:  # only the last token is needed from here on
            x, y = graph.last_token(x), graph.last_token(y)
        x = graph.add("Add", [x, graph.dense(y, layer.proj, f"proj_{number}")])
        h = graph.dense(graph.norm(x, config.norm, config.n_embd), layer.fc, f"fc_{number}")
        x = graph.add("Add", [x, graph.dense(graph.activate(h, config.mlp), layer.out, f"out_{number}")])
    graph.dense(graph.norm(x, config.norm, config.n_embd), model.head, "head", output="logits")
    return graph.finish(model)


class _Graph:
    """Builder of nodes and constants, in order."""

    def __init__(self, weights: Weights) -> None:
        self.weights = weights
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def keep(self, name: str, values: npt.NDArray[np.generic]) -> str:
        """Add a constant."""
        self.constants.append(numpy_helper.from_array(np.array(values, order="C"), name))
        return name

    def ints(self, values: Sequence[int]) -> str:
        """Add an int64 constant."""
        return self.keep(f"constant_{len(self.constants)}", np.array(values, np.int64))

    def add(self, op: str, inputs: list[str], outputs: Sequence[str] = (), domain: str = "", **settings: Any) -> str:
        """Add a node; returns the name of its first output."""
        outputs = list(outputs) or [f"value_{len(self.nodes)}"]
        self.nodes.append(helper.make_node(op, inputs, outputs, domain=domain, **settings))
        return outputs[0]

    def norm(self, x: str, norm: str, width: int) -> str:
        """RMSNorm or LayerNorm without weights, which are folded into the following product."""
        ones = self.keep(f"ones_{len(self.constants)}", np.ones(width, np.float32))
        if norm == "rms":
            return self.add("SimplifiedLayerNormalization", [x, ones], epsilon=1e-6, axis=-1)
        return self.add("LayerNormalization", [x, ones], epsilon=1e-5, axis=-1)

    def normalize_heads(self, x: str, heads: int, size: int, gain: str) -> str:
        """Normalize (B, T, heads D) per head."""
        per_head = self.add("Reshape", [x, self.ints([0, 0, heads, size])])
        normed = self.add("SimplifiedLayerNormalization", [per_head, gain], epsilon=1e-12, axis=-1)
        return self.add("Reshape", [normed, self.ints([0, 0, heads * size])])

    def split(self, x: str, sizes: list[int]) -> list[str]:
        """Split the last dimension."""
        names = [f"value_{len(self.nodes)}_{part}" for part in range(len(sizes))]
        self.add("Split", [x, self.ints(sizes)], names, axis=-1)
        return names

    def attend(self, layer: int, qkv: list[str], tables: list[str], heads: int, kv_heads: int, scale: float) -> str:
        """Attention of new tokens to all tokens so far, which appends to the cache."""
        past, present = [f"past_key_{layer}", f"past_value_{layer}"], [f"present_key_{layer}", f"present_value_{layer}"]
        rotary = {"do_rotary": 1, "rotary_interleaved": 1} if tables[0] else {}
        return self.add(
            "GroupQueryAttention", [*qkv, *past, "last", "total", *(tables if rotary else [])],
            [f"attended_{layer}", *present], _MICROSOFT, num_heads=heads, kv_num_heads=kv_heads, scale=scale, **rotary,
        )  # fmt: skip

    def last_token(self, x: str) -> str:
        """Select the last token: (B, C) of (B, T, C)."""
        minus_one = self.keep(f"constant_{len(self.constants)}", np.array(-1, np.int64))
        return self.add("Gather", [x, minus_one], axis=1)

    def activate(self, h: str, activation: str) -> str:
        """Activation between the two products of an MLP."""
        if activation == "relu2":
            relu = self.add("Relu", [h])
            return self.add("Mul", [relu, relu])
        if activation == "gelu":
            return self.add("Gelu", [h], domain=_MICROSOFT)
        if activation == "gelu_tanh":
            return self.add("FastGelu", [h], domain=_MICROSOFT)
        gate, value = (f"value_{len(self.nodes)}_{part}" for part in range(2))
        self.add("Split", [h], [gate, value], axis=-1, num_outputs=2)
        return self.add("Mul", [self.add("Mul", [gate, self.add("Sigmoid", [gate])]), value])

    def dense(self, x: str, dense: Dense, name: str, output: str = "") -> str:
        """Product with weights (N, K), plus bias."""
        biased = dense.bias is not None
        outputs = [output] if output and not biased else []
        y = self._product(x, dense.weight, name, outputs)
        if dense.bias is None:
            return y
        return self.add("Add", [y, self.keep(f"{name}_bias", dense.bias)], [output] if output else [])

    def _product(self, x: str, weight: Floats, name: str, outputs: list[str]) -> str:
        if self.weights == "fp32":
            return self.add("MatMul", [x, self.keep(name, weight.T)], outputs)
        if self.weights == "int8-columns":
            integers, scales = quantize_per_output(weight)
            constants = [self.keep(name, integers.T), self.keep(f"{name}_scale", scales)]
            return self.add("DynamicQuantizeMatMul", [x, *constants], outputs, _MICROSOFT)
        integers, scales = quantize_blocks(weight)
        # The operator takes unsigned numbers with zero point 128.
        constants = [self.keep(name, (integers.astype(np.int16) + 128).astype(np.uint8)),
                     self.keep(f"{name}_scale", scales)]  # fmt: skip
        return self.add(
            "MatMulNBits", [x, *constants], outputs, _MICROSOFT, N=weight.shape[0], K=weight.shape[1], bits=8,
            block_size=integers.shape[2], accuracy_level=_ACCURACY_LEVEL,
        )  # fmt: skip

    def finish(self, model: NumpyModel) -> bytes:
        """Return the serialized model with its inputs and outputs."""
        config = model.config
        int64, int32 = TensorProto.INT64, TensorProto.INT32
        inputs = [helper.make_tensor_value_info("ids", int64, ["B", "T"])]
        if model.previous is not None:
            inputs.append(helper.make_tensor_value_info("before", int64, ["B", "T", config.previous_tokens]))
        if model.position_table is not None:
            inputs.append(helper.make_tensor_value_info("places", int64, ["B", "T"]))
        inputs.append(helper.make_tensor_value_info("last", int32, ["B"]))
        inputs.append(helper.make_tensor_value_info("total", int32, [1]))
        outputs = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["B", config.vocab_size])]
        shape: list[str | int | None] = ["B", config.kv_heads, "S", config.head_size]
        for layer in range(config.n_layer):
            for part in ("key", "value"):
                inputs.append(helper.make_tensor_value_info(f"past_{part}_{layer}", TensorProto.FLOAT, shape))
                outputs.append(helper.make_tensor_value_info(f"present_{part}_{layer}", TensorProto.FLOAT, shape))
        graph = helper.make_graph(self.nodes, "gpt", inputs, outputs, self.constants)
        opsets = [helper.make_opsetid("", 20), helper.make_opsetid(_MICROSOFT, 1)]
        data: bytes = helper.make_model(graph, opset_imports=opsets, ir_version=9).SerializeToString()
        return data
