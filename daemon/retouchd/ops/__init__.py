"""What operators see: service notifications, doctor."""
