"""After sending: `acknowledgement` (what suppliers answer), `despatch`, `receipts`, `returns`; `reallocation` (pure)
shares out again what falls short, `shortages` carries it on; `documents` for suppliers' systems; `supplier_links`,
`notices`.
"""
