"""Frozen values that travel between the rooms."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    import pyvips

Tier = Literal["draft", "standard", "hero"]
TIERS: tuple[Tier, ...] = ("draft", "standard", "hero")

KindName = Literal["still", "clip", "sequence"]

Task = Literal["upscale", "matte", "inpaint"]

Destination = Literal["out", "review"]
DESTINATIONS: tuple[Destination, ...] = ("out", "review")


Role = Literal["result", "preview", "reason"]


@dataclass(frozen=True)
class Region:
    """A tagged area of the picture.

    Attributes:
        label: what the tag says, such as ``erase:dust``.
        outline: polygon as fractions (x, y) of the upright picture, 0..1,
            origin at the top left; rectangles and ellipses arrive as polygons.
        mask: PNG bytes of a one-band 8-bit mask (255: inside) that is stretched
            over the bounding box of *outline*; ``None``: the polygon is the area.
        source: where the tag was read, such as ``xmp:mwg-rs`` or ``dust.json``.
    """

    label: str
    outline: tuple[tuple[float, float], ...]
    mask: bytes | None = None
    source: str = ""

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom of the outline, as fractions."""
        xs = [x for x, _ in self.outline]
        ys = [y for _, y in self.outline]
        return min(xs), min(ys), max(xs), max(ys)


@dataclass(frozen=True)
class Signal:
    """One mark that hints at an origin: where it stood and what it said."""

    place: str
    text: str
    origin: str
    confidence: float


@dataclass(frozen=True)
class Origin:
    """What made a file.

    Attributes:
        family: ``camera``, ``generator``, ``editor`` or ``unknown``.
        name: such as ``midjourney``; equal to *family* where no name is known.
        confidence: 0..1, of the winning signal.
        signals: every mark that was found, the winner first.
    """

    family: str = "unknown"
    name: str = "unknown"
    confidence: float = 0.0
    signals: tuple[Signal, ...] = ()


@dataclass(frozen=True)
class Header:
    """What the header of a picture says, before any pixel is decoded.

    Attributes:
        format: ``jpeg``, ``png``, ``tiff``, ``webp``, ``avif`` or ``gif``; of a clip
            ``mov`` or ``matroska``.
        kind: ``still``, ``clip`` or ``sequence``.
        width, height: pixels of the *upright* picture.
        bands: bands in the file, alpha included.
        depth: bits per band, 8 or 16.
        orientation: EXIF orientation 1..8 as stored.
        has_alpha: whether the last band is opacity.
        frames: of a clip, as far as its container tells, of a sequence, or of an
            animated GIF or WebP, which is a still until a rule takes it as a clip;
            else 1.
        seconds: how long they run; else 0.
    """

    format: str
    kind: KindName
    width: int
    height: int
    bands: int
    depth: int
    orientation: int
    has_alpha: bool
    frames: int = 1
    seconds: float = 0.0

    @property
    def is_animated(self) -> bool:
        """Whether it is a still that may be taken as a clip."""
        return self.kind == "still" and self.frames > 1

    @property
    def clip_seconds(self) -> float | None:
        """How long a clip or a sequence runs; ``None``: it is a still."""
        return None if self.kind == "still" else round(self.seconds, 6)

    @property
    def megapixels(self) -> float:
        """Pixels of one picture, in millions."""
        return self.width * self.height / 1e6


class Moving(Protocol):
    """Tagged areas that are not the same in every frame of a clip."""

    def at(self, frame: int) -> tuple[Region, ...]:
        """Return those of a frame, counted from 0."""


@dataclass(frozen=True)
class Inspection:
    """All that is known of a drop before its pixels are decoded.

    Attributes:
        regions: tagged areas, of a clip in every frame.
        moving: those that move or come and go.
    """

    header: Header
    origin: Origin
    regions: tuple[Region, ...]
    warnings: tuple[str, ...] = ()
    moving: tuple[Moving, ...] = ()

    def regions_at(self, frame: int) -> tuple[Region, ...]:
        """Return the tagged areas of a frame, counted from 0."""
        found = (region for one in self.moving for region in one.at(frame))
        return (*self.regions, *found)


@dataclass(frozen=True)
class Metadata:
    """Metadata blobs as libvips carries them; empty where absent.

    ``pixels_per_mm`` is the print resolution, 0 where the file names none.
    """

    exif: bytes = b""
    xmp: bytes = b""
    iptc: bytes = b""
    icc: bytes = b""
    pixels_per_mm: float = 0.0


@dataclass(frozen=True)
class Picture:
    """A picture between two steps.

    Attributes:
        image: sRGB, upright, RGB with optional straight alpha as last band,
            ``uchar`` (interpretation srgb) or ``ushort`` (interpretation rgb16).
        regions: tagged areas, as fractions of this picture.
        metadata: blobs of the source file, for the outputs; the profile in it is
            the *source* profile, the pixels are already sRGB.
    """

    image: pyvips.Image
    regions: tuple[Region, ...] = ()
    metadata: Metadata = field(default_factory=Metadata)

    @property
    def has_alpha(self) -> bool:
        """Whether the last band is opacity."""
        return bool(self.image.bands == 4)

    @property
    def depth(self) -> int:
        """Bits per band, 8 or 16."""
        return 16 if self.image.format == "ushort" else 8

    @property
    def megapixels(self) -> float:
        """Pixels, in millions."""
        return float(self.image.width * self.image.height) / 1e6

    def with_image(self, image: pyvips.Image) -> Picture:
        """Return this picture with other pixels of the same framing."""
        return replace(self, image=image)


