"""Shared code that trains and exports the draft models of this repository.

Needs the optional extra ``[train]`` (PyTorch, ONNX, ONNX Runtime, pyvips). The daemon
never imports this package: it only reads the exported ``weights.onnx`` files.
"""
