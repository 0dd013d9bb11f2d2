"""Tables of despatch, of links by mail, and of goods that went back."""

import app.orders.consolidation.models
import app.orders.fulfilment.models.despatch
import app.orders.fulfilment.models.returns  # noqa: F401 - foreign keys name each other's tables
