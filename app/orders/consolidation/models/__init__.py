"""Tables of consolidation: supplier orders, drops and allocations; plans; what a round came to."""

import app.orders.consolidation.models.plans
import app.orders.consolidation.models.rounds
import app.orders.consolidation.models.supplier_orders
import app.orders.ordering.models  # noqa: F401 - foreign keys name each other's tables
