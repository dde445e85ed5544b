"""Models of three tiers that differ in brightness, and gates that see it."""

from __future__ import annotations

import hashlib
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from retouchd.gate import Attempt, Gate
from retouchd.inspect import Limits
from retouchd.jobs.budget import MemoryBudget
from retouchd.jobs.cost_guide import CostGuide
from retouchd.jobs.order import Order
from retouchd.jobs.runner import Runner
from retouchd.media.framing import resized
from retouchd.media.pixels import from_array, to_array
from retouchd.models.runtime import Runtime
from retouchd.models.shelf import Shelf
from retouchd.models.tiles import enlarge
from retouchd.rules.escalate import Escalate
from retouchd.rules.schema import Output, Rule
from retouchd.step import ModelStep, Step, Tools
from retouchd.steps.flatten import Flatten
from retouchd.values import GateRun, Outcome, Picture, Task

MANIFEST = """\
name = "{name}"
task = "upscale"
tier = "{tier}"
default = true
file = "weights.onnx"
sha256 = "{sha256}"
bytes = {bytes}
licence = "CC0-1.0"
source = "test"
scale = 2
tileable = "exact"
tile = 64
halo = 0
[input]
name = "x"
[output]
name = "y"
"""


def shelve(models: Path, tier: str, gain: float, idle: int = 0) -> Path:
    """Add a model of *tier* that doubles the size and multiplies levels by *gain*.

    Args:
        models: where.
        tier: its name is ``gain-TIER``.
        gain: of levels.
        idle: so many channels keep it busy, and add nothing to the result.
    """
    weights = np.zeros((12, 3, 1, 1), np.float32)
    for channel in range(12):
        weights[channel, channel // 4] = gain
    axes = [None] * 4
    width = max(1, idle)
    busy = np.zeros((width, width, 3, 3), np.float32)
    tensors = {"w": weights, "a": busy[:, :3], "b": busy, "z": busy[:12]}
    if idle:
        make, around = helper.make_node, [1] * 4
        nodes = [
            make("Conv", ["x", "w"], ["colours"]),
            make("Conv", ["x", "a"], ["busy"], pads=around),
            make("Conv", ["busy", "b"], ["busier"], pads=around),
            make("Conv", ["busier", "z"], ["nothing"], pads=around),
            make("Add", ["colours", "nothing"], ["c"]),
        ]
    else:
        nodes, tensors = [helper.make_node("Conv", ["x", "w"], ["c"])], {"w": weights}
    spread = helper.make_node("DepthToSpace", ["c"], ["y"], blocksize=2, mode="CRD")
    graph = helper.make_graph(
        [*nodes, spread],
        "gain",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, axes)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, axes)],
        [numpy_helper.from_array(value, name) for name, value in tensors.items()],
    )
    opset = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=8)
    content = model.SerializeToString()
    folder = models / f"gain-{tier}"
    folder.mkdir(parents=True)
    (folder / "weights.onnx").write_bytes(content)
    text = MANIFEST.format(
        name=folder.name,
        tier=tier,
        sha256=hashlib.sha256(content).hexdigest(),
        bytes=len(content),
    )
    (folder / "model.toml").write_text(text)
    return folder


class Shade(ModelStep):
    """Multiply levels by the gain of the tier's model; the size stays."""

    task: ClassVar[Task] = "upscale"
    source_type: ClassVar[str] = "algorithmicallyEnhanced"

    def apply(self, picture: Picture, tools: Tools) -> Picture:
        """Run the model and shrink its result."""
        session = tools.model(self.task, name=self.model, tier=self.tier)
        pixels = from_array(enlarge(session, to_array(picture.image)))
        image = resized(pixels, picture.image.width, picture.image.height)
        return picture.with_image(image.copy(interpretation="srgb"))


class Counted(Step):
    """Change nothing, and count how often that was asked for."""

    times: ClassVar[list[int]] = []

    def apply(self, picture: Picture, tools: Tools) -> Picture:  # noqa: ARG002
        """Count."""
        self.times.append(picture.image.width)
        return picture.with_image(picture.image.copy())


class Bright(Gate):
    """The result of each ``shade`` is bright enough."""

    watches: ClassVar[tuple[str, ...]] = ("shade",)

    least: float = 80.0
    blames: str = "shade"

    def judge(self, attempt: Attempt) -> GateRun:
        """Report the darkest one."""
        level = min(stage.after.image.avg() for stage in attempt.stages)
        passed = level >= self.least
        detail = "" if passed else "it is dark"
        step = "" if passed else self.blames
        value = round(level, 1)
        return GateRun("bright", value, "levels", self.least, passed, detail, step)


class Marked(Step):
    """Leave one more byte in a file, and take a while."""

    sign: str  # no Path, which would be a file that the rule reads
    seconds: float = 0.0

    def apply(self, picture: Picture, tools: Tools) -> Picture:  # noqa: ARG002
        """Change nothing, slowly."""
        with Path(self.sign).open("a") as file:
            file.write("x")
        time.sleep(self.seconds)
        return picture


TO_HERO = Escalate(to="hero")
STEPS = (("counted", Counted()), ("shade", Shade()), ("flatten", Flatten()))


def bright(least: float, **options: Any) -> tuple[tuple[str, Bright], ...]:
    """Ask for a level."""
    return (("bright", Bright(least=least, **options)),)


def runner_of(models: Path) -> Runner:
    """Make a worker's runner, which knows nothing yet."""
    shelf = Shelf([models], Runtime(device="cpu"))
    return Runner(shelf, Limits(), MemoryBudget(1 << 28))


def run_rule(
    models: Path,
    order: Order,
    guide: CostGuide | None = None,
    runner: Runner | None = None,
    **changes: Any,
) -> Outcome:
    """Run a rule that may climb on the picture of *order*.

    Args:
        models: folder of models.
        order: its rule is replaced.
        guide: what work costs.
        runner: of a worker that has run before.
        changes: of the rule; ``spent`` and ``tier`` are those of the order,
            ``first_tier`` is the tier of the rule.
    """
    Counted.times.clear()
    about_order = {key: changes.pop(key) for key in ("tier", "spent") if key in changes}
    if "first_tier" in changes:
        changes["tier"] = changes.pop("first_tier")
    rule = Rule(
        **{
            "rule": "r",
            "escalate": TO_HERO,
            "steps": STEPS,
            "gates": bright(80),
            "outputs": (Output(name="{stem}-{tier}.png"),),
        }
        | changes
    )
    made = replace(order, rules=(rule,), guide=guide or CostGuide(), **about_order)
    return (runner or runner_of(models)).run(made)
