"""Pages of the main loop. Buyers have `shop`, `cart`, `comparing`, `ordering`, approvers `approvals` and `company`, the
association `cockpit`, `rounds`, `round_calendar`, `deciding`, `planning`, both `reports`. `live` tells open
pages that the demand moved; `showing` is how offers look, `words` how values are called, `exports`, `company_tables`
what is taken away, `watching` what the manager watches."""

from app.orders import queries
from app.orders.pages import (
    approvals,
    cart,
    cockpit,
    company,
    comparing,
    deciding,
    live,
    ordering,
    planning,
    reports,
    round_calendar,
    rounds,
    shop,
)
from app.orders.pages.words import reason_words, supplier_fails
from app.sourcing.tenders import demand
from app.web.rendering import environment, shell_facts

routers = [
    shop.router,
    cart.router,
    comparing.router,
    ordering.router,
    approvals.router,
    company.router,
    cockpit.router,
    rounds.router,
    round_calendar.router,
    deciding.router,
    planning.router,
    reports.router,
    live.router,
]
demand.count_by(queries.bought_between)
shell_facts["cart_count"] = queries.cart_line_count
shell_facts["waiting_count"] = queries.waiting_count
environment().globals |= {"reason_words": reason_words, "supplier_fails": supplier_fails}

__all__ = ["routers"]
