"""Encoders are tried out before they are trusted; none takes another one's place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from retouchd.errors import ConfigError, InputError
from retouchd.inspect import Limits
from retouchd.jobs.budget import MemoryBudget
from retouchd.jobs.order import Order
from retouchd.jobs.runner import Runner
from retouchd.media.clips.encoding import ClipEncoding
from retouchd.media.clips.opening import opened, read_facts
from retouchd.media.clips.proving import prove
from retouchd.media.clips.segment_writer import SegmentWriter
from retouchd.models.runtime import Runtime, has_nvidia_device
from retouchd.models.shelf import Shelf
from retouchd.ops import doctor
from retouchd.parts import rule_book
from retouchd.rules.schema import Output, Rule
from retouchd.settings import HotFolder, Settings, Video
from retouchd.values import Drop

without_gpu = pytest.mark.skipif(
    has_nvidia_device(), reason="the GPU here may really encode"
)


@pytest.mark.parametrize(
    ("container", "codec"),
    [
        ("mp4", "h264"),
        ("mp4", "hevc"),
        ("mp4", "av1"),
        ("webm", "vp9"),
        ("mov", "prores"),
        ("matroska", "ffv1"),
    ],
)
def test_what_works_passes(
    capfd: pytest.CaptureFixture[str], container: str, codec: str
) -> None:
    """Every software encoder gives back the frames that it got, and chatters not."""
    prove(ClipEncoding(container, codec))

    assert "".join(capfd.readouterr()) == ""


class Blurring(ClipEncoding):
    """An encoder that opens, takes frames and ruins them."""

    def configure(self, context: Any, mastering: Any = None) -> None:
        """Ask for the worst there is."""
        super().configure(context, mastering)
        context.options = {"crf": "51"}


class Broken(ClipEncoding):
    """An encoder that does not open."""

    def configure(self, context: Any, mastering: Any = None) -> None:
        """Ask for what it does not know."""
        super().configure(context, mastering)
        context.options = {"preset": "no such preset"}


def test_other_pictures_are_noticed() -> None:
    """That something comes out is not enough; what a rule wants plays no part."""
    prove(ClipEncoding("mp4", "h264", quality=1))

    with pytest.raises(InputError, match=r"other pictures came back \(\d+ dB\)"):
        prove(Blurring("mp4", "h264"))


def test_hardware_is_for_the_codecs_that_it_has() -> None:
    """The others are made in software, and asked for depth and alpha as ever."""
    by = {
        codec: ClipEncoding("matroska", codec, by="nvenc")
        for codec in ("h264", "hevc", "av1", "vp9", "ffv1")
    }

    assert {codec: one.encoder for codec, one in by.items()} == {
        "h264": "h264_nvenc",
        "hevc": "hevc_nvenc",
        "av1": "av1_nvenc",
        "vp9": "libvpx-vp9",
        "ffv1": "ffv1",
    }
    assert by["hevc"].pixel_format_for("yuv420p10le") == "p010le"
    assert by["h264"].pixel_format_for("yuv420p") == "yuv420p"
    with pytest.raises(InputError, match="holds no transparency"):
        by["hevc"].pixel_format_for("yuva420p")


@without_gpu
def test_hardware_that_is_not_here_is_refused_at_start(tmp_path: Path) -> None:
    """`check` and the daemon name the key, the reason and the way out; so does doctor.

    A rule without clips has no use for it.
    """
    rules = tmp_path / "rules"
    rules.mkdir()
    for name, output in (("film", "{stem}.mp4"), ("still", "{stem}.jpg")):
        text = f"rule: {name}\noutputs: [{{name: '{output}'}}]\n"
        (rules / f"{name}.yaml").write_text(text)

    def settings(rule: str) -> Settings:
        return Settings(
            database=tmp_path / "retouchd.db",
            rules_dir=rules,
            hot_folders=(
                HotFolder(name="shop", path=tmp_path / "shop", rules=(rule,)),
            ),
            video=Video(encoder="nvenc"),
        )

    with pytest.raises(ConfigError) as refusal:
        rule_book(settings("film"))
    rule_book(settings("still"))
    found = doctor.examine(settings("film"))
    findings = [one for one in found if one.subject == "video encoder"]

    [problem] = refusal.value.problems
    assert problem.key == "video.encoder"
    assert problem.message.startswith("the encoder h264_nvenc does not work here")
    assert 'encoder = "software"' in problem.hint
    assert [one.verdict for one in findings] == ["problem"]
    assert list(doctor.encoder("software")) == []


def test_an_encoder_that_does_not_open_is_named(
    make_clip: Callable[..., Path], tmp_path: Path
) -> None:
    """Its failure is the job's reason, not a mistake of the program."""
    source = make_clip("in.mkv", codec="ffv1", pixel_format="yuv444p", sound=False)
    facts = read_facts(source, "matroska")

    with (
        opened(source, "matroska", facts) as clip,
        SegmentWriter(tmp_path / "out.mkv", Broken("matroska", "h264"), clip) as writer,
        pytest.raises(InputError, match="the encoder libx264 failed") as refusal,
    ):
        writer.write(next(clip.frames()))

    assert "name another codec" in refusal.value.hint


@without_gpu
def test_jobs_fail_with_the_reason_instead_of_using_software(
    make_clip: Callable[..., Path], tmp_path: Path
) -> None:
    """No clip is encoded by what nobody asked for, and nothing is left behind."""
    runner = Runner(
        Shelf((), Runtime(device="cpu")),
        Limits(),
        MemoryBudget(1 << 30),
        encoder="nvenc",
    )
    source = make_clip()
    (tmp_path / "out").mkdir()
    rule = Rule(rule="r", outputs=(Output(name="{stem}.mp4"),))
    order = Order(
        "job",
        Drop("hot", source.name, source),
        (rule,),
        {"out": tmp_path / "out" / "job", "review": tmp_path / "out" / "job"},
    )

    outcome = runner.run(order)

    assert "the encoder h264_nvenc does not work here" in outcome.error
    assert 'encoder = "software"' in outcome.hint
    assert list((tmp_path / "out").iterdir()) == []
