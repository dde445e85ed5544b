"""Makes small clips with every property that matters, and reads clips back."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from retouchd.inspect import Limits
from retouchd.jobs.budget import MemoryBudget
from retouchd.jobs.order import Order
from retouchd.jobs.runner import Runner
from retouchd.models.runtime import Runtime
from retouchd.models.shelf import Shelf
from retouchd.rules.schema import Output, Rule
from retouchd.values import Drop, Outcome

MakeClip = Callable[..., Path]
Finish = Callable[..., Outcome]


@dataclass(frozen=True)
class Facts:
    """What a player sees of a clip.

    Attributes:
        planes: digest of the visible samples of each frame.
        times: presentation time of each frame, seconds.
        sound: time and digest of each audio packet.
    """

    planes: tuple[str, ...]
    times: tuple[Fraction, ...]
    sound: tuple[tuple[Fraction, str], ...]
    size: tuple[int, int]
    pixel_format: str
    rotation: int
    tags: tuple[int, int, int, int]
    seconds: float


@pytest.fixture
def finish_drop(tmp_path: Path) -> Callable[..., Outcome]:
    """Run the job of one drop; results are staged in a folder for each destination."""
    for folder in ("out", "review"):
        (tmp_path / folder).mkdir(exist_ok=True)

    def run(drop: Drop, *outputs: dict[str, Any], **rule: Any) -> Outcome:
        runner = Runner(
            Shelf((), Runtime(device="cpu")), Limits(), MemoryBudget(1 << 30)
        )
        wanted = tuple(Output(**output) for output in outputs)
        order = Order(
            "job",
            drop,
            (Rule(rule="r", outputs=wanted, **rule),),
            {"out": tmp_path / "out" / "job", "review": tmp_path / "review" / "job"},
        )
        return runner.run(order)

    return run


def _planes(frame: av.VideoFrame) -> str:
    digest = hashlib.sha256()
    for plane in frame.planes:
        rows = np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)
        wide = max(part.bits for part in frame.format.components) > 8
        digest.update(rows[:, : plane.width * (2 if wide else 1)].tobytes())
    return digest.hexdigest()


@pytest.fixture
def read_back() -> Callable[[Path], Facts]:
    """Decode a whole clip with FFmpeg's own defaults."""

    def read(path: Path) -> Facts:
        with av.open(path) as clip:
            frames = list(clip.decode(clip.streams.video[0]))
            first = frames[0]
            seconds = (clip.duration or 0) / 1e6
        with av.open(path) as clip:
            sound = [
                (packet.pts * packet.time_base, hashlib.sha256(packet).hexdigest())
                for stream in clip.streams.audio[:1]
                for packet in clip.demux(stream)
                if packet.dts is not None
            ]
        return Facts(
            planes=tuple(_planes(frame) for frame in frames),
            times=tuple(frame.pts * frame.time_base for frame in frames),
            sound=tuple(sound),
            size=(first.width, first.height),
            pixel_format=first.format.name,
            rotation=first.rotation,
            tags=(
                int(first.colorspace),
                int(first.color_primaries),
                int(first.color_trc),
                int(first.color_range),
            ),
            seconds=seconds,
        )

    return read


@pytest.fixture
def make_clip(tmp_path: Path) -> MakeClip:
    """Write a clip of moving noise on a ramp; see the arguments for what can vary."""

    def make(
        name: str = "clip.mp4",
        *,
        codec: str = "libx264",
        pixel_format: str = "yuv420p",
        size: tuple[int, int] = (64, 48),
        times: Sequence[int] = tuple(range(0, 12 * 512, 512)),
        time_base: Fraction = Fraction(1, 12_800),
        sound: bool = True,
        rotation: int = 0,
        tags: tuple[int, int, int, int] = (1, 1, 1, 1),
        options: dict[str, str] | None = None,
    ) -> Path:
        path = tmp_path / name
        with av.open(path, "w") as clip:
            pictures = clip.add_stream(codec, rate=25, options=options or {})
            context = pictures.codec_context
            context.width, context.height = size
            context.pix_fmt, context.time_base = pixel_format, time_base
            context.colorspace, context.color_primaries = tags[0], tags[1]
            context.color_trc, context.color_range = tags[2], tags[3]
            if rotation:
                pictures.set_display_rotation(rotation)
            if sound:
                _hum(clip)
            for frame in _frames(size, times, time_base, pixel_format, tags):
                clip.mux(pictures.encode(frame))
            clip.mux(pictures.encode(None))
        return path

    return make


@pytest.fixture
def finish(tmp_path: Path) -> Finish:
    """Run the job of one clip; results are staged in a folder for each destination."""
    for folder in ("out", "review"):
        (tmp_path / folder).mkdir()

    def run(source: Path, *outputs: dict[str, Any], **rule: Any) -> Outcome:
        runner = Runner(
            Shelf((), Runtime(device="cpu")),
            Limits(),
            MemoryBudget(1 << 30),
            threads=3,
            least_frames=5,
        )
        wanted = tuple(Output(**output) for output in outputs)
        order = Order(
            "job",
            Drop("hot", source.name, source),
            (Rule(rule="r", outputs=wanted, **rule),),
            {"out": tmp_path / "out" / "job", "review": tmp_path / "review" / "job"},
        )
        return runner.run(order)

    return run


def _frames(
    size: tuple[int, int],
    times: Sequence[int],
    time_base: Fraction,
    pixel_format: str,
    tags: tuple[int, int, int, int],
) -> list[av.VideoFrame]:
    rng = np.random.default_rng(6)
    width, height = size
    ramp = np.linspace(30, 220, width)[None, :, None].repeat(height, 0)
    alpha = "a" in pixel_format.removeprefix("y")[:4] and "yuva" in pixel_format
    frames = []
    for number, time in enumerate(times):
        noise = rng.integers(-8, 9, (height, width, 3))
        pixels = np.clip(np.roll(ramp, number, 1) + noise, 0, 255).astype(np.uint8)
        if alpha:
            opacity = np.linspace(0, 255, height).astype(np.uint8)
            opaque = np.broadcast_to(opacity[:, None, None], (height, width, 1))
            pixels = np.concatenate([pixels, opaque], axis=2)
        made = av.VideoFrame.from_ndarray(pixels, "rgba" if alpha else "rgb24")
        made = made.reformat(format=pixel_format, dst_colorspace=1, dst_color_range=1)
        made.pts, made.time_base = time, time_base
        made.colorspace, made.color_primaries = tags[0], tags[1]
        made.color_trc, made.color_range = tags[2], tags[3]
        frames.append(made)
    return frames


def _hum(clip: av.container.OutputContainer) -> None:
    """Add half a second of sound."""
    name = "libopus" if clip.format.name in {"webm", "matroska"} else "aac"
    stream = clip.add_stream(name, rate=48_000, layout="mono")
    wave = np.sin(np.arange(24_000) / 20).astype(np.float32)
    for begin in range(0, len(wave) - 960, 960):
        block = av.AudioFrame.from_ndarray(
            wave[None, begin : begin + 960], "fltp", "mono"
        )
        block.sample_rate, block.pts = 48_000, begin
        clip.mux(stream.encode(block))
    clip.mux(stream.encode(None))
