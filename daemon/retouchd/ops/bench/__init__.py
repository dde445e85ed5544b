"""Measures the daemon on this machine; docs/benchmarks.md says how and why."""
