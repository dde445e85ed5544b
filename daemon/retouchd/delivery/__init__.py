"""Where a result goes: its name, its place, its record."""
