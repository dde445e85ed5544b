"""``python -m retouchd``."""

from retouchd.cli import main

main()
