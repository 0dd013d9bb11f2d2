"""A supplier order as documents that suppliers' own systems take: one for each drop, all from the same `OrderDocument`.

`order_document` is what they say, `ubl` Peppol BIS Ordering 3 (UBL 2.1), `order_x` Order-X (PDF/A-3 with CII inside),
`xml_nodes` what both write with, `pdf` the order to read, `sheets` CSV and XLSX; `writing` writes them to a folder.
"""
