"""What the configuration means, and which file it is read from."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from retouchd.errors import ConfigError
from retouchd.settings import (
    find_config,
    load_settings,
    prepare_libvips,
    shipped_folder,
)

WriteConfig = Callable[[str], Path]

WHOLE = """\
database = "ledger.db"
rules_dir = "my-rules"

[[hot_folders]]
name = "products"
path = "hot"
rules = ["product-cutout", "web"]
out = "/mnt/elsewhere/out"

[intake]
settle_seconds = 3.5
ignore = ["*.bak"]
"""


def test_relative_paths_start_at_the_folder_of_the_file(
    write_config: WriteConfig, tmp_path: Path
) -> None:
    """Paths of the file belong to the file, wherever the program is started."""
    settings = load_settings(write_config(WHOLE))

    [folder] = settings.hot_folders
    assert settings.database == tmp_path / "ledger.db"
    assert settings.rules_folders[0] == tmp_path / "my-rules"
    assert folder.inbox == tmp_path / "hot/in"
    assert folder.out == Path("/mnt/elsewhere/out")
    assert folder.done == tmp_path / "hot/done"
    assert folder.private == tmp_path / "hot/.retouchd"


def test_what_is_not_said_has_its_default(write_config: WriteConfig) -> None:
    """A database is all that must be named."""
    settings = load_settings(write_config('database = "x.db"'))

    assert settings.hot_folders == ()
    assert settings.intake.settle_seconds_network == 10
    assert settings.limits.megapixels == 500
    assert settings.rules_folders == (shipped_folder("rules"),)
    assert settings.worker.thread_count == len(os.sched_getaffinity(0))
    ram = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert 0 < settings.worker.memory_bytes <= ram * 0.6


def test_lists_keep_their_order(write_config: WriteConfig) -> None:
    """The order of a hot folder's rules decides which one wins."""
    settings = load_settings(write_config(WHOLE))

    assert settings.hot_folders[0].rules == ("product-cutout", "web")


def test_the_environment_wins_over_the_file(
    write_config: WriteConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every key but the hot folders has its variable; commas make a list."""
    monkeypatch.setenv("RETOUCHD_DATABASE", "/var/other.db")
    monkeypatch.setenv("RETOUCHD_INTAKE__SETTLE_SECONDS", "0.25")
    monkeypatch.setenv("RETOUCHD_INTAKE__IGNORE", "*.a, *.b")
    monkeypatch.setenv("RETOUCHD_WORKER__GPU_FALLBACK", "true")
    monkeypatch.setenv("RETOUCHD_LOG__LEVEL", "")

    settings = load_settings(write_config(WHOLE))

    assert settings.database == Path("/var/other.db")
    assert settings.intake.settle_seconds == 0.25
    assert settings.intake.ignore == ("*.a", "*.b")
    assert settings.worker.gpu_fallback
    assert settings.log.level == "info"


def test_settings_cannot_be_changed(write_config: WriteConfig) -> None:
    """What was checked stays as it was checked."""
    settings = load_settings(write_config(WHOLE))

    with pytest.raises(ValueError, match="frozen"):
        settings.worker.threads = 3


def test_the_named_file_wins_over_the_variable_over_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """--config, then $RETOUCHD_CONFIG, then ./retouchd.toml."""
    monkeypatch.chdir(tmp_path)
    here = tmp_path / "retouchd.toml"
    here.touch()
    found = [find_config()]
    monkeypatch.setenv("RETOUCHD_CONFIG", "/by/variable.toml")
    found.append(find_config())
    found.append(find_config(Path("/by/option.toml")))

    assert found == [
        Path("retouchd.toml"),
        Path("/by/variable.toml"),
        Path("/by/option.toml"),
    ]


def test_says_what_to_do_when_there_is_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No configuration at all is an error that leads to a first one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("retouchd.settings.load._PLACES", (Path("retouchd.toml"),))

    with pytest.raises(ConfigError, match="retouchd init"):
        find_config()


@pytest.mark.parametrize("name", ["rules", "models", "sample_hotfolder"])
def test_finds_what_ships(name: str) -> None:
    """A checkout has the shipped folders at its root."""
    assert shipped_folder(name).is_dir()


def test_prepares_libvips_but_leaves_what_the_user_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Only missing variables are set."""
    monkeypatch.setenv("VIPS_CONCURRENCY", "3")
    monkeypatch.delenv("VIPS_BLOCK_UNTRUSTED", raising=False)

    prepare_libvips()

    assert os.environ["VIPS_CONCURRENCY"] == "3"
    assert os.environ["VIPS_BLOCK_UNTRUSTED"] == "1"


def test_needs_no_libvips_itself(write_config: WriteConfig) -> None:
    """Importing the settings must not start libvips before its variables are set."""
    code = (
        "import sys, pathlib, retouchd.settings as s;"
        f"s.load_settings(pathlib.Path({str(write_config(WHOLE))!r}));"
        "sys.exit('pyvips' in sys.modules)"
    )

    assert os.spawnv(os.P_WAIT, sys.executable, [sys.executable, "-c", code]) == 0
