"""Runs in the guest: two clients of one share claim and deliver the same names."""

from __future__ import annotations

import json
import multiprocessing
import os
from collections import Counter
from collections.abc import Callable
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

from retouchd.delivery.place import Method, place
from retouchd.delivery.probe import probe
from retouchd.intake.claim import Claim, take
from retouchd.intake.scan import fingerprint

ROUNDS = 150
CLIENTS = ("a", "b")
DISK = Path("/media/disk/share")
RESULT = Path("/run/out/result.json")

_fork = multiprocessing.get_context("fork")


def _folder(client: str, *parts: str) -> Path:
    return Path("/media", client, *parts)


def _content(number: int) -> bytes:
    return f"round {number}\n".encode() * 400


def claim(client: str, number: int, together: Barrier) -> str:
    """Claim the file of round *number*; return how it ended."""
    inbox = _folder(client, "in")
    name = f"p{number}.png"
    settled = fingerprint(os.lstat(inbox / name))
    job = f"job-{number}-{client}"
    together.wait()
    taken = take(
        Claim(job, name, (), settled), inbox, _folder(client, "claims", client, job)
    )
    return taken.value


def deliver(client: str, number: int, together: Barrier) -> str:
    """Deliver a result under the name of round *number*; return how it ended."""
    stage = _folder(client, "tmp", client, f"s{number}")
    stage.write_bytes(_content(number) + client.encode())
    method, names = Method[os.environ["METHOD"]], _folder(client, "names")
    together.wait()
    try:
        place(stage, _folder(client, "out", f"r{number}.png"), method, names)
    except FileExistsError:
        return "exists"
    return "taken"


def _race(
    act: Callable[[str, int, Barrier], str], client: str, together: Barrier, to: Any
) -> None:
    for number in range(ROUNDS):
        together.wait()
        try:
            ended = act(client, number, together)
        except OSError as error:
            ended = f"{type(error).__name__} {error.errno}"
        to.send(ended)
    to.close()


def run(act: Callable[[str, int, Barrier], str]) -> list[tuple[str, ...]]:
    """Let both clients *act* at once, round after round."""
    together = _fork.Barrier(len(CLIENTS))
    pipes, racers = [], []
    for client in CLIENTS:
        ours, theirs = _fork.Pipe(duplex=False)
        racer = _fork.Process(target=_race, args=(act, client, together, theirs))
        racer.start()
        theirs.close()
        pipes.append(ours)
        racers.append(racer)
    ends = [tuple(pipe.recv() for pipe in pipes) for _ in range(ROUNDS)]
    for racer in racers:
        racer.join()
    return ends


def _claimed_whole(number: int) -> bool:
    found = list(DISK.glob(f"claims/*/job-{number}-*/p{number}.png"))
    return [path.read_bytes() for path in found] == [_content(number)]


def _delivered_whole(number: int, ends: tuple[str, ...]) -> bool:
    winners = [c for c, end in zip(CLIENTS, ends, strict=True) if end == "taken"]
    finals = [path.read_bytes() for path in DISK.glob(f"out/r{number}.png")]
    return finals == [_content(number) + winner.encode() for winner in winners]


def main() -> None:
    """Race for claims, then for names; write the counts."""
    for folder in ("in", "out", "claims/a", "claims/b", "tmp/a", "tmp/b", "names"):
        (DISK / folder).mkdir(parents=True)
    for number in range(ROUNDS):
        (DISK / f"in/p{number}.png").write_bytes(_content(number))
    claims = run(claim)
    method = probe(_folder("a", "tmp/a"), _folder("a", "names"), is_network=True).method
    os.environ["METHOD"] = method.name
    deliveries = run(deliver)
    result = {
        "method": method.name,
        "claim_ends": Counter(" + ".join(sorted(ends)) for ends in claims),
        "claim_winners": Counter(str(ends.count("taken")) for ends in claims),
        "claims_whole": sum(_claimed_whole(number) for number in range(ROUNDS)),
        "deliver_ends": Counter(" + ".join(sorted(ends)) for ends in deliveries),
        "delivery_winners": Counter(str(ends.count("taken")) for ends in deliveries),
        "deliveries_whole": sum(
            _delivered_whole(number, ends) for number, ends in enumerate(deliveries)
        ),
    }
    RESULT.write_text(json.dumps(result))


if __name__ == "__main__":
    main()
