"""Measures the daemon; replaced below."""
