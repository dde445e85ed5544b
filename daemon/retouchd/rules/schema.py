"""What a rule may say."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SerializeAsAny,
    ValidationInfo,
    field_validator,
    model_validator,
)

from retouchd.gate import Check, ClipGate, Gate
from retouchd.media.clips.encoding import ClipEncoding, Codec, Container, Encoder
from retouchd.media.clips.handling import ClipHandling
from retouchd.media.size import Size
from retouchd.rules.escalate import Escalate, checked
from retouchd.rules.files import paths_in, with_digests
from retouchd.rules.sequence import Sequence
from retouchd.rules.templates import check_template, container_of, format_of
from retouchd.settings import Then
from retouchd.settings.explain import did_you_mean
from retouchd.step import Step
from retouchd.values import KindName, Tier

_DEEP_FORMATS = {"png", "tiff", "avif", ""}
"""Formats that hold 16 bits (AVIF: 12); empty: known only when a drop is there."""


RULE_NAME = r"[a-z0-9][a-z0-9._-]{0,62}"
"""Form of the names of rules, and so of their files."""


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


Patterns = Annotated[tuple[str, ...], BeforeValidator(_listed)]
"""File patterns or origins; one alone needs no brackets."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Match(_Part):
    """Which drops a rule takes; what is not said does not matter.

    Attributes:
        files: patterns for the name, or with a ``/`` for the path below ``in/``.
        origin: families, names, or patterns such as ``generator/*``.
        min_long_edge, max_long_edge, min_short_edge, max_short_edge: pixels of the
            upright picture, inclusive.
        min_megapixels, max_megapixels: millions of pixels, inclusive.
    """

    files: Patterns = ()
    origin: Patterns = ()
    kind: KindName | None = None
    min_long_edge: int | None = Field(default=None, ge=1)
    max_long_edge: int | None = Field(default=None, ge=1)
    min_short_edge: int | None = Field(default=None, ge=1)
    max_short_edge: int | None = Field(default=None, ge=1)
    min_megapixels: float | None = Field(default=None, gt=0)
    max_megapixels: float | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _something_can_match(self) -> Match:
        for measure in ("long_edge", "short_edge", "megapixels"):
            least, most = self.bounds(measure)
            if least is not None and most is not None and least > most:
                raise ValueError(
                    f"min_{measure} {least:g} is above max_{measure} {most:g}",
                    "exchange the two, or nothing ever matches",
                )
        return self

    @model_validator(mode="after")
    def _frames_are_named(self) -> Match:
        if self.kind == "sequence" and not self.files:
            raise ValueError(
                "kind: sequence without files would take every numbered still, as "
                "cameras write them, for a frame",
                'say which names are frames, such as files: ["shot_*.png"]',
            )
        return self

    def bounds(self, measure: str) -> tuple[float | None, float | None]:
        """Return the smallest and largest allowed ``long_edge`` and the like."""
        return getattr(self, f"min_{measure}"), getattr(self, f"max_{measure}")


class Sidecar(_Part):
    """How many seconds a file waits for its sidecar."""

    wait: float = Field(default=0, ge=0, le=86_400)


class SpentBudget(_Part):
    """What becomes of files of this rule once the hot folder's budget is spent."""

    then: Then


class Review(_Part):
    """When a result waits for a person.

    Attributes:
        when: without gates nothing can fail, so ``gate_failed`` then means never.
        sample: share 0..1 of the other results that is shown too.
    """

    when: Literal["never", "gate_failed", "always"] = "gate_failed"
    sample: float = Field(default=0, ge=0, le=1)

    def destination(
        self,
        gate_failed: bool,  # noqa: FBT001  (a verdict, not a switch)
        sha256: str,
    ) -> Literal["out", "review"]:
        """Say where a result goes; the sample is drawn by the digest of the source.

        The same file is so always drawn, or never, however often it is dropped.
        """
        if self.when == "always" or (self.when == "gate_failed" and gate_failed):
            return "review"
        drawn = int(sha256[:8] or "ffffffff", 16) / 0x1_0000_0000 < self.sample
        return "review" if drawn else "out"


