"""Routers of the orders domain: pages and API, and what they tell every page's shell."""

from app.core.templating import environment
from app.orders.consolidation import api as consolidation_api
from app.orders.consolidation.labels import reason_words, supplier_fails
from app.orders.consolidation.pages import decisions, plans
from app.orders.ordering import api as ordering_api
from app.orders.ordering.pages import approvals, cart, company, comparison, lists, live_demand, quick_order, shop
from app.orders.ordering.queries.carts import cart_line_count, waiting_count
from app.orders.rounds import pages as round_pages
from app.orders.tracking.api import member_orders as member_orders_api
from app.orders.tracking.api import rounds as rounds_api
from app.orders.tracking.api import supplier_orders as supplier_orders_api
from app.orders.tracking.pages import cockpit, orders, reports, rounds, supplier_orders
from app.web.rendering import shell_facts

pages = (
    shop.router,
    orders.router,
    cart.router,
    comparison.router,
    lists.router,
    quick_order.router,
    approvals.router,
    company.router,
    cockpit.router,
    rounds.router,
    supplier_orders.router,
    round_pages.router,
    decisions.router,
    plans.router,
    reports.router,
    live_demand.router,
)
apis = (
    rounds_api.router,
    supplier_orders_api.router,
    consolidation_api.router,
    member_orders_api.router,
    ordering_api.router,
)

shell_facts["cart_count"] = cart_line_count
shell_facts["waiting_count"] = waiting_count
environment().globals |= {"reason_words": reason_words, "supplier_fails": supplier_fails}
