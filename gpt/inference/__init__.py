"""The trained GPT without PyTorch, for planning, where importing torch would take longer than the plan.

Nothing is imported here. `numpy_model` and `numpy_session` need only numpy and compute the same as
`gpt.model.transformer`; `onnx_model` is the same network for onnxruntime (the extra `fast`), in fp32 or with int8
weights.
"""
