"""How a clip is encoded: codec, quality and pixel format, checked before any frame."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

from retouchd.errors import InputError
from retouchd.media.clips.library import pyav
from retouchd.media.clips.light import TOLD_BY, Mastering
from retouchd.media.clips.priority import ordinary_priority

if TYPE_CHECKING:
    from av.video.codeccontext import VideoCodecContext

Container = Literal["mp4", "mov", "matroska", "webm"]
Codec = Literal["h264", "hevc", "vp9", "av1", "prores", "ffv1"]
Encoder = Literal["software", "nvenc"]

DEFAULT_CODECS: dict[Container, Codec] = {
    "mp4": "h264",
    "mov": "prores",
    "matroska": "h264",
    "webm": "vp9",
}

_CODECS_OF: dict[Container, tuple[Codec, ...]] = {
    "mp4": ("h264", "hevc", "av1", "vp9"),
    "mov": ("prores", "h264", "hevc"),
    "matroska": ("h264", "hevc", "vp9", "av1", "prores", "ffv1"),
    "webm": ("vp9", "av1"),
}

_ENCODERS = {
    "h264": "libx264",
    "hevc": "libx265",
    "vp9": "libvpx-vp9",
    "av1": "libsvtav1",
    "prores": "prores_ks",
    "ffv1": "ffv1",
}

_HOLD_RGB = {"ffv1"}
"""The others tell R'G'B' planes from Y'CbCr by the stated matrix alone (H.273), which
here is always that of Y'CbCr."""

_NOT_OPENED = {
    "vp9": ("yuva422p", "yuva440p", "yuva444p"),
    "hevc": ("yuva420p", "yuva420p10le"),
}
"""Formats that the encoders list and then refuse (tried with PyAV 18.1)."""

_NVENC: dict[Codec, str] = {
    "h264": "h264_nvenc",
    "hevc": "hevc_nvenc",
    "av1": "av1_nvenc",
}

# The others that it names are RGB, which it makes lossy, or hold less than they say.
_NVENC_FORMATS = {"yuv420p", "nv12", "p010le", "yuv444p", "yuv444p16le"}

_WORST_CRF = {"h264": 51, "hevc": 51, "vp9": 63, "av1": 63}
"""Where the scale of each encoder's constant quality ends; 0 is best."""

_DEFAULT_QUALITY = {"h264": 65, "hevc": 61, "vp9": 57, "av1": 60}
"""About visually lossless: CRF 18, 20, 27 and 25."""


