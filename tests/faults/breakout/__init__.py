"""What a decoder that was taken over would try, from inside a real worker."""
