"""Running a trained GPT without torch, whose import alone would take longer than planning.

numpy is enough; onnxruntime (the extra `fast`) is faster. A runtime is an implementation of the GPT; a context is a
sequence of tokens that it has read. This package itself imports nothing.

| file | what |
|---|---|
| `session.py` | the protocols of a runtime and its contexts |
| `numpy_model.py` | the GPT in numpy, with the same results as `gpt.model.transformer` |
| `numpy_session.py` | contexts of a `NumpyModel`: a single one, or a batch |
| `onnx_graph.py` | the network as an ONNX graph |
| `onnx_model.py` | the GPT on onnxruntime, in fp32 or with int8 weights |
| `dense.py` | matrix products and other layers in numpy |
| `quantization.py` | rounds weights to int8 |
| `sampling.py` | draws the next token from logits |
| `threads.py` | sets the number of threads of numpy's matrix products |
| `encoders/` | the image and audio encoders in numpy |
"""
