"""Routes of the orders API: `rounds` for the association, `member_orders` and `company` for the firms,
`supplier` for suppliers."""

from app.orders.api import company, member_orders, rounds, supplier

routers = [rounds.router, member_orders.router, company.router, supplier.router]

__all__ = ["routers"]
