"""The main loop: rounds, member orders, their approval, consolidation, supplier orders and allocations."""
