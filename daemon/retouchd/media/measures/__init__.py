"""Figures of quality, read off pictures; gates compare them with thresholds."""
