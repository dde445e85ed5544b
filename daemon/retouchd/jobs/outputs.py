"""Renders the outputs of a rule: size, name, format, bytes on disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from retouchd.delivery.naming import fill_template, folder_name
from retouchd.delivery.place import sha256_of, sync_file
from retouchd.errors import InputError
from retouchd.inspect.sequences import stem_of
from retouchd.jobs.order import Order
from retouchd.media.encoding import Encoding, Format, encode
from retouchd.media.fingerprint import fingerprint_of
from retouchd.media.framing import resized
from retouchd.rules.schema import Output, Rule
from retouchd.rules.templates import format_of
from retouchd.timestamps import utc
from retouchd.values import Inspection, Picture, Rendition, Tier


@dataclass(frozen=True)
class Frame:
    """What every output of one job has in common.

    Attributes:
        folder: sub-folder of ``in/`` that the drop came from, kept in ``out/``.
        fields: values of the template fields that do not depend on the output.
        source_type: IPTC DigitalSourceType to state in the outputs; may be empty.
    """

    rule: Rule
    folder: PurePosixPath
    fields: dict[str, str]
    source_type: str

    @classmethod
    def of(
        cls,
        order: Order,
        rule: Rule,
        inspection: Inspection,
        tier: Tier,
        source_type: str,
    ) -> Frame:
        """Collect what the names and records of the job's outputs need."""
        name = PurePosixPath(order.drop.name)
        is_sequence = inspection.header.kind == "sequence"
        date, _, time = utc(order.arrived_at).partition("T")
        fields = {
            "stem": stem_of(order.drop.name) if is_sequence else name.stem,
            "ext": name.suffix.lstrip("."),
            "date": date,
            "time": time[:8].replace(":", ""),
            "rule": rule.rule,
            "origin": inspection.origin.name,
            "tier": tier,
            "frame": "0001",  # a still is its own first frame
            "seq": f"{order.sequence:04d}",
        }
        folder = PurePosixPath(*[folder_name(part) for part in name.parent.parts])
        return cls(rule, folder, fields, source_type)

    def name(self, output: Output, width: int, height: int) -> PurePosixPath:
        """Return the path below ``out/`` of *output* when it has this size."""
        size_fields = {"width": str(width), "height": str(height)}
        return self.folder / fill_template(output.name, self.fields | size_fields)


def render_outputs(
    picture: Picture, frame: Frame, stage: Path
) -> tuple[Rendition, ...]:
    """Write every output of the rule beside *stage* and force it to disk.

    Raises:
        InputError: the picture cannot be written in the wanted format, or a contact
            sheet is wanted of it.
        OSError: the disk is full or failing.
    """
    if any(output.show == "contact_sheet" for output in frame.rule.outputs):
        raise InputError(
            f"the rule {frame.rule.rule} wants a contact sheet, and this is a still",
            hint="let the rule say match: {kind: clip}, or leave show out",
        )
    return tuple(
        render_still(picture, frame, number, output, stage)
        for number, output in enumerate(frame.rule.outputs)
    )


def render_still(
    picture: Picture,
    frame: Frame,
    number: int,
    output: Output,
    stage: Path,
    mark: str = "",
) -> Rendition:
    """Write output *number* of the rule beside *stage*; see ``render_outputs``.

    Args:
        picture: finished.
        frame: what all outputs of the job have in common.
        number: of the output.
        output: what the rule says of it.
        stage: path prefix.
        mark: tells the file from others of the same output; only the one without any
            gets a fingerprint.
    """
    sized = _sized(picture, output)
    width, height = sized.image.width, sized.image.height
    name = frame.name(output, width, height)
    path = stage.with_name(f"{stage.name}-{number}{mark}{name.suffix}")
    encode(
        sized,
        path,
        Encoding(
            format=_format(name.name),
            quality=output.quality,
            depth=output.depth,
            metadata=output.metadata,
            profile=output.profile,
        ),
        source_type=frame.source_type,
    )
    shown = None if mark else picture
    return staged(path, number, output, str(name), (width, height), shown)


def staged(
    path: Path,
    number: int,
    output: Output,
    name: str,
    size: tuple[int, int],
    picture: Picture | None,
) -> Rendition:
    """Force a written output to disk and say what it is.

    Args:
        path: where it was written.
        number: its number in the rule.
        output: what the rule says of it.
        name: wanted path below ``out/``.
        size: width and height, pixels.
        picture: what it shows, for the fingerprint of output 0.
    """
    sync_file(path)
    return Rendition(
        output=number,
        stage=path,
        name=name,
        conflict=output.conflict,
        sha256=sha256_of(path),
        bytes=path.stat().st_size,
        width=size[0],
        height=size[1],
        fingerprint=str(fingerprint_of(picture)) if picture and number == 0 else "",
    )


def _format(name: str) -> Format:
    """Return the format of a finished name; ``{ext}`` may have brought any."""
    found = format_of(name)
    if not found:
        raise InputError(
            f"retouchd does not write files like {name}",
            hint="let the rule name an output format, such as {stem}.png",
        )
    return found


def _sized(picture: Picture, output: Output) -> Picture:
    """Shrink to exactly the wanted size; enlarge only where the rule says so."""
    if not output.size.is_set:
        return picture
    have = picture.image.width, picture.image.height
    want = output.size.target(*have)
    if want == have or (sum(want) > sum(have) and not output.enlarge):
        return picture
    return picture.with_image(resized(picture.image, *want))
