"""A supplier order as documents that suppliers' own systems take: one for each drop, all from the same
`order_document`.

`order_ubl` is Peppol BIS Ordering 3 (UBL 2.1), `order_x` Order-X (PDF/A-3 with CII inside), `order_pdf` the order to
read; `answer_documents` is what its supplier said to it, `answer_ubl` that as Order Response and Despatch Advice;
`order_files` writes them to a folder.
"""
