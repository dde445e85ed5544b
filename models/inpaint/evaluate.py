#!/usr/bin/env python3
"""Print how good inpaint is, beside baselines and other networks."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from evaluation.command import main

if __name__ == "__main__":
    main("Measure inpaint.", "inpaint")
