"""Pixels in files: stills, colour, LUTs, sizes."""
