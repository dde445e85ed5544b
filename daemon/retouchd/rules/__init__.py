"""Rule files: their schema, their reading, their choice."""
