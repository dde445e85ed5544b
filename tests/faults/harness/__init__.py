"""Runs retouchd as people run it, and breaks what is around it."""
