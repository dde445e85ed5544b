"""Lets a stream run in a thread of its own, a few items ahead of who reads it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Generator
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Ahead(Generic[Item]):
    """Iterates over *items* in a thread of its own.

    What they raise is raised where the reader would have got the next item.

    Args:
        items: is run, and closed, in that thread alone.
        room: how many items may wait for the reader.
        name: of the thread, for people who look at the process.
    """

    def __init__(
        self, items: Generator[Item, None, None], room: int, name: str
    ) -> None:
        self._items = items
        self._room = room
        self._ready: deque[Item] = deque()
        self._changed = threading.Condition()
        self._is_over = False
        self._is_closed = False
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def __iter__(self) -> Ahead[Item]:
        """Return itself: it is read once."""
        return self

    def __next__(self) -> Item:
        """Wait for the next item."""
        with self._changed:
            self._changed.wait_for(lambda: self._ready or self._is_over)
            self._changed.notify_all()
            if self._ready:
                return self._ready.popleft()
        if self._error is not None:
            raise self._error
        raise StopIteration

    def close(self) -> None:
        """End the thread, wherever it is, and wait for its end."""
        with self._changed:
            self._is_closed = True
            self._ready.clear()
            self._changed.notify_all()
        self._thread.join()

    def _run(self) -> None:
        try:
            for item in self._items:
                if not self._hand_over(item):
                    break
        except BaseException as error:  # noqa: BLE001  (raised where it is read)
            self._error = error
        finally:
            self._end()

    def _hand_over(self, item: Item) -> bool:
        """Wait for room; return whether anybody still reads."""
        with self._changed:
            self._ready.append(item)
            self._changed.notify_all()
            self._changed.wait_for(
                lambda: len(self._ready) < self._room or self._is_closed
            )
            return not self._is_closed

    def _end(self) -> None:
        try:
            self._items.close()
        finally:
            with self._changed:
                self._is_over = True
                self._changed.notify_all()
