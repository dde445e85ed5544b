"""The command line that all four recipes share."""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from training.loop import Plan, talk


def read_arguments(folder: Path, summary: str) -> argparse.Namespace:
    """Parse ``--photos``, ``--minutes``, ``--checkpoint`` and ``--threads``."""
    parser = argparse.ArgumentParser(description=summary)
    parser.add_argument("--photos", type=Path, required=True, help="training photos")
    parser.add_argument("--minutes", type=float, default=20, help="total time budget")
    parser.add_argument(
        "--checkpoint",
        type=Path,
        default=folder / "checkpoint.pt",
        help="state to resume from and to save",
    )
    parser.add_argument("--threads", type=int, default=0, help="0: PyTorch decides")
    parser.add_argument("--teacher", type=Path, help="u2netp.onnx, for the matte only")
    return parser.parse_args()


def prepare(arguments: argparse.Namespace, learning_rate: float) -> Plan:
    """Start logging, fix seeds and threads; return the plan."""
    talk()
    plan = Plan(
        minutes=arguments.minutes,
        learning_rate=learning_rate,
        checkpoint=arguments.checkpoint,
    )
    torch.manual_seed(plan.seed)
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    return plan
