"""Escalation reaches what the top tier reaches, for less: the benchmark in small.

The whole one, with real weights and a hundred pictures, is tests/measure/escalation.py.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from retouchd.gates.sharpness import Sharpness
from retouchd.inspect import Limits
from retouchd.jobs.budget import MemoryBudget
from retouchd.jobs.runner import Runner
from retouchd.models.adding.registration import Wishes, examine_network
from retouchd.models.runtime import Runtime
from retouchd.models.shelf import Shelf
from retouchd.models.store import add_model
from retouchd.rules.escalate import Escalate
from retouchd.rules.schema import Output, Rule
from retouchd.steps.upscale import Upscale
from retouchd.values import Outcome, Tier

SAMPLES = Path(__file__).resolve().parents[2] / "sample_hotfolder" / "in"
RENDERS = ("camera_street.jpg", "product_mug.jpg", "print_scene.tif")
EDGE = 140
MOST_BLUR = 0.535
MOST_SHARE = 0.5


def network(*, sharpens: float, width: int) -> onnx.ModelProto:
    """Enlarge twice, sharpen so much, and be busy with *width* channels meanwhile."""
    kernel = cv2.getGaussianKernel(9, 1.6) @ cv2.getGaussianKernel(9, 1.6).T
    unsharp = -sharpens * kernel
    unsharp[4, 4] += 1 + sharpens
    idle = np.zeros((3, width, 3, 3))
    weights = {
        "scales": np.array([1, 1, 2, 2]),
        "unsharp": np.repeat(unsharp[None, None], 3, axis=0),
        "first": np.full((width, 3, 3, 3), 0.01),
        "second": np.full((width, width, 3, 3), 0.01),
        "last": idle,
        "zero": np.array(0.0),
        "one": np.array(1.0),
    }
    make, around = helper.make_node, [4, 4, 4, 4]
    nodes = [
        make("Resize", ["x", "", "scales"], ["a"], mode="cubic"),
        make("Conv", ["a", "unsharp"], ["b"], group=3, pads=around),
        make("Conv", ["x", "first"], ["c"], pads=[1] * 4),
        make("Conv", ["c", "second"], ["d"], pads=[1] * 4),
        make("Conv", ["d", "last"], ["e"], pads=[1] * 4),
        make("Resize", ["e", "", "scales"], ["f"], mode="nearest"),
        make("Add", ["b", "f"], ["g"]),
        make("Clip", ["g", "zero", "one"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes,
        "tier",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, None, None])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 3, None, None])],
        [
            numpy_helper.from_array(value.astype(np.float32), name)
            for name, value in weights.items()
        ],
    )
    opset = [helper.make_opsetid("", 17)]
    return helper.make_model(graph, opset_imports=opset, ir_version=8)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """A cheap soft network and a dear sharp one, registered as people's files are."""
    folder = tmp_path_factory.mktemp("tiers")
    street = cv2.imread(str(SAMPLES / RENDERS[0]))[:, :, ::-1]
    tiers: tuple[tuple[Tier, float, int], ...] = (("draft", 0, 1), ("hero", 1.5, 448))
    for tier, sharpens, width in tiers:
        file = folder / f"{tier}.onnx"
        file.write_bytes(network(sharpens=sharpens, width=width).SerializeToString())
        wishes = Wishes(task="upscale", tier=tier, default=True)
        tried = examine_network(file, wishes, np.ascontiguousarray(street))
        add_model(folder / "models", tried.manifest, tried.weights)
    return Shelf([folder / "models"], Runtime("cpu"))


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    """Renders of ours, six sound and two out of focus."""
    made = []
    for number in range(8):
        whole = cv2.imread(str(SAMPLES / RENDERS[number % 3]))
        factor = (EDGE + 10 * number) / max(whole.shape[:2])
        small = cv2.resize(
            whole, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA
        )
        if number % 4 == 3:
            small = cv2.GaussianBlur(small, (0, 0), 1.3)
        made.append(tmp_path / f"{number}.png")
        cv2.imwrite(str(made[-1]), small)
    return made


def test_same_gates_for_half_the_compute(
    shelf: Shelf, pictures: list[Path], order: Any
) -> None:
    """As many results pass as at the top tier, for half the CPU seconds at most."""
    runner = Runner(shelf, Limits(), MemoryBudget(1 << 28))

    def run(picture: Path, tier: Tier, escalate: Escalate | None) -> Outcome:
        rule = Rule(
            rule="r",
            tier=tier,
            escalate=escalate,
            steps=(("upscale", Upscale(factor=2)),),
            gates=(("sharpness", Sharpness(max_blur=MOST_BLUR)),),
            outputs=(Output(name="{stem}.png"),),
        )
        made = order()
        drop = replace(made.drop, path=picture)
        return runner.run(replace(made, drop=drop, rules=(rule,)))

    top = [run(picture, "hero", None) for picture in pictures]
    cheap = [run(picture, "draft", Escalate(to="hero")) for picture in pictures]

    assert [one.error for one in (*top, *cheap)] == [""] * 16
    assert passed(cheap) >= passed(top) == len(pictures)
    assert sorted(one.attempts for one in cheap) == [1] * 6 + [2] * 2
    share = cpu_s(cheap) / cpu_s(top)
    assert share <= MOST_SHARE


def passed(outcomes: list[Outcome]) -> int:
    """Results whose kept attempt passed its gates."""
    return sum(
        all(run.passed for run in one.gate_runs if run.attempt == one.kept_attempt)
        for one in outcomes
    )


def cpu_s(outcomes: list[Outcome]) -> float:
    """CPU seconds of everything, decoding, gates and encoding included."""
    return sum(run.cpu_s for one in outcomes for run in one.step_runs)
