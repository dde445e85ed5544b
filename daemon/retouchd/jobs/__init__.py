"""The worker side: one job as a story, and the pool that survives it."""
