"""Clips as jobs: a stream of frames through the steps, finished part by part."""
