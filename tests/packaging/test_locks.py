"""The lock files: complete, pinned by digest, free of addresses."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REPOSITORY = Path(__file__).resolve().parents[2]
LOCKS = ["requirements.lock", "requirements-dev.lock"]


def pins(lock: str) -> dict[str, list[str]]:
    """Every pinned requirement of *lock*, with all its lines, by canonical name."""
    text = (REPOSITORY / lock).read_text(encoding="utf-8")
    entries = re.findall(r"(?m)^[^\s#].*(?:\n[ \t].*)*", text)
    found: dict[str, list[str]] = {}
    for entry in entries:
        found.setdefault(canonicalize_name(entry.partition("==")[0]), []).append(entry)
    return found


def wanted() -> dict[str, list[str]]:
    """Direct requirements by the lock that must hold them."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))
    users = project["project"]["dependencies"] + project["dependency-groups"]["build"]
    developers = project["project"]["optional-dependencies"]["dev"]
    return {LOCKS[0]: users, LOCKS[1]: users + developers}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_requirement_is_pinned_within_its_range(lock: str) -> None:
    """A new dependency in pyproject.toml without `make lock` fails here."""
    found = pins(lock)

    for requirement in map(Requirement, wanted()[lock]):
        for entry in found[canonicalize_name(requirement.name)]:
            version = re.match(r"[^=]+==([^\s;]+)", entry)
            assert version is not None
            assert requirement.specifier.contains(version.group(1)), entry.split()[0]


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_digests(lock: str) -> None:
    """Nothing is installed whose bytes are not known."""
    entries = [entry for group in pins(lock).values() for entry in group]

    assert len(entries) > 30
    assert all("==" in entry and "--hash=sha256:" in entry for entry in entries)


@pytest.mark.parametrize("lock", LOCKS)
def test_no_place_is_named(lock: str) -> None:
    """Where packages come from is the choice of each machine."""
    text = (REPOSITORY / lock).read_text(encoding="utf-8")

    assert (
        re.findall(r"(?i)https?:|index-url|find-links|file:|/home/|/opt/", text) == []
    )


def test_developers_run_what_users_run() -> None:
    """Both locks pin the same versions of the same libraries."""
    users, developers = (
        {name: [entry.split()[0] for entry in group] for name, group in pins(k).items()}
        for k in LOCKS
    )

    assert users.items() <= developers.items()


def test_users_get_no_development_tools() -> None:
    """The first lock stays what the daemon needs."""
    assert not {"pytest", "mypy", "ruff", "onnx", "torch", "av"} & set(pins(LOCKS[0]))
