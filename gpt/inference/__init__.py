"""The trained GPT without PyTorch: for planning, where importing torch would cost more than the plan.

Nothing is imported here. `numpy_model` and `numpy_session` need numpy alone and compute what `gpt.model.transformer` computes;
`onnx_model` is the same network for onnxruntime (the extra `fast`), in fp32 or with int8 weights. `static_torch` is the
odd one out: decoding with `torch.compile`, to compare with.
"""
