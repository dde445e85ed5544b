#!/usr/bin/env python3
"""Print how good the draft models are, beside baselines and other networks.

``make evaluate DATA=DIR``, or ``python models/evaluate.py --data DIR [matte ...]``.
"""

from evaluation.command import main

if __name__ == "__main__":
    main("Measure all draft models, or those that are named.")
