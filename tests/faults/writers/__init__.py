"""Whoever fills an inbox, and how badly: rude programs and real clients."""
