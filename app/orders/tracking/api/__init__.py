"""Routes across the loop: member orders with what became of them, rounds, supplier orders."""