@dataclass(frozen=True)
class ClipEncoding:
    """How one output is written.

    Attributes:
        container: ``mp4``, ``mov``, ``matroska`` or ``webm``.
        codec: ``None``: the usual one of the container.
        quality: 1..100 (best), mapped evenly to the encoder's constant rate factor;
            ProRes and FFV1 know none.
        rate: kilobits per second instead of a quality.
        pixel_format: FFmpeg's name; ``None``: the source's, or the nearest that the
            encoder takes without losing depth or alpha.
        by: what encodes; codecs that the hardware does not know are made in software.
    """

    container: Container
    codec: Codec | None = None
    quality: int | None = None
    rate: int | None = None
    pixel_format: str | None = None
    by: Encoder = "software"

    def __post_init__(self) -> None:
        """Refuse what cannot be written.

        Raises:
            ValueError: message and hint.
        """
        allowed = _CODECS_OF[self.container]
        if self.codec and self.codec not in allowed:
            raise ValueError(
                f"{self.container} does not hold {self.codec} here",
                f"use one of {', '.join(allowed)}, or another ending",
            )
        if self.quality and self.chosen_codec not in _WORST_CRF:
            raise ValueError(
                f"{self.chosen_codec} knows no quality", "leave quality out"
            )
        if self.quality and self.rate:
            raise ValueError("quality and rate exclude each other", "leave one out")

    @property
    def chosen_codec(self) -> Codec:
        """The codec that is used."""
        return self.codec or DEFAULT_CODECS[self.container]

    @property
    def encoder(self) -> str:
        """FFmpeg's name of the encoder."""
        codec = self.chosen_codec
        return _NVENC[codec] if self.is_hardware else _ENCODERS[codec]

    @property
    def is_hardware(self) -> bool:
        """Whether hardware encodes."""
        return self.by == "nvenc" and self.chosen_codec in _NVENC

    @property
    def holds_full_range(self) -> bool:
        """Whether a file can say that luma uses all values; ProRes has no word for it.

        Source: SMPTE RDD 36, where samples are always those of limited range.
        """
        return self.chosen_codec != "prores"

    @property
    def keeps_mastering(self) -> bool:
        """Whether the encoder can state how bright an HDR clip was made to be."""
        return self.chosen_codec in TOLD_BY and not self.is_hardware

    def pixel_format_for(self, source: str, *, has_alpha: bool | None = None) -> str:
        """Return the format in which planes of *source* are stored.

        Args:
            source: FFmpeg's name of the format of the clip that comes in.
            has_alpha: whether the frames hold transparency; ``None``: as the source.

        Raises:
            InputError: the encoder does not take the format that the rule names, or
                holds no transparency.
        """
        if has_alpha is None:
            has_alpha = bool(_traits(source)[0])
        codec = self.chosen_codec
        taken = [
            form.name
            for form in pyav().codec.Codec(self.encoder, "w").video_formats
            if form.name not in _NOT_OPENED.get(codec, ())
            and (not form.is_rgb or codec in _HOLD_RGB)
        ]
        if self.is_hardware:
            taken = [name for name in taken if name in _NVENC_FORMATS]
        wanted = self.pixel_format or _nearest(source, taken, has_alpha=has_alpha)
        if wanted not in taken:
            raise InputError(
                f"{self.chosen_codec} does not store {wanted}",
                hint=f"name one of {', '.join(taken[:12])}",
            )
        if has_alpha and not _traits(wanted)[0]:
            raise InputError(
                f"{self.chosen_codec} as {wanted} holds no transparency",
                hint="name the output {stem}.mov (ProRes 4444) or {stem}.webm (VP9), "
                "or add the step flatten",
            )
        return wanted

    def open(self, context: VideoCodecContext, mastering: Mastering | None) -> None:
        """Configure an encoder and open it; see ``configure``."""
        self.configure(context, mastering)
        with ordinary_priority():
            context.open()

    def configure(
        self, context: VideoCodecContext, mastering: Mastering | None = None
    ) -> None:
        """Set quality and rate of an encoder that is not open yet.

        Args:
            context: of the encoder.
            mastering: of an HDR clip; only the encoders of ``keeps_mastering`` say it.
        """
        codec = self.chosen_codec
        options = {} if self.is_hardware else dict(_OPTIONS.get(codec, {}))
        if self.rate:
            context.bit_rate = self.rate * 1000
        elif codec in _WORST_CRF:
            options |= self._constant_quality()
        if mastering and self.keeps_mastering:
            key, words = mastering.for_encoder_of(codec)
            options[key] = ":".join(filter(None, [options.get(key), *words]))
        context.options = options

    def _constant_quality(self) -> dict[str, str]:
        codec = self.chosen_codec
        quality = self.quality or _DEFAULT_QUALITY[codec]
        crf = round(_WORST_CRF[codec] * (100 - quality) / 100)
        if self.is_hardware:  # where 0 means that it chooses by itself
            return {"rc": "vbr", "cq": str(max(1, crf)), "b": "0"}
        if codec == "vp9":  # else a quality is only an upper bound for it
            return {"crf": str(crf), "b": "0"}
        return {"crf": str(crf)}


_OPTIONS: dict[Codec, dict[str, str]] = {
    # Without it mbtree's AVX-512 code gave two results for one clip now and then, and
    # another processor gives another one anyway: a part made again must be the same.
    "h264": {"x264-params": "cpu-independent=1"},
    "hevc": {"x265-params": "log-level=none"},
    "vp9": {"row-mt": "1", "cpu-used": "3"},
    "av1": {"preset": "8"},
    "ffv1": {"level": "3", "slicecrc": "1"},
}


def _nearest(source: str, taken: list[str], *, has_alpha: bool) -> str:
    """Return the format of *taken* that loses least of *source*.

    Alpha first, then colour, depth and colour resolution; what is larger than needed
    comes last.
    """
    want = _traits(source)
    want = (float(has_alpha), *want[1:])
    if source in taken and _traits(source) == want:
        return source

    def loss(name: str) -> tuple[float, ...]:
        pairs = list(zip(want, _traits(name), strict=True))
        short = [max(0.0, wanted - has) for wanted, has in pairs]
        spare = [max(0.0, has - wanted) for wanted, has in pairs]
        return (*short, *spare)

    return min(taken, key=loss)


@cache
def _traits(name: str) -> tuple[float, ...]:
    """Alpha, colour, bits, chroma samples for each luma sample, YUV rather than RGB."""
    form = pyav().VideoFormat(name, 16, 16)
    components = form.components
    alpha = any(part.is_alpha for part in components)
    is_colour = len(components) - alpha >= 3
    chroma = form.chroma_width(16) * form.chroma_height(16) / 256 if is_colour else 0.0
    bits = max(part.bits for part in components)
    return float(alpha), float(is_colour), float(bits), chroma, float(not form.is_rgb)
