"""From a changed folder to a claimed drop."""
