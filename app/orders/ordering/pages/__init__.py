"""Pages of buyers and approvers: shop, cart, comparison, quick order, lists, approvals, the firm's own page."""
