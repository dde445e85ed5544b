"""The contract of a step: its options, and one method that returns a new picture."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, ClassVar, Protocol, Self, TypeVar

from numpy.typing import NDArray
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationInfo

from retouchd.media.vips import pyvips
from retouchd.models.session import Session
from retouchd.models.shelf import Shelf
from retouchd.values import Picture, Task, Tier


def _beside_the_rule(value: object, info: ValidationInfo) -> Path:
    """Resolve a path in a rule against the folder of the rule file."""
    folder = (info.context or {}).get("folder", Path())
    path = Path(folder, str(value))
    if not path.is_file():
        raise ValueError(f"no such file: {path}")
    return path


RuleFile = Annotated[Path, BeforeValidator(_beside_the_rule)]
"""A file named in a rule; relative names start at the folder of the rule file."""


Item = TypeVar("Item")
Result = TypeVar("Result")


class Each(Protocol):
    """Does a piece of work to every item of a stream; see ``Tools.each``."""

    def __call__(
        self,
        work: Callable[[Item, Tools], Result],
        items: Iterable[Item],
        tools: Tools,
    ) -> Iterator[Result]:
        """Yield what *work* makes of *items*, in their order."""


def one_by_one(
    work: Callable[[Item, Tools], Result], items: Iterable[Item], tools: Tools
) -> Iterator[Result]:
    """Do *work* to each of *items* when its result is asked for."""
    for item in items:
        yield work(item, tools)


class Tools:
    """What a step may use beside the picture.

    Attributes:
        tier: the tier this attempt may spend, where the step names none itself.
        used: sessions that the step opened, in order, for the usage that is booked.
        notes: what people should know of this step; it goes into the job's story.
        mask: for gates, what the step worked on: one band as large as the picture it
            was given and as deep, full where something was filled or cut out. Of a
            stream: of the frame that was yielded last.
        carried: of a stream, arrays by name that the step left at the end of the
            frames before, of the same shot; where a shot begins, what ``measure`` found
            of it. They are small, and they are all that a step may remember: work on
            a long clip can be taken up again between any two of its parts.
    """

    def __init__(self, shelf: Shelf, tier: Tier, each: Each = one_by_one) -> None:
        self.shelf = shelf
        self.tier = tier
        self.used: list[Session] = []
        self.notes: list[str] = []
        self.mask: pyvips.Image | None = None
        self.carried: dict[str, NDArray[Any]] = {}
        self._each = each

    def each(
        self, work: Callable[[Item, Tools], Result], items: Iterable[Item]
    ) -> Iterator[Result]:
        """Do *work* to every one of *items*, several at a time where there is room.

        Args:
            work: gets an item and tools of its own; it may run in any thread.
            items: taken one by one, a few ahead of what is yielded.

        Yields:
            results in the order of the items; ``mask`` is then what *work* left there.
        """
        return self._each(work, items, self)

    def model(
        self, task: Task, *, name: str = "", tier: Tier | None = None, scale: int = 0
    ) -> Session:
        """Open the model for *task*: by *name*, else the tier's default.

        Args:
            task: what the model must do.
            name: a model's name; wins over *tier*.
            tier: overrides the tier of this attempt.
            scale: for ``upscale``, the smallest wanted factor; 0 takes any.

        Raises:
            ModelError: no such model here, or it does not load.
        """
        manifest = self.shelf.choose(
            task, name=name, tier=tier or self.tier, scale=scale
        )
        session = self.shelf.open(manifest)
        if session not in self.used:
            session.take()  # what a step that failed has left there
        self.used.append(session)
        if session.fell_back:
            self.notes.append(f"{manifest.name} ran on the CPU: the GPU did not load")
        return session


class Step(BaseModel):
    """One operation on a picture; the file it stands in names its word.

    A subclass holds its options as fields and begins ``apply`` with the case in
    which there is nothing to do.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    source_type: ClassVar[str] = ""
    """IPTC DigitalSourceType that a picture gets by this step; empty: none."""

    seconds_per_megapixel: ClassVar[float] = 20.0
    """After so long, for the larger of what it takes and gives, a step hangs.

    Generous: ten times what the slowest step needs on one old core.
    """

    def size_after(self, width: int, height: int) -> tuple[int, int]:
        """Return the pixels that a picture of *width* x *height* has after this step.

        Admission by memory asks before anything is decoded; an upper bound will do.
        """
        return width, height

    def frames_held(self, width: int, height: int) -> int:  # noqa: ARG002  (most hold none)
        """Return how many frames of *width* x *height* ``over`` holds, at most."""
        return 0

    def aiming_at(self, long_edge: int) -> Self:  # noqa: ARG002  (most have no size)
        """Return this step with the size of a goal, where the rule names none.

        Args:
            long_edge: pixels of the longer edge that the goal asks for.
        """
        return self

    @abstractmethod
    def apply(self, picture: Picture, tools: Tools) -> Picture:
        """Return a new picture; *picture* itself is never changed.

        Raises:
            StepError: the rule asks what cannot be done with this picture.
            ModelError: the model is missing or fails.
        """

    def measure(self, frames: Iterable[Picture]) -> dict[str, NDArray[Any]]:  # noqa: ARG002  (most need not)
        """Measure a whole shot before the first frame of it is worked on.

        Args:
            frames: some of the shot, as they come in: what steps before this one make
                of them is not known yet.

        Returns:
            what stands in ``Tools.carried`` when the shot begins; small arrays.
        """
        return {}

    def over(self, frames: Iterable[Picture], tools: Tools) -> Iterator[Picture]:
        """Yield a new picture for each of *frames*, which follow one another in a shot.

        A step that must be steady in time looks at several of them, and keeps in
        ``tools.carried`` what it has to know of them when the shot goes on.

        Raises:
            StepError, ModelError: as ``apply``.
        """
        return tools.each(self.apply, frames)


class ModelStep(Step):
    """A step that runs a model, chosen by name or by tier."""

    # The largest upscaler was measured at 9 s per megapixel that it makes.
    seconds_per_megapixel: ClassVar[float] = 120.0

    task: ClassVar[Task]

    model: str = ""
    tier: Tier | None = None
