"""Pages of the main loop: `shop` for buyers, `approvals` for approvers, `rounds` for the association."""

from app.orders.pages import approvals, rounds, shop

routers = [shop.router, approvals.router, rounds.router]

__all__ = ["routers"]