class Output(Size):
    """One file to deliver; keys of ``Size`` stand beside these.

    Attributes:
        name: template of the path below ``out/``.
        quality: 1..100, where the format knows it; ``None``: the format's default.
        depth: bits per band; ``None``: those of the picture.
        profile: ``srgb``, or ``input`` for the profile of the source.
        enlarge: whether a smaller picture is enlarged to the size.
        show: what a still shows of a clip: one frame, or many with their times.
        codec, rate, pixel_format: of a clip; see ``media.clips.encoding.ClipEncoding``.
    """

    name: Annotated[str, AfterValidator(check_template)]
    quality: int | None = Field(default=None, ge=1, le=100)
    metadata: Literal["keep", "rights", "strip"] = "keep"
    conflict: Literal["suffix", "fail"] = "suffix"
    profile: Literal["srgb", "input"] = "srgb"
    depth: Literal[8, 16] | None = None
    enlarge: bool = False
    show: Literal["frame", "contact_sheet"] = "frame"
    codec: Codec | None = None
    rate: int | None = Field(default=None, ge=50, le=2_000_000)
    pixel_format: str | None = Field(default=None, pattern=r"^[a-z0-9]+$")

    @model_validator(mode="after")
    def _can_be_encoded(self) -> Output:
        is_of_a_clip = bool(self.codec or self.rate or self.pixel_format)
        if self.container:
            self.clip_encoding(self.container)
        elif is_of_a_clip and not self.name.endswith(".{ext}"):
            raise ValueError(
                f"{self.name!r} is a still; codec, rate and pixel_format are of clips",
                "leave them out, or name a clip such as {stem}.mp4",
            )
        return self

    @field_validator("show")
    @classmethod
    def _is_a_still(cls, show: str, info: ValidationInfo) -> str:
        name = info.data.get("name", "")
        if show == "contact_sheet" and not format_of(name):
            raise ValueError(
                f"{name!r} is no still, and a contact sheet is one",
                "name it like sheet/{stem}.jpg",
            )
        return show

    @field_validator("depth")
    @classmethod
    def _fits_the_format(cls, depth: int | None, info: Any) -> int | None:
        name = info.data.get("name", "")
        if depth == 16 and format_of(name) not in _DEEP_FORMATS:
            raise ValueError(
                f"{name!r} cannot hold 16 bits", "use .png or .tif, or leave depth out"
            )
        return depth

    @property
    def format(self) -> str:
        """Format by the name; empty where ``{ext}`` leaves it to the drop."""
        return format_of(self.name)

    @property
    def container(self) -> Container | None:
        """Container of a clip by the name; ``None`` for stills and ``{ext}``."""
        return container_of(self.name)

    def clip_encoding(
        self, container: Container, by: Encoder = "software"
    ) -> ClipEncoding:
        """Return how a clip is written into *container*, and by what."""
        return ClipEncoding(
            container, self.codec, self.quality, self.rate, self.pixel_format, by
        )

    @property
    def size(self) -> Size:
        """The wanted size alone."""
        return Size(**{key: getattr(self, key) for key in Size.model_fields})


class Rule(_Part):
    """One rule: which files, which steps, which gates, which outputs.

    ``steps`` and ``gates`` are pairs of the word and what it stands for, in order.
    ``clip`` is of clips alone.
    """

    rule: Annotated[str, Field(pattern=f"^{RULE_NAME}$")]
    match: Match = Match()
    tier: Tier = "draft"
    escalate: Escalate | None = None
    budget: SpentBudget | None = None
    goal: str = Field(default="", max_length=200)
    steps: tuple[tuple[str, SerializeAsAny[Step]], ...] = ()
    gates: tuple[tuple[str, SerializeAsAny[Check]], ...] = ()
    outputs: Annotated[tuple[Output, ...], Field(min_length=1)]
    sidecar: Sidecar = Sidecar()
    clip: ClipHandling = ClipHandling()
    sequence: Sequence = Sequence()
    review: Review = Review()

    @field_validator("escalate")
    @classmethod
    def _goes_up(cls, escalate: Escalate | None, info: Any) -> Escalate | None:
        return checked(escalate, info.data.get("tier", "draft"))

    @field_validator("goal")
    @classmethod
    def _is_known(cls, goal: str, info: ValidationInfo) -> str:
        known: Mapping[str, object] | None = (info.context or {}).get("goals")
        if goal and known is not None and goal not in known:
            raise ValueError(
                f"there is no goal {goal!r:.60}",
                f"{did_you_mean(goal, known)} (words of your own belong in a comment)",
            )
        return goal

    @field_validator("sequence")
    @classmethod
    def _takes_sequences(cls, sequence: Sequence, info: ValidationInfo) -> Sequence:
        match: Match = info.data.get("match", Match())
        if sequence != Sequence() and match.kind != "sequence":
            raise ValueError(
                "this rule takes no sequence",
                "add match: {kind: sequence}, or leave sequence out",
            )
        return sequence

    @field_validator("outputs")
    @classmethod
    def _names_differ(cls, outputs: tuple[Output, ...]) -> tuple[Output, ...]:
        names = [output.name for output in outputs]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(
                    f"two outputs are named {name!r}",
                    "give each its own name or folder",
                )
        return outputs

    def once_spent(self, usual: Then) -> Then:
        """Say what becomes of its files once the hot folder's budget is spent.

        Args:
            usual: what the hot folder says for rules that say nothing.
        """
        return self.budget.then if self.budget else usual

    @cached_property
    def files(self) -> tuple[Path, ...]:
        """Files that steps and gates read, such as LUTs."""
        parts = [part for _, part in (*self.steps, *self.gates)]
        return tuple(path for part in parts for path in paths_in(part))

    @cached_property
    def picture_gates(self) -> tuple[Gate, ...]:
        """Gates that judge a still, or single frames of a clip, in order."""
        return tuple(gate for _, gate in self.gates if isinstance(gate, Gate))

    @cached_property
    def clip_gates(self) -> tuple[ClipGate, ...]:
        """Gates that judge a clip as a whole, in order."""
        return tuple(gate for _, gate in self.gates if isinstance(gate, ClipGate))

    @cached_property
    def watched(self) -> frozenset[str]:
        """Words of the steps that gates of this rule look at one by one."""
        return frozenset(word for _, gate in self.gates for word in gate.watches)

    @cached_property
    def watched_throughout(self) -> frozenset[str]:
        """Those of them that are looked at in every frame of a clip."""
        return frozenset(word for gate in self.clip_gates for word in gate.watches)

    @cached_property
    def rule_hash(self) -> str:
        """SHA-256 over all that the rule says, and over the bytes of its files.

        Neither comments nor the place of the rule matter.
        """
        digests = {
            str(path): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in self.files
        }
        content = with_digests(self.model_dump(mode="json"), digests)
        text = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()
