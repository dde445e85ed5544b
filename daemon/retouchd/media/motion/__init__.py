"""What moved between the frames of a shot, and what stayed."""
