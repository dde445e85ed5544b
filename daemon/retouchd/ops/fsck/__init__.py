"""Compares the ledger with what lies in the hot folders, and mends it."""
