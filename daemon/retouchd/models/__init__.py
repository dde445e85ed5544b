"""Models as data: manifests, the shelf, sessions, tiles, tensors."""
