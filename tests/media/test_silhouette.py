"""The outline of a subject without detail tells how its shape changed."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from retouchd.media.measures.geometry import shape_by_features
from retouchd.media.measures.silhouette import shape_by_silhouette

Plane = NDArray[np.uint8]


def pebble(*, chipped: bool = False) -> Plane:
    """Paint a smooth subject on a plain backdrop; its edge is soft."""
    plane = np.full((400, 500), 240, np.uint8)
    cv2.ellipse(plane, (250, 200), (150, 90), 20, 0, 360, 110, -1)
    if chipped:
        cv2.circle(plane, (380, 240), 40, 240, -1)
    return cv2.GaussianBlur(plane, (0, 0), 4)


def test_features_say_nothing_of_it() -> None:
    """That is why there is another measure."""
    assert shape_by_features(pebble(), pebble(), None) is None


@pytest.mark.parametrize("factor", [0.6, 1.0, 1.7])
def test_size_place_and_backdrop_do_not_matter(factor: float) -> None:
    """Cropped, resized and set on another ground it is the same shape."""
    after = cv2.resize(pebble()[60:, 40:], None, fx=factor, fy=factor)

    shape = shape_by_silhouette(pebble(), 250 - after, None)

    assert shape is not None
    assert shape.stretch < 0.01
    assert shape.parts < 0.002


@pytest.mark.parametrize("share", [0.03, 0.08])
def test_finds_how_far_it_was_stretched(share: float) -> None:
    """Three percent are enough to be seen."""
    after = cv2.resize(pebble(), (round(500 * (1 + share)), 400))

    shape = shape_by_silhouette(pebble(), after, None)

    assert shape is not None
    assert shape.stretch == pytest.approx(share, abs=0.008)


def test_finds_a_part_that_is_gone() -> None:
    """A chip off its edge changes the outline."""
    subject = np.where(pebble() < 175, 255, 0).astype(np.uint8)

    shape = shape_by_silhouette(pebble(), pebble(chipped=True), subject)

    assert shape is not None
    assert shape.parts > 0.01


def test_says_nothing_where_the_frame_cuts_it() -> None:
    """What lies outside the frame cannot be compared."""
    assert shape_by_silhouette(pebble(), pebble()[:, 200:], None) is None
    assert shape_by_silhouette(pebble()[:, 200:], pebble(), None) is None
