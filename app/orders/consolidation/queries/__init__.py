"""What screens read of rounds in figures, supplier orders, past demand."""
