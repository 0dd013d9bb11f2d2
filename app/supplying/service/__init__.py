"""Use cases of the suppliers' side: `invoicing` takes their invoices, `webhooks` tells their systems,
`electronic` applies the Peppol documents that these send."""
