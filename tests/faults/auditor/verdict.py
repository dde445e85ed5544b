"""Decides from the folders alone: lost, duplicated, half, left behind, or right."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from auditor.consumer import Delivery, files_below
from auditor.inputs import Input, mark_in

OUTPUT_FOLDERS = ("out", "review", "rejected")
ERROR_ENDINGS = (".error.txt", ".error.json")
COMPANION_ENDINGS = (".preview.jpg", ".reason.txt")
"""What lies beside a result for people to look at; it is no result itself."""


@dataclass(frozen=True)
class Verdict:
    """What became of all inputs.

    Attributes:
        lost: originals that are nowhere, and outputs that were never delivered.
        duplicated: originals in two places, and outputs delivered twice.
        half: files that are not whole or not what was dropped.
        strays: what lies about: stages, empty claims, results of no input.
        right: originals in ``done/`` with each output exactly once.
        failed: originals in ``failed/`` with their reason, and no output.
        held: originals that lie in a claim.
        waiting: originals that lie in ``in/``.
    """

    lost: tuple[str, ...]
    duplicated: tuple[str, ...]
    half: tuple[str, ...]
    strays: tuple[str, ...]
    right: int
    failed: int
    held: int
    waiting: int

    @property
    def is_clean(self) -> bool:
        """Whether nothing is lost, duplicated, half or left lying about."""
        return not (self.lost or self.duplicated or self.half or self.strays)

    def __str__(self) -> str:
        counts = ("right", "failed", "held", "waiting")
        lines = [", ".join(f"{getattr(self, word)} {word}" for word in counts)]
        for word in ("lost", "duplicated", "half", "strays"):
            lines += [f"{word}: {text}" for text in getattr(self, word)]
        return "\n".join(lines)


def audit(
    inputs: Iterable[Input],
    *,
    root: Path,
    deliveries: Sequence[Delivery] | None = None,
    outputs: int = 1,
    left_allowed: bool = False,
) -> Verdict:
    """Judge the hot folder *root*.

    Args:
        inputs: everything that was dropped into it.
        root: with ``in/``, ``out/`` and so on below it.
        deliveries: what a consumer saw; ``None``: what lies there now.
        outputs: how many an input has; they must differ in their bytes.
        left_allowed: the daemon is still at work or was stopped in the middle: its
            stages and empty claims are no strays.
    """
    if deliveries is None:
        deliveries = deliveries_in(root)
    desk = _Desk(root, list(inputs), outputs, left_allowed=left_allowed)
    desk.sort_deliveries(deliveries)
    for one in desk.inputs:
        desk.judge(one)
    desk.look_for_strays()
    return desk.verdict()


@dataclass
class _Desk:
    """The evidence while it is gathered."""

    root: Path
    inputs: list[Input]
    outputs: int
    left_allowed: bool
    delivered: dict[int, list[Delivery]] = field(
        default_factory=lambda: defaultdict(list)
    )
    originals: dict[str, list[Path]] = field(default_factory=lambda: defaultdict(list))
    found: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        """Find the originals by their bytes, wherever they lie."""
        known = {one.sha256 for one in self.inputs}
        for folder in ("in", ".retouchd/claims", "done", "failed"):
            for path in files_below(self.root / folder):
                if path.name.endswith(ERROR_ENDINGS):
                    continue
                digest = hashlib.sha256(path.read_bytes()).hexdigest()
                if digest in known:
                    self.originals[digest].append(path)
                elif folder == "done" or _is_name_of(path, self.inputs):
                    self.found["half"].append(f"{path}: not what was dropped")

    def sort_deliveries(self, deliveries: Sequence[Delivery]) -> None:
        """Give each delivery to its input."""
        marks = {one.mark for one in self.inputs}
        for one in deliveries:
            if one.mark is None:
                self.found["half"].append(f"{one.path}: not a whole picture")
            elif one.mark not in marks:
                self.found["strays"].append(f"{one.path}: mark {one.mark}, no input")
            else:
                self.delivered[one.mark].append(one)

    def judge(self, one: Input) -> None:
        """Compare where *one* lies with what was delivered of it."""
        places = self.originals[one.sha256]
        if not places:
            self.found["lost"].append(f"{one.name}: the original is nowhere")
            return
        if len(places) > 1:
            where = ", ".join(map(str, places))
            self.found["duplicated"].append(f"{one.name}: the original lies in {where}")
        word = self._word_for(places[0])
        seen = self.delivered[one.mark]
        twice = [d for d in seen if sum(e.sha256 == d.sha256 for e in seen) > 1]
        kinds = len({delivery.sha256 for delivery in seen})
        if twice or len(seen) > (self.outputs if word in ("right", "held") else 0):
            paths = ", ".join(str(delivery.path) for delivery in twice or seen)
            self.found["duplicated"].append(f"{one.name}, {word}: delivered as {paths}")
        elif word == "right" and kinds < self.outputs:
            missing = f"{kinds} of {self.outputs} outputs were delivered"
            self.found["lost"].append(f"{one.name}: {missing}")
        else:
            self._count(word, places[0])

    def _word_for(self, original: Path) -> str:
        top = original.relative_to(self.root).parts[0]
        words = {"in": "waiting", "done": "right", "failed": "failed"}
        return words.get(top, "held")

    def _count(self, word: str, original: Path) -> None:
        self.counts[word] += 1
        if word == "failed" and not _has_error_text(original):
            self.found["half"].append(f"{original}: failed without an error text")

    def look_for_strays(self) -> None:
        """Name everything in the private folder that belongs to no held original."""
        if self.left_allowed:
            return
        claims = self.root / ".retouchd/claims"
        originals = [path for places in self.originals.values() for path in places]
        # claims/EPOCH/JOB/sub-folders/NAME
        held = {
            path.relative_to(claims).parts[1]
            for path in originals
            if path.is_relative_to(claims)
        }
        private = [self.root / ".retouchd", *self.root.glob("*/.retouchd")]
        for folder in private:
            # A folder on a disk of its own has its stages below a name more.
            for pattern in ("claims/*/*", "tmp/*/*", "*/tmp/*/*"):
                for path in folder.glob(pattern):
                    if not {path.name, path.name.partition("-")[0]} & held:
                        self.found["strays"].append(f"{path}: left behind")

    def verdict(self) -> Verdict:
        """Sum up."""
        return Verdict(
            lost=tuple(self.found["lost"]),
            duplicated=tuple(self.found["duplicated"]),
            half=tuple(self.found["half"]),
            strays=tuple(self.found["strays"]),
            right=self.counts["right"],
            failed=self.counts["failed"],
            held=self.counts["held"],
            waiting=self.counts["waiting"],
        )


def deliveries_in(root: Path) -> list[Delivery]:
    """Return every result that lies in the hot folder *root* now."""
    paths = [path for word in OUTPUT_FOLDERS for path in files_below(root / word)]
    return [_delivery(path) for path in paths if not is_companion(path)]


def is_companion(path: Path) -> bool:
    """Whether *path* is a preview or a reason beside a result."""
    return path.name.endswith(COMPANION_ENDINGS)


def _delivery(path: Path) -> Delivery:
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    return Delivery(path, mark_in(content), digest, path.stat().st_ino)


def _is_name_of(path: Path, inputs: Sequence[Input]) -> bool:
    """Whether *path* bears the name of an input, perhaps with a numbered suffix."""
    stem = path.stem.partition("-")[0]
    return any(
        stem == Path(one.name).stem and path.suffix == Path(one.name).suffix
        for one in inputs
    )


def _has_error_text(original: Path) -> bool:
    text = original.with_name(original.name + ERROR_ENDINGS[0])
    return text.is_file() and bool(text.read_text().strip())
