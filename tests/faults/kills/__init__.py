"""A daemon under load, and what kills it: producers, a killer, gauges."""
