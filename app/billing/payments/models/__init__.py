"""Tables of payments: the bank's side, and Stripe's."""

import app.billing.invoicing.models
import app.billing.payments.models.bank
import app.billing.payments.models.cards  # noqa: F401 - foreign keys name each other's tables
