"""All file work of one hot folder, in one thread: take in, hand out, recover."""
