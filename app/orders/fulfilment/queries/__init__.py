"""What the suppliers' side and deliveries read of sent orders."""
