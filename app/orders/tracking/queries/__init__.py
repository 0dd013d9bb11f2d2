"""What the cockpit, reports and an order's journey read."""
