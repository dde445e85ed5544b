"""What people decide about results, by command or by moving files."""
