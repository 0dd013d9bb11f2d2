"""Invoices: `invoice` is what one says, `invoice_cii`, `invoice_ubl`, `invoice_pdf`, `factur_x` its forms; `issue`
numbers, books and archives it; `member_invoices`, `commission_invoices`, `service_invoices` say what is due,
`credit_notes` and `partial_credits` what is taken back; `runs` does it for a month; `purchases` books what suppliers
invoice.
"""
