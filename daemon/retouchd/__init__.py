"""retouchd watches hot folders, finishes pictures, and books what they cost."""

__version__ = "0.1.0"
