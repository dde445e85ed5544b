"""File systems that misbehave: small disks, read-only ones, absent ones, slow ones."""
