"""A supplier order as documents that suppliers' own systems take: one for each drop, all from the same `OrderDocument`.

`order_document` is what they say, `ubl` Peppol BIS Ordering 3 (UBL 2.1), `order_x` Order-X (PDF/A-3 with CII inside),
`xml_nodes` what all of them write with, `pdf` the order to read, `sheets` CSV and XLSX; `answers` is what its supplier
said to it, `ubl_answers` that as Order Response and Despatch Advice; `writing` writes them to a folder.
"""
