"""Finds the one class per file that makes a folder extensible."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterable
from importlib import import_module
from typing import TypeVar

Base = TypeVar("Base")


def find_classes(
    package: str, path: Iterable[str], base: type[Base]
) -> dict[str, type[Base]]:
    """Import every module of *package* and return its subclass of *base* by file name.

    Raises:
        TypeError: a module does not define exactly one subclass of *base*.
    """
    found: dict[str, type[Base]] = {}
    for module_info in sorted(pkgutil.iter_modules(path), key=lambda info: info.name):
        module = import_module(f"{package}.{module_info.name}")
        classes = [
            value
            for value in vars(module).values()
            if isinstance(value, type)
            and issubclass(value, base)
            and value.__module__ == module.__name__
        ]
        if len(classes) != 1:
            raise TypeError(f"{module.__name__} must define one {base.__name__}")
        found[module_info.name] = classes[0]
    return found
