"""Every table of the product, for whoever needs them all: migrations, and the test that compares them."""

import app.accounts.announcements
import app.accounts.models
import app.billing.einvoicing.models
import app.billing.invoicing.models
import app.billing.payments.models
import app.catalog.import_runs
import app.catalog.models
import app.commission.ledger.models
import app.commission.models
import app.core.audit
import app.core.idempotency
import app.core.quota
import app.orders.fulfilment.models
import app.sourcing.charter.models
import app.sourcing.tenders.models
import app.supplying.models.invoices
import app.supplying.models.webhooks  # noqa: F401 - imported for their tables
