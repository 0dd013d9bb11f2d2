"""Files that move money or invoices: made, listed, fetched, taken back. `service` knows who makes each kind."""
