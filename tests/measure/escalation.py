"""Compares two ways to a hundred results: the top tier at once, or only where needed.

The real weights of the data folder are registered by ``retouchd models add`` as
higher tiers; then the real daemon runs the same pictures under the same gates twice.
Fidelity and clipping are looser than by default: the hero upscaler invents texture,
and of the top tier nearly nothing would pass.

    python tests/measure/escalation.py DATA
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
from hundred import Planted, make_set

from retouchd.ledger.database import Database
from retouchd.ops.bench.workplace import Workplace

MODELS = (
    ("span-ch28-x4.onnx", "upscale", "standard"),
    ("realesr-general-x4v3.onnx", "upscale", "hero"),
    ("u2netp.onnx", "matte", "hero"),
)
"""File, task and tier; erase stays at draft."""

MOST_SHARE = Decimal("0.5")

ENLARGE = """\
rule: bench
{policy}
steps:
  - erase: {{regions: ["erase:*"], tier: draft}}
  - upscale: {{factor: 2}}
gates:
  - fidelity: {{min_psnr: 22, min_ssim: 0.5}}
  - sharpness: {{}}
  - clipping: {{max_added: 0.05}}
  - erase: {{}}
outputs:
  - {{name: "{{stem}}.jpg"}}
"""
CUT_OUT = """\
rule: bench
{policy}
steps:
  - upscale: {{factor: 2}}
  - remove_background: {{background: "#ffffff", empty: keep}}
gates:
  - fidelity: {{min_psnr: 22, min_ssim: 0.5}}
  - sharpness: {{}}
  - matte: {{min_certainty: 0.75}}
outputs:
  - {{name: "{{stem}}.jpg"}}
"""
RULES = {"photographs": ENLARGE, "mixed": ENLARGE, "cutouts": CUT_OUT}
POLICIES = {
    "top tier": "tier: hero",
    "escalation": "tier: draft\nescalate: {to: hero}",
}

_KEPT = """
    SELECT jobs.id, jobs.source_name AS name, jobs.attempts, jobs.state,
           min(gate_runs.passed) AS passed,
           group_concat(CASE WHEN gate_runs.passed = 0 THEN gate END) AS failed
    FROM jobs LEFT JOIN gate_runs ON gate_runs.job_id = jobs.id
         AND gate_runs.attempt = coalesce(jobs.kept_attempt, 1)
    GROUP BY jobs.id
"""
_STEPS = """
    SELECT jobs.source_name AS name, step, attempt, step_runs.tier, cpu_s
    FROM step_runs JOIN jobs ON jobs.id = step_runs.job_id
"""
_FIRST_FAILURES = """
    SELECT gate, unit, count(*) AS n FROM gate_runs
    WHERE passed = 0 AND attempt = 1 GROUP BY gate, unit ORDER BY n DESC
