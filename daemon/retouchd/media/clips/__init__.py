"""Clips as streams of frames: opened, turned into pictures and back, written."""
