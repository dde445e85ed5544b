"""What frames show of one another's hidden parts, on shots whose truth is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from retouchd.media.motion.borrow import borrow
from retouchd.media.motion.keepsake import Carried
from retouchd.media.motion.sight import Window, sight_of
from retouchd.media.motion.window import frames_held, windows
from retouchd.media.pixels import from_array, to_array
from retouchd.values import Picture

Array = NDArray[Any]
WIDTH, HEIGHT = 240, 160
MARK = (slice(60, 92), slice(100, 140))
MIDDLE = 20


def world(seed: int = 1) -> Array:
    """Patterns of several sizes, 520 x 420, levels of 255."""
    random = np.random.default_rng(seed)
    layers = [
        cv2.resize(
            random.uniform(-1, 1, (420 // size, 520 // size, 3)),
            (520, 420),
            interpolation=cv2.INTER_CUBIC,
        )
        for size in (6, 14, 40)
    ]
    return np.asarray(128 + 35 * np.sum(layers, axis=0)).clip(0, 255)


def seen(ground: Array, place: Array) -> Array:
    """What a camera sees of *ground* from a *place* (2, 3)."""
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    return np.asarray(
        cv2.warpAffine(ground, place, (WIDTH, HEIGHT), flags=flags).clip(0, 255)
    )


def pan(step: float) -> Callable[[int], Array]:
    """Move to the right by *step* pixels a frame."""
    return lambda n: np.array([[1, 0, 30 + step * n], [0, 1, 100]], np.float64)


def turn(n: int) -> Array:
    """Turn, zoom and move."""
    angle, zoom = 0.003 * n, 1 - 0.003 * n
    cos, sin = zoom * np.cos(angle), zoom * np.sin(angle)
    return np.array([[cos, -sin, 60 + 3 * n], [sin, cos, 100]])


def shot(camera: Callable[[int], Array], count: int = 2 * MIDDLE) -> list[Array]:
    """Frames (H, W, 3) of a camera over the world."""
    ground = world()
    return [seen(ground, camera(n)) for n in range(count)]


def fixed(_: int) -> tuple[slice, slice]:
    """Where a mark is that never moves."""
    return MARK


def around(
    frames: Sequence[Array],
    place: Callable[[int], tuple[slice, slice]] = fixed,
    dtype: type = np.uint8,
    carried: Carried | None = None,
) -> list[Window]:
    """Cover a place in each frame with white, and return the windows of all."""
    sights = []
    for number, frame in enumerate(frames):
        pixels = np.rint(frame * (np.iinfo(dtype).max / 255)).astype(dtype)
        hidden = np.zeros(frame.shape[:2], bool)
        hidden[place(number)] = True
        pixels[hidden] = np.iinfo(dtype).max
        sights.append(sight_of(Picture(from_array(pixels)), hidden))
    return list(windows(sights, {} if carried is None else carried))


def taken(window: Window, truth: Array) -> tuple[float, float]:
    """Return the share of the hole that neighbours fill, and how well, in decibels."""
    pixels = to_array(window.now.picture.image)
    filled, known = borrow(pixels, window)
    assert np.array_equal(filled[~known], pixels[~known])
    assert not (known & ~window.now.hidden).any()
    if not known.any():
        return 0.0, 0.0
    levels = filled[known] / (np.iinfo(pixels.dtype).max / 255)
    square = ((levels - truth[known]) ** 2).mean()
    share = known.sum() / window.now.hidden.sum()
    return float(share), float(10 * np.log10(255**2 / max(square, 1e-3)))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("step", [2, 2.37])
def test_a_pan_shows_what_is_behind_a_mark(step: float, dtype: type) -> None:
    """All of it, as it was, from whole pixels and from between them."""
    frames = shot(pan(step))

    share, decibels = taken(around(frames, dtype=dtype)[MIDDLE], frames[MIDDLE])

    assert share > 0.95
    assert decibels > 40


def test_the_first_frame_borrows_from_those_to_come() -> None:
    """They are waited for."""
    frames = shot(pan(2))

    share, decibels = taken(around(frames)[0], frames[0])

    assert share > 0.9
    assert decibels > 40


def test_a_camera_may_turn_and_zoom() -> None:
    """Neighbours are turned and scaled to fit."""
    frames = shot(turn)

    share, decibels = taken(around(frames)[MIDDLE], frames[MIDDLE])

    assert share > 0.9
    assert decibels > 34


def test_light_may_change() -> None:
    """What is borrowed is brought to the light of the frame."""
    frames = [frame * (1 - 0.01 * n) for n, frame in enumerate(shot(pan(2)))]

    share, decibels = taken(around(frames)[MIDDLE], frames[MIDDLE])

    assert share > 0.9
    assert decibels > 38


def test_a_camera_at_rest_shows_nothing_new() -> None:
    """Noise does not pass for motion."""
    random = np.random.default_rng(2)
    still = shot(pan(0), 1)[0]
    frames = [(still + random.normal(0, 3, still.shape)).clip(0, 255) for _ in range(9)]

    made = [taken(window, still) for window in around(frames)]

    assert made == [(0.0, 0.0)] * 9


def test_a_thing_that_passes_behind_the_mark_is_not_smeared() -> None:
    """The camera rests: nobody knows what is behind, whatever moves there."""
    still, thing = shot(pan(0), 1)[0], world(7)[:50, :50]
    frames = [still.copy() for _ in range(30)]
    for number, frame in enumerate(frames):
        frame[50:100, 20 + 5 * number : 70 + 5 * number] = thing[
            :, : max(0, min(50, WIDTH - 20 - 5 * number))
        ]

    made = [taken(window, still)[0] for window in around(frames)]

    assert max(made) == 0


def test_where_something_passes_before_a_moving_camera_it_is_left_to_the_model() -> (
    None
):
    """What is taken is true; what a thing of its own motion hides is not taken."""
    frames, thing = shot(pan(2)), world(7)[:70, :36]
    for number, frame in enumerate(frames):
        left = 20 + 4 * number  # over the left half of the mark in the middle
        frame[40:110, left : left + 36] = thing

    share, decibels = taken(around(frames)[MIDDLE], frames[MIDDLE])

    assert share < 0.7
    assert share == 0 or decibels > 30


def test_what_is_near_moves_otherwise_than_what_is_far() -> None:
    """A bar before a pan crosses the mark: nothing of it comes to a wrong place."""
    frames, bar = shot(pan(2)), world(7)[:22, :WIDTH]
    for number, frame in enumerate(frames):
        top = 30 + 2 * number  # over the middle of the mark in the middle
        frame[top : top + 22] = bar

    share, decibels = taken(around(frames)[MIDDLE], frames[MIDDLE])

    assert share == 0 or decibels > 30


def test_what_is_shown_wrongly_by_a_surface_that_changes_is_refused() -> None:
    """Ground that boils beneath a pan agrees with no neighbour."""
    frames = shot(pan(2))
    for number, frame in enumerate(frames):
        frame[40:120, 80:160] = world(100 + number)[:80, :80]

    share, _ = taken(around(frames)[MIDDLE], frames[MIDDLE])

    assert share == 0


def test_a_thing_that_goes_leaves_the_ground_that_others_show() -> None:
    """What is erased moves, the camera does not: the ground is as it was, exactly."""
    frames = shot(pan(0))

    def walking(number: int) -> tuple[slice, slice]:
        return slice(40, 110), slice(10 + 4 * number, 40 + 4 * number)

    share, decibels = taken(around(frames, walking)[MIDDLE], frames[MIDDLE])

    assert share == 1
    assert decibels > 50


def test_the_next_part_of_a_shot_knows_what_the_last_one_showed() -> None:
    """A slow pan: what is ahead is not enough, and a few pieces are carried over."""
    frames, carried = shot(pan(0.8), 100), Carried()
    around(frames[:80], carried=carried)

    known = taken(around(frames[80:], carried=carried)[5], frames[85])
    alone = taken(around(frames[80:])[5], frames[85])

    assert alone[0] < 0.6
    assert known[0] > 0.9
    assert known[1] > 38
    assert sum(name.startswith("pixels") for name in carried) <= 3


def test_at_rest_nothing_but_the_last_look_is_carried() -> None:
    """Frames that show no more than the next ones would only take room."""
    carried = Carried()

    around(shot(pan(0), 30), carried=carried)

    assert sorted(carried) == ["covered", "number", "small"]


def test_nothing_is_borrowed_over_a_cut() -> None:
    """Motion that is lost makes an end of the window, even if no cut was found."""
    other = [seen(world(9), pan(2)(n)) for n in range(MIDDLE)]
    frames = [*other, *shot(pan(2), 4)]

    made = around(frames)[MIDDLE]

    assert [one.away for one in made.neighbours] == [1, 2, 3]


def test_frames_without_anything_hidden_come_alone() -> None:
    """Where nothing is tagged nothing is compared or kept."""
    frames = shot(pan(2), 6)

    made = around(frames, lambda _: (slice(0, 0), slice(0, 0)))

    assert [window.neighbours for window in made] == [()] * 6


def test_a_window_does_not_grow_with_the_shot() -> None:
    """It holds what ``frames_held`` says, at most; fewer of large frames are ahead."""
    frames = shot(pan(0.5), 1) * 200

    counts = [len(window.neighbours) for window in around(frames)]

    assert max(counts) < frames_held(WIDTH, HEIGHT) <= 39
    assert frames_held(3840, 2160) == 21
