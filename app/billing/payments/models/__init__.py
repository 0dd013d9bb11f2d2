"""Tables of payments: the bank's side, Stripe's, the files that go out."""

import app.billing.invoicing.models
import app.billing.payments.models.bank
import app.billing.payments.models.cards
import app.billing.payments.models.outgoing_files  # noqa: F401 - foreign keys name each other's tables
