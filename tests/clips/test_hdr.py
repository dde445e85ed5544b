"""HDR clips: kept as they are, or brought to SDR by the published formulas."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import pyvips
from numpy.typing import NDArray

from retouchd.errors import InputError
from retouchd.media.clips import hdr
from retouchd.media.clips.handling import ClipHandling
from retouchd.media.clips.light import Mastering
from retouchd.media.clips.opening import read_facts
from retouchd.media.clips.tone_mapping import ToneMapping, as_sdr
from retouchd.rules.load import load_rule
from retouchd.steps.flatten import Flatten
from retouchd.values import Outcome

MakeClip = Callable[..., Path]
Finish = Callable[..., Outcome]
TONE_MAP = {
    "clip": ClipHandling(hdr="tone_map"),
    "steps": (("flatten", Flatten()),),
}
"""A rule whose step leaves every pixel as it is."""

BT2020, P3 = 9, 12

MASTERING = (
    "log-level=none:hdr10=1:max-cll=900,300:master-display="
    "G(8500,39850)B(6550,2300)R(35400,14600)WP(15635,16450)L(10000000,1)"
)
"""BT.2020 and 1000 cd/m2, as x265 wants it."""


def grey(*values: float) -> NDArray[np.float64]:
    """Return greys of these signals, (N, 3)."""
    return np.repeat(np.array(values, float)[:, None], 3, axis=1)


def mapped(
    signal: NDArray[np.float64], transfer: int = hdr.PQ, peak: float = 1000
) -> NDArray[np.float64]:
    """Tone-map a signal by the formulas alone."""
    return hdr.sdr_signal(signal, transfer, BT2020, peak)


def hdr_clip(
    path: Path, signal: NDArray[np.float64], transfer: int, x265: str = ""
) -> Path:
    """Write five frames of greys: 10 bits, BT.2020, *signal* (height, width)."""
    codec, form = ("libx265", "yuv420p10le") if x265 else ("ffv1", "yuv444p10le")
    with av.open(path, "w") as clip:
        stream = clip.add_stream(codec, rate=25)
        if x265:
            stream.options = {"x265-params": x265}
        context = stream.codec_context
        context.height, context.width = signal.shape
        context.pix_fmt, context.time_base = form, Fraction(1, 25)
        context.colorspace = context.color_primaries = BT2020
        context.color_trc, context.color_range = transfer, 1
        for number in range(5):
            frame = av.VideoFrame(context.width, context.height, form)
            for place, plane in enumerate(frame.planes):
                codes = np.full((plane.height, plane.line_size // 2), 512, np.uint16)
                if place == 0:
                    codes[:, : plane.width] = np.rint(64 + 876 * signal)
                plane.update(codes.tobytes())
            frame.pts, frame.time_base = number, Fraction(1, 25)
            frame.colorspace = frame.color_primaries = BT2020
            frame.color_trc, frame.color_range = transfer, 1
            clip.mux(stream.encode(frame))
        clip.mux(stream.encode(None))
    return path


def test_pq_and_hlg_are_read_as_the_recommendation_says() -> None:
    """Light of some signals, worked by hand from BT.2100, and those of BT.2408."""
    pq = hdr.pq_light(np.array([0.0, 0.5, 1.0]))
    hlg = hdr.hlg_light(grey(0.0, 0.5, 1.0))[:, 0]

    # (0.5 ^ (1 / 78.84375) - 0.8359375) / (18.8515625 - 18.6875 * 0.99125) = 0.009417
    np.testing.assert_allclose(pq, [0, 92.2457, 10_000], rtol=1e-5)
    # 0.5 ^ 2 / 3 = 1 / 12 of the scene; 1000 * (1 / 12) ^ 1.2
    np.testing.assert_allclose(hlg, [0, 50.697, 1000], rtol=1e-4)
    # BT.2408, table 1: 203 cd/m2 is 58 % of PQ and 75 % of HLG.
    assert hdr.pq_signal(np.array(203.0)) == pytest.approx(0.58, abs=0.001)
    assert hdr.hlg_light(grey(0.75))[0, 0] == pytest.approx(203, abs=0.5)
    light = np.geomspace(0.001, 10_000, 50)
    np.testing.assert_allclose(hdr.pq_light(hdr.pq_signal(light)), light, rtol=1e-9)


def test_white_lands_where_the_spline_puts_it() -> None:
    """Diffuse white leaves room for highlights; without highlights it is full."""
    # PQ of 203 and 1000: 0.58069 and 0.75183, their quotient 0.77237, the knee 0.65856.
    # White lies at 1/3 of the way from the knee: 20/27 * 0.65856 + 4/27 * 0.34144
    # + 7/27 * 0.77237 = 0.73864, times 0.75183 = 0.55534, which is 159.04 cd/m2.
    assert hdr.eetf(np.array(203.0), 1000) == pytest.approx(159.04, abs=0.01)
    assert hdr.eetf(np.array(203.0), 203) == 203
    # 159.04 / 203 to the power of 1 / 2.4
    assert mapped(hdr.pq_signal(grey(203)))[0, 0] == pytest.approx(0.9033, abs=1e-4)
    assert mapped(grey(0.75), hdr.HLG)[0, 0] == pytest.approx(0.9033, abs=5e-4)
    # Below the knee, at 88 cd/m2, light stays as it is.
    assert hdr.eetf(np.array(80.0), 1000) == 80
    assert hdr.eetf(np.array(1000.0), 1000) == pytest.approx(203)


@pytest.mark.parametrize("transfer", [hdr.PQ, hdr.HLG])
def test_greys_stay_neutral_and_a_ramp_never_clips(transfer: int) -> None:
    """Every step of a ramp up to the peak is still a step, in all three components."""
    top = float(hdr.pq_signal(np.array(1000.0))) if transfer == hdr.PQ else 1.0
    ramp = grey(*np.linspace(0, top, 1024))

    out = mapped(ramp, transfer)

    assert np.ptp(out, axis=1).max() < 1e-12
    assert (np.diff(out[:, 0]) > 0).all()
    assert out[0, 0] == 0
    assert out[-1, 0] == pytest.approx(1)


@pytest.mark.parametrize("colour", [(1, 0.4, 0.4), (0.3, 1, 0.3), (0.5, 0.6, 1)])
def test_ramps_of_colours_neither_clip_nor_change_their_hue(
    colour: tuple[float, float, float],
) -> None:
    """The order of the components stays, and each of them grows with the light."""
    light = np.linspace(1, 1000, 500)[:, None] * np.array(colour)

    out = mapped(hdr.pq_signal(light))

    assert (np.diff(out, axis=0) > 0).all()
    assert out.min() > 0
    assert (out.argmax(axis=1) == np.argmax(colour)).all()


def test_colours_beyond_bt709_keep_their_differences() -> None:
    """From grey to the purest green of BT.2020 every step gets purer; none is cut."""
    least = np.linspace(100, 0, 200)
    light = np.stack([least, np.full(200, 100.0), least], axis=1)

    out = mapped(hdr.pq_signal(light))

    purity = 1 - (out.min(axis=1) / out.max(axis=1)) ** 2.4
    assert (np.diff(purity) > 0).all()
    assert purity[-1] < 1


def test_sdr_in_an_hdr_signal_comes_back_as_it_was() -> None:
    """Colours of BT.709 at up to 203 cd/m2, where nothing is brighter, are the same."""
    rng = np.random.default_rng(3)
    sdr = rng.uniform(0.6, 0.85, (4000, 3))
    light = 203 * sdr**2.4 @ np.linalg.inv(hdr._to_bt709(BT2020)).T

    out = mapped(hdr.pq_signal(light), peak=203)

    np.testing.assert_allclose(out, sdr, atol=1e-6)


@pytest.mark.parametrize("transfer", [hdr.PQ, hdr.HLG])
@pytest.mark.parametrize("primaries", [BT2020, P3])
def test_table_is_as_good_as_the_formulas(
    make_clip: MakeClip, transfer: int, primaries: int
) -> None:
    """On everyday colours the baked table is within half a code of 8 bits.

    One in a hundred samples, in the purest colours, may be off by more.
    """
    clip = make_clip(pixel_format="yuv420p10le", tags=(9, primaries, transfer, 1))
    mapping = ToneMapping(read_facts(clip, "mov"))
    rng = np.random.default_rng(4)
    middle = rng.uniform(0.25, 0.65, (64, 64, 1))
    signal = middle + rng.uniform(-0.04, 0.04, (64, 64, 3))
    codes = np.rint(signal * 65_535).astype(np.uint16)

    out = mapping.apply(codes.copy()) / 65_535

    exact = hdr.sdr_signal(codes / 65_535, transfer, primaries, 1000)
    off = np.abs(out - exact) * 255
    assert np.quantile(off, 0.99) < 0.5
    assert off.mean() < 0.1


@pytest.mark.parametrize("transfer", [hdr.PQ, hdr.HLG])
def test_tone_mapped_clip_is_sdr_in_its_samples_and_in_its_tags(
    finish: Finish, tmp_path: Path, transfer: int
) -> None:
    """Diffuse white and a dark grey are where the formulas put them; all says BT.709.

    White is 0.9033 of the signal: 64 + 876 * 0.9033 = 855 of 10 bits.
    """
    white = 0.5807 if transfer == hdr.PQ else 0.75
    signal = np.tile(np.repeat([white, 0.3], 16), (16, 1))
    source = hdr_clip(tmp_path / "in.mkv", signal, transfer)

    outcome = finish(source, {"name": "{stem}.mkv", "codec": "ffv1"}, **TONE_MAP)

    with av.open(outcome.renditions[0].stage) as clip:
        frames = list(clip.decode(video=0))
    first = frames[0]
    luma = np.frombuffer(first.planes[0], np.uint16).reshape(16, -1)
    dark = mapped(grey(0.3), transfer)[0, 0]
    assert len(frames) == 5
    assert abs(int(luma[8, 4]) - 855) <= 1
    assert abs(int(luma[8, 24]) - (64 + 876 * dark)) <= 1.5
    assert [int(np.frombuffer(plane, np.uint16)[0]) for plane in first.planes[1:]] == [
        512,
        512,
    ]
    assert (first.colorspace, first.color_primaries, first.color_trc) == (1, 1, 1)
    assert first.color_range == 1


def test_peak_comes_from_the_mastering_data(tmp_path: Path) -> None:
    """What the clip tells wins over 1000 cd/m2, and the brighter word over the other.

    A MaxCLL that is too small would cost highlights.
    """
    source = hdr_clip(
        tmp_path / "in.mp4", np.full((48, 64), 0.7), hdr.PQ, x265=MASTERING
    )
    facts = read_facts(source, "mov")

    told = facts.mastering
    assert told is not None
    assert (told.brightest, told.content_peak, told.content_average) == (1000, 900, 300)
    assert told.peak_nits == 1000
    bright = replace(facts, mastering=Mastering(brightest=4000))
    full = np.full((1, 1, 3), 65_535 * 0.7518, np.uint16)
    assert ToneMapping(facts).apply(full.copy()).min() > 65_000
    assert ToneMapping(bright).apply(full.copy()).max() < 64_500


@pytest.mark.parametrize(
    ("codec", "notes"),
    [
        ("hevc", ()),
        ("av1", ()),
        ("h264", ("left out of the result: mastering data of HDR",)),
    ],
)
def test_untouched_hdr_keeps_its_mastering_data_or_says_so(
    finish: Finish, tmp_path: Path, codec: str, notes: tuple[str, ...]
) -> None:
    """What cannot be stated in the result is named."""
    source = hdr_clip(
        tmp_path / "in.mp4", np.full((48, 64), 0.7), hdr.PQ, x265=MASTERING
    )

    outcome = finish(source, {"name": "{stem}.mp4", "codec": codec})

    before = read_facts(source, "mov")
    after = read_facts(outcome.renditions[0].stage, "mov")
    assert outcome.notes == notes
    assert after.tags == before.tags
    if notes:
        return
    assert before.mastering
    assert after.mastering
    assert after.mastering.corners == pytest.approx(before.mastering.corners, abs=1e-4)
    assert after.mastering.peak_nits == before.mastering.peak_nits
    assert after.mastering.content_average == 300


def test_tone_mapped_clip_says_nothing_of_hdr(finish: Finish, tmp_path: Path) -> None:
    """Mastering data goes with the HDR that it described."""
    source = hdr_clip(
        tmp_path / "in.mp4", np.full((48, 64), 0.7), hdr.PQ, x265=MASTERING
    )

    outcome = finish(source, {"name": "{stem}.mp4", "codec": "h264"}, **TONE_MAP)

    after = read_facts(outcome.renditions[0].stage, "mov")
    assert outcome.notes == ()
    assert after.mastering is None
    assert after.tags == as_sdr(read_facts(source, "mov")).tags


def test_hdr_that_is_coded_otherwise_is_refused(make_clip: MakeClip) -> None:
    """ICtCp (matrix 14) is told, not guessed at."""
    clip = make_clip(pixel_format="yuv420p10le", tags=(14, 9, 16, 1))

    with pytest.raises(InputError, match="matrix 14") as refusal:
        ToneMapping(read_facts(clip, "mov"))

    assert "BT.709 SDR" in refusal.value.hint


def test_rule_says_what_becomes_of_hdr(
    make_clip: MakeClip, finish: Finish, tmp_path: Path
) -> None:
    """Without a word the clip is refused, and the way out is named; posters are SDR."""
    source = make_clip(pixel_format="yuv420p10le", tags=(9, 9, 16, 1))
    folder = tmp_path / "rules"
    folder.mkdir()
    text = "rule: sdr\nclip: {hdr: tone_map}\noutputs: [{name: '{stem}.mp4'}]\n"
    (folder / "sdr.yaml").write_text(text)

    rule = load_rule(folder / "sdr.yaml")
    refused = finish(source, {"name": "{stem}.mp4", "width": 32})
    kept = finish(source, {"name": "{stem}.mp4"}, {"name": "{stem}.png"})

    assert rule.clip == ClipHandling(hdr="tone_map")
    assert "HDR" in refused.error
    assert "clip: {hdr: tone_map}" in refused.hint
    clip, poster = kept.renditions
    assert read_facts(clip.stage, "mov").tags.is_hdr
    with av.open(source) as container:
        raw = next(container.decode(video=0)).to_ndarray(format="rgb24")
    still = pyvips.Image.new_from_file(str(poster.stage))
    # Its PQ codes as they are would be much greyer than what they stand for.
    assert still.max() > raw.max()
