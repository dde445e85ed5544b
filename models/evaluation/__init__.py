"""Measures the draft models beside simple baselines and other people's networks.

Needs what the daemon needs, and no PyTorch. Models run through the daemon's own code
wherever it has some: what is measured is what a job gets.
"""
