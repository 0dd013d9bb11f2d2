"""Member orders, from the cart to the approval: `baskets` (quick order, again), `member_orders`, `lists`,
`standing_orders`; the firm's `budgets`, `approval_rules` (pure), `approvals`, `deputies`; `demand`, what the group
wants of each offer.
"""
