"""Pages of the main loop: for buyers `shop`, `comparing` and `ordering`, for approvers `approvals` and `company`, for
the association `cockpit`, `rounds`, `round_calendar` and `deciding`; `reports` for both. `live` tells open pages that
the group's demand moved, `showing` is how offers look, `words` how values are called; `exports` and `company_tables`
are the tables to take away."""

from app.orders import queries
from app.orders.pages import (
    approvals,
    cockpit,
    company,
    comparing,
    deciding,
    live,
    ordering,
    reports,
    round_calendar,
    rounds,
    shop,
)
from app.orders.pages.words import reason_words
from app.web.rendering import environment, shell_facts

routers = [
    shop.router,
    comparing.router,
    ordering.router,
    approvals.router,
    company.router,
    cockpit.router,
    rounds.router,
    round_calendar.router,
    deciding.router,
    reports.router,
    live.router,
]
shell_facts["cart_count"] = queries.cart_line_count
shell_facts["waiting_count"] = queries.waiting_count
environment().globals["reason_words"] = reason_words

__all__ = ["routers"]
