"""The trained GPT without torch: for planning, where importing torch would take longer than the plan.

Nothing is imported here. numpy is enough; onnxruntime (the extra `fast`) is faster.

| file | what |
|---|---|
| `session.py` | the protocol that every runtime offers: models and contexts |
| `numpy_model.py` | the GPT in numpy, the same numbers as `gpt.model.transformer` |
| `numpy_session.py` | contexts that a `NumpyModel` reads, one or many at once |
| `onnx_graph.py` | the network as an ONNX graph |
| `onnx_model.py` | the GPT on onnxruntime, in fp32 or with int8 weights |
| `dense.py` | matrix products and other layers in numpy |
| `quantization.py` | weights rounded to int8 |
| `sampling.py` | draws the next token from logits |
| `threads.py` | how many threads numpy's products use |
| `encoders/` | the image and audio encoders in numpy |
"""