"""
_COMPUTE = "SELECT compute FROM job_costs"


@dataclass
class Run:
    """What one policy did to all pictures.

    Attributes:
        jobs, steps: rows of the ledgers.
        failures: gates that failed in first attempts.
        compute: booked cost of all CPU seconds, in the price book's currency.
        wall_s: from the first picture taken up to the last booked, group by group.
    """

    jobs: list[dict[str, Any]]
    steps: list[dict[str, Any]]
    failures: Counter[str]
    compute: Decimal
    wall_s: float

    @property
    def passed(self) -> int:
        """Results whose gates all passed."""
        return sum(job["passed"] == 1 for job in self.jobs)

    @property
    def cpu_s(self) -> float:
        """CPU seconds of all steps, decoding, gates and encoding included."""
        return sum(step["cpu_s"] for step in self.steps)


def main_rule(group: str, policy: str) -> str:
    """Return the text of the rule for *group* under *policy*."""
    return RULES[group].format(policy=POLICIES[policy])


def add_models(data: Path, folder: Path) -> Path:
    """Register the weights of the data folder, as a person would."""
    config = folder / "models.toml"
    models = folder / "models"
    config.write_text(f'database = "{folder}/m.db"\nmodels_dir = "{models}"\n')
    for name, task, tier in MODELS:
        file = data / "models" / name
        command = ["--config", str(config), "models", "add", str(file)]
        told = ["--task", task, "--tier", tier, "--default"]
        subprocess.run(
            [sys.executable, "-m", "retouchd", *command, *told],
            check=True,
            stdout=subprocess.DEVNULL,
        )
    return models


def run_policy(
    data: Path, folder: Path, policy: str, models: Path, share: float
) -> tuple[Run, list[Planted]]:
    """Run every group under *policy*, each in a hot folder of its own."""
    run = Run([], [], Counter(), Decimal(0), 0.0)
    planted: list[Planted] = []
    for group in RULES:
        place = Workplace(folder / group, main_rule(group, policy), models)
        planted += make_set(data, place.inbox, group, share)
        run.wall_s += place.run().wall_s
        _read(place, run)
    return run, planted


def _read(place: Workplace, run: Run) -> None:
    database = Database.open_reading(place.database)
    run.jobs += [dict(row) for row in database.rows(_KEPT)]
    run.compute += sum(Decimal(row["compute"]) for row in database.rows(_COMPUTE))
    run.steps += [dict(row) for row in database.rows(_STEPS)]
    for row in database.rows(_FIRST_FAILURES):
        run.failures[f"{row['gate']} ({row['unit']})"] += row["n"]
    database.close()


def table(runs: dict[str, Run]) -> Iterator[str]:
    """Yield the comparison, line by line."""
    top = runs["top tier"]
    yield "policy        n passed   CPU s  compute USD  of top  attempts        wall s"
    for name, run in runs.items():
        attempts = Counter(job["attempts"] for job in run.jobs)
        told = " ".join(f"{n}x{count}" for n, count in sorted(attempts.items()))
        yield (
            f"{name:11} {len(run.jobs):3} {run.passed:6} {run.cpu_s:7.1f} "
            f"{run.compute:12.7f} {run.compute / top.compute:7.1%}  {told:15} "
            f"{run.wall_s:6.0f}"
        )


def details(runs: dict[str, Run], planted: Sequence[Planted]) -> Iterator[str]:
    """Yield where the time went, which gates failed, and on what."""
    difficulty = {Path(one.name).name: one.difficulty for one in planted}
    for name, run in runs.items():
        spent: Counter[str] = Counter()
        for step in run.steps:
            spent[f"{step['step']} {step['tier']}".strip()] += step["cpu_s"]
        parts = ", ".join(f"{word} {cpu:.1f}" for word, cpu in spent.most_common())
        yield f"{name}: CPU s: {parts}"
        failures = ", ".join(f"{gate} {n}" for gate, n in run.failures.most_common())
        yield f"{name}: failed in the first attempt: {failures or 'none'}"
        left = Counter(
            f"{job['failed']} on {difficulty[Path(job['name']).name]}"
            for job in run.jobs
            if job["passed"] != 1
        )
        yield f"{name}: failed in the end: {dict(left)}"


@click.command()
@click.argument("data", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--share", default=1.0, show_default=True, help="Of the hundred.")
@click.option("--keep", type=click.Path(path_type=Path), help="Keep everything here.")
def main(data: Path, share: float, keep: Path | None) -> None:
    """Print both policies side by side; exit code 1 where the saving is too small."""
    with tempfile.TemporaryDirectory(prefix="retouchd-escalation-") as temporary:
        folder = keep or Path(temporary)
        folder.mkdir(exist_ok=True)
        models = add_models(data, folder)
        runs: dict[str, Run] = {}
        planted: list[Planted] = []
        for policy in POLICIES:
            click.echo(f"{policy} ...", err=True)
            place = folder / policy.replace(" ", "-")
            runs[policy], planted = run_policy(data, place, policy, models, share)
        for line in (*table(runs), *details(runs, planted)):
            click.echo(line)
    top, cheap = runs["top tier"], runs["escalation"]
    is_good = cheap.passed >= top.passed and cheap.compute <= MOST_SHARE * top.compute
    sys.exit(0 if is_good else 1)


if __name__ == "__main__":
    main()
