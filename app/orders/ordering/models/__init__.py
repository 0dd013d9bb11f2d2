"""Tables of ordering: what firms set up (`company`), their orders and lists (`member_orders`), the group's `demand`."""

import app.orders.ordering.models.company
import app.orders.ordering.models.demand
import app.orders.ordering.models.member_orders
import app.orders.rounds.models  # noqa: F401 - foreign keys name each other's tables
