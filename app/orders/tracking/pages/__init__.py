"""Pages across the loop: orders with what became of them, rounds, supplier orders, cockpit, reports."""
