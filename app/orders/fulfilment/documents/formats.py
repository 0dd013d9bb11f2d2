"""The formats that an order is written in, for who only names one: the writers take long to load."""

from enum import StrEnum


class DocumentFormat(StrEnum):
    """How an order is written: as it is agreed, or what its supplier answered, or what left (both Peppol UBL)."""

    UBL = "ubl"
    ORDER_X = "order-x"
    PDF = "pdf"
    CSV = "csv"
    XLSX = "xlsx"
    ORDER_RESPONSE = "order-response"
    DESPATCH_ADVICE = "despatch-advice"
