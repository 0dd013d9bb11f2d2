"""What screens show across the whole loop: an order's journey, rounds and supplier orders, the manager's cockpit,
reports.
"""