@dataclass(frozen=True)
class Drop:
    """One complete file, or the first frame of a sequence, with its members.

    Attributes:
        hot_folder: name of the hot folder.
        name: path below ``in/``, with ``/``; undecodable bytes as surrogates.
        path: where the file lies now.
        members: sidecars and, of a sequence, the other frames, claimed with it.
    """

    hot_folder: str
    name: str
    path: Path
    members: tuple[Path, ...] = ()


@dataclass(frozen=True)
class StepRun:
    """Usage of one step of one attempt: quantities, never money.

    Times: ``wall_ms`` milliseconds, ``cpu_s`` CPU seconds of the threads that
    worked for it, ``gpu_s`` seconds of the device, ``model_s`` seconds inside
    ONNX Runtime (part of ``wall_ms``; the benchmark's bare time). ``step`` is the
    word of a step, or ``decode``, ``gates`` or ``encode``.
    """

    step: str
    attempt: int = 1
    model: str = ""
    model_sha256: str = ""
    tier: str = ""
    device: str = "cpu"
    wall_ms: float = 0.0
    cpu_s: float = 0.0
    gpu_s: float = 0.0
    model_s: float = 0.0
    joules: float | None = None
    joules_estimated: bool = False
    megapixels_in: float = 0.0
    megapixels_out: float = 0.0
    bytes_in: int = 0
    bytes_out: int = 0
    started_at: str = ""


@dataclass(frozen=True)
class GateRun:
    """Verdict of one gate on one attempt.

    Attributes:
        step: the step that a failed gate blames; empty: none in particular.
        regions: where the trouble is: left, top, right, bottom, each a fraction
            (0..1) of the result.
    """

    gate: str
    value: float
    unit: str
    threshold: float
    passed: bool
    detail: str = ""
    step: str = ""
    regions: tuple[tuple[float, float, float, float], ...] = ()
    attempt: int = 1


@dataclass(frozen=True)
class Rendition:
    """One finished output, staged and fsynced, not yet delivered.

    Attributes:
        output: its number in the rule, from 0; companions and further frames are
            numbered on from the last one.
        stage: where the worker wrote it.
        name: wanted path below ``out/``, with ``/``.
        conflict: ``suffix`` or ``fail`` when the name is taken.
        sha256: lower-case hex of the bytes.
        role: ``result``, or what helps a person to judge one: ``preview`` (input and
            result side by side), ``reason`` (text).
        part_of: number in the rule of the output of which it is one frame among
            others; ``None``: it is all of its output.
        fingerprint: what the result looks like, 32 hex digits, for output 0 only; see
            ``media.fingerprint``.
    """

    output: int
    stage: Path
    name: str
    sha256: str
    bytes: int
    width: int
    height: int
    conflict: Literal["suffix", "fail"] = "suffix"
    role: Role = "result"
    part_of: int | None = None
    fingerprint: str = ""


@dataclass(frozen=True)
class Outcome:
    """What became of one job in the worker.

    ``error`` empty: the renditions are staged. ``destination`` says whether they
    go to ``out`` or wait for a person in ``review``, and ``review_reason`` why.
    ``attempts`` were made, of which ``kept_attempt`` is the one delivered. ``errno``
    is the number of the operating system's error that ended the job, 0 where there
    was none: a full disk or a lost share is not the file's fault. ``inherited_runs``
    are what a daemon that was killed used for parts of the job that are kept; unlike
    ``step_runs`` they are not of the worker that tells this. ``over_budget``: nothing
    was made, because its rule lets it wait until the budget is renewed.
    """

    job: str
    rule: str = ""
    rule_hash: str = ""
    sha256: str = ""
    tier: str = ""
    goal: str = ""
    attempts: int = 1
    kept_attempt: int = 1
    inspection: Inspection | None = None
    renditions: tuple[Rendition, ...] = ()
    step_runs: tuple[StepRun, ...] = ()
    inherited_runs: tuple[StepRun, ...] = ()
    gate_runs: tuple[GateRun, ...] = ()
    destination: Destination = "out"
    review_reason: str = ""
    notes: tuple[str, ...] = ()
    error: str = ""
    hint: str = ""
    retryable: bool = False
    errno: int = 0
    over_budget: bool = False

    def renumbered(self, earlier: int) -> Outcome:
        """Return this outcome with its attempts counted on from *earlier* ones."""
        if not earlier:
            return self
        return replace(
            self,
            attempts=self.attempts + earlier,
            kept_attempt=self.kept_attempt + earlier,
            step_runs=tuple(
                replace(run, attempt=run.attempt + earlier) for run in self.step_runs
            ),
            inherited_runs=tuple(
                replace(run, attempt=run.attempt + earlier)
                for run in self.inherited_runs
            ),
            gate_runs=tuple(
                replace(run, attempt=run.attempt + earlier) for run in self.gate_runs
            ),
        )
