"""F12: real NFS and SMB, two clients at once, and a server that goes away."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from uml.kernel import NEEDS, Share, run_in_guest

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.long,
    pytest.mark.needs(*NEEDS),
    pytest.mark.parametrize("share", ["nfs", "cifs"]),
]

ROUNDS = 150
RACES_SECONDS = 200.0
OUTAGE_SECONDS = 500.0
PICTURES = 36
LOCAL_PICTURES = 12


def test_two_clients_race(
    tmp_path: Path, figures: Callable[..., None], share: Share
) -> None:
    """P1, P3: one client claims a file, one gets a name; nothing is replaced."""
    found = run_in_guest("races.py", share, tmp_path, RACES_SECONDS)

    assert found["claim_ends"] == {"gone + taken": ROUNDS}
    assert found["claims_whole"] == ROUNDS
    assert found["deliver_ends"] == {"exists + taken": ROUNDS}
    assert found["deliveries_whole"] == ROUNDS
    figures(
        "F12",
        share=share,
        claim_races=ROUNDS,
        delivery_races=ROUNDS,
        replaced=0,
        method=found["method"],
    )


def test_server_goes_away_and_comes_back(
    tmp_path: Path, figures: Callable[..., None], share: Share
) -> None:
    """P1 to P3: the daemon sees it, waits, and finishes; a local folder goes on."""
    found = run_in_guest("outage.py", share, tmp_path, OUTAGE_SECONDS)

    assert found["watched_by"] == "scan", "no event tells what another client writes"
    share_text, is_share_clean, share_right = found["share"]
    local_text, is_local_clean, local_right = found["local"]
    assert is_share_clean, f"{share_text}\n{found['log']}"
    assert is_local_clean, f"{local_text}\n{found['log']}"
    assert (share_right, local_right) == (PICTURES, LOCAL_PICTURES)
    figures("F12", share=share, outage_right=share_right, **found["waits"])
