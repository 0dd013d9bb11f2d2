"""Pages of the main loop: for buyers `shop`, `comparing` and `ordering` (`showing` is how offers look), for approvers
`approvals` and `company`, for the association `cockpit`, `rounds` and `deciding`; `reports` for both; `live` tells
open pages that the group's demand moved."""

from app.orders import queries
from app.orders.pages import approvals, cockpit, company, comparing, deciding, live, ordering, reports, rounds, shop
from app.web.rendering import shell_facts

routers = [
    shop.router,
    comparing.router,
    ordering.router,
    approvals.router,
    company.router,
    cockpit.router,
    rounds.router,
    deciding.router,
    reports.router,
    live.router,
]
shell_facts["cart_count"] = queries.cart_line_count
shell_facts["waiting_count"] = queries.waiting_count

__all__ = ["routers"]
