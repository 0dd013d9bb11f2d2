"""Reading tables that people send: CSV as any office program writes it, and XLSX by what Excel shows.

A reader streams rows, turns each cell into its type, and collects every bad cell with its line, column, value and
cure, so that one pass over the file says all that is wrong with it. Rooms: `reader` (columns found, cells parsed),
`csv_rows` and `xlsx_rows` (rows of cells out of files; `xlsx_package`, `xlsx_formats`, `xml_events` serve the latter),
`cells` (what rows hold before it has a type), `numbers`, `instants`, `columns` (the types of cells).
"""

from app.core.tabular.cells import BadCell, Cure, SheetMoment, SheetNumber, Unreadable
from app.core.tabular.columns import code, gtin, mail_address, one_of, siret, text, vat_number
from app.core.tabular.csv_rows import csv_reader, uploaded_rows
from app.core.tabular.header import Column
from app.core.tabular.instants import instant
from app.core.tabular.numbers import decimal, decimal_from, euros, integer, percent
from app.core.tabular.reader import BadFile, TableReader

__all__ = [
    "BadCell",
    "BadFile",
    "Column",
    "Cure",
    "SheetMoment",
    "SheetNumber",
    "TableReader",
    "Unreadable",
    "code",
    "csv_reader",
    "decimal",
    "decimal_from",
    "euros",
    "gtin",
    "instant",
    "integer",
    "mail_address",
    "one_of",
    "percent",
    "siret",
    "text",
    "uploaded_rows",
    "vat_number",
]
