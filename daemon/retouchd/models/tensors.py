"""Crosses between pixels and tensors; the only place that knows NCHW."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from retouchd.media.pixels import Pixels
from retouchd.models.manifest import InputSpec, MaskSpec, OutputSpec

Floats = NDArray[np.float32]


def to_tensor(
    pixels: Pixels, spec: InputSpec, dtype: type[np.generic] = np.float32
) -> NDArray[Any]:
    """Make the input tensor of one picture.

    Args:
        pixels: (H, W, 3) RGB.
        spec: range, mean, std and layout of the network.
        dtype: what the graph takes.

    Returns:
        (1, 3, H, W), or (1, H, W, 3) where the manifest says NHWC.
    """
    low, high = spec.range
    peak = float(np.iinfo(pixels.dtype).max)
    if spec.divide_by_max:
        peak = float(max(pixels.max(), 1))
    tensor = np.empty((3, *pixels.shape[:2]), np.float32)
    ordered = _reordered(pixels, spec.channels)
    for channel in range(3):
        factor = (high - low) / (peak * spec.std[channel])
        offset = (low - spec.mean[channel]) / spec.std[channel]
        plane = tensor[channel]
        np.multiply(ordered[:, :, channel], np.float32(factor), out=plane)
        if offset:
            plane += np.float32(offset)
    return _as_input(tensor[None], spec, dtype)


def to_mask_tensor(
    hole: NDArray[np.bool_], spec: MaskSpec, layout: InputSpec, dtype: type[np.generic]
) -> NDArray[Any]:
    """Make the mask tensor (1, 1, H, W) of *hole* (H, W), in the network's polarity."""
    low, high = spec.range
    keep = high if spec.hole == low else low
    mask = np.where(hole, spec.hole, keep).astype(np.float32)
    return _as_input(mask[None, None], layout, dtype)


def to_floats(tensor: NDArray[Any], spec: OutputSpec, layout: str) -> Floats:
    """Bring an output tensor back: (H, W, C), 0..1, activation applied.

    ``minmax`` stretches the result so that it spans 0..1, as U2-Net's authors do.
    """
    planes = tensor[0].astype(np.float32, copy=False)
    floats = planes if layout == "NHWC" else planes.transpose(1, 2, 0)
    low, high = spec.range
    if spec.activation == "sigmoid":
        floats = 1 / (1 + np.exp(-floats))
    elif spec.activation == "minmax":
        low, high = float(floats.min()), float(floats.max())
    floats = (floats - np.float32(low)) * np.float32(1 / max(high - low, 1e-6))
    floats = _reordered(floats, spec.channels)
    return np.ascontiguousarray(floats.clip(0, 1), np.float32)


def write_pixels(tensor: NDArray[Any], spec: OutputSpec, into: Pixels) -> None:
    """Round the first picture of *tensor* (N, 3, H, W) into *into* (H, W, 3), in place.

    Values beyond the range are cut off. This is the fast way for large pictures;
    it takes no activation.
    """
    low, high = spec.range
    factor = float(np.iinfo(into.dtype).max) / (high - low)
    depth = cv2.CV_16U if into.dtype == np.uint16 else cv2.CV_8U
    planes = [
        cv2.addWeighted(plane, factor, plane, 0.0, -low * factor, dtype=depth)
        for plane in tensor[0].astype(np.float32, copy=False)
    ]
    into[...] = _reordered(cv2.merge(planes), spec.channels)


def _reordered(pixels: Any, channels: str) -> Any:
    """Turn RGB (H, W, 3) into the order of the network, or its answer into RGB."""
    return pixels[:, :, ::-1] if channels == "BGR" else pixels


def _as_input(
    tensor: NDArray[np.float32], spec: InputSpec, dtype: type[np.generic]
) -> NDArray[Any]:
    if spec.layout == "NHWC":
        tensor = np.ascontiguousarray(tensor.transpose(0, 2, 3, 1))
    if np.issubdtype(dtype, np.integer):
        tensor = np.rint(tensor)
    return tensor.astype(dtype, copy=False)
