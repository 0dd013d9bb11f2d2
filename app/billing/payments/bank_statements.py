"""Bank statements: CAMT.053 (ISO 20022, any version) or CSV, read into movements. Pure.

A movement is known by the bank's own reference; where the bank gives none, by what it says and how often it says so.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from lxml import etree

from app.core.errors import InvalidInput
from app.core.money import CENT
from app.core.tabular import csv_reader

_NUMBER = re.compile(r"[A-Z0-9][A-Z0-9._-]*-\d{4}-\d{6}")
_MOST_BYTES = 20_000_000


class Movement(NamedTuple):
    """A booked movement: euros, positive where money came in; `words` is what was written with it."""

    reference: str
    booked_on: date
    amount: Decimal
    counterparty: str
    words: str


def invoice_numbers_in(words: str) -> list[str]:
    """The invoice numbers that stand in what was written with a payment, each once, in their order."""
    return list(dict.fromkeys(_NUMBER.findall(words.upper())))


def read_statement(content: bytes) -> list[Movement]:
    """The movements of a statement. Raises `InvalidInput` for a file that is none, or not in euros."""
    if not content.strip() or len(content) > _MOST_BYTES:
        raise InvalidInput("A statement is a CAMT.053 or CSV file of at most 20 MB.", field="file")
    read = _camt(content) if content.lstrip()[:1] == b"<" else _csv(content)
    seen: Counter[str] = Counter()
    movements = []
    for one in read:
        reference = one.reference or hashlib.sha256(repr(one).encode()).hexdigest()[:40]
        seen[reference] += 1
        again = seen[reference]
        movements.append(one._replace(reference=reference if again == 1 else f"{reference}#{again}"))
    return movements


def _camt(content: bytes) -> Iterator[Movement]:
    try:
        parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise InvalidInput("The file is no whole XML: {why}", field="file", why=str(error)) from error
    namespace = etree.QName(root).namespace or ""
    if "camt.053" not in namespace:
        raise InvalidInput("The file is XML, but no CAMT.053 statement.", field="file")
    names = {"c": namespace}
    for entry in root.iterfind(".//c:Stmt/c:Ntry", names):
        status = entry.findtext("c:Sts/c:Cd", None, names) or entry.findtext("c:Sts", "", names)
        if status.strip() not in {"BOOK", ""}:
            continue
        details = entry.findall("c:NtryDtls/c:TxDtls", names)
        for detail in details if len(details) > 1 else [details[0] if details else entry]:
            yield _movement(entry, detail, names)


def _movement(entry: etree._Element, detail: etree._Element, names: dict[str, str]) -> Movement:
    amount = detail.find("c:Amt", names)
    amount = entry.find("c:Amt", names) if amount is None else amount
    if amount is None or amount.get("Ccy") != "EUR":
        raise InvalidInput("A movement of the statement is not in euros.", field="file")
    sign = -1 if entry.findtext("c:CdtDbtInd", "", names) == "DBIT" else 1
    day = entry.findtext("c:BookgDt/c:Dt", None, names) or entry.findtext("c:BookgDt/c:DtTm", "", names)
    party = "c:Dbtr" if sign > 0 else "c:Cdtr"
    found = detail.find(f"c:RltdPties/{party}", names)
    words = [detail.findtext("c:Refs/c:EndToEndId", "", names), *(
        node.text or "" for node in detail.iterfind("c:RmtInf//c:Ustrd", names)), *(
        node.text or "" for node in detail.iterfind("c:RmtInf//c:Ref", names))]  # fmt: skip
    return Movement(
        detail.findtext("c:Refs/c:AcctSvcrRef", None, names) or entry.findtext("c:AcctSvcrRef", "", names),
        _day(day),
        sign * _amount(amount.text or ""),
        "" if found is None else next((n.text or "" for n in found.iter() if etree.QName(n).localname == "Nm"), ""),
        " ".join(word for word in words if word and word != "NOTPROVIDED")[:500],
    )


def _csv(content: bytes) -> Iterator[Movement]:
    """Columns date, amount, words; counterparty and reference if there are any. Semicolons or commas."""
    reader = csv_reader(content)
    if not {"date", "amount", "words"} <= set(reader.fieldnames or ()):
        raise InvalidInput("A CSV statement has the columns date, amount, words.", field="file")
    for row in reader:
        yield Movement(
            (row.get("reference") or "").strip()[:60], _day(row["date"]), _amount(row["amount"]),
            (row.get("counterparty") or "").strip()[:200], (row["words"] or "").strip()[:500],
        )  # fmt: skip


def _day(value: str) -> date:
    try:
        return date.fromisoformat(value.strip()[:10])
    except ValueError as error:
        raise InvalidInput("{value} is no day: write it as 2026-05-31.", field="day", value=value) from error


def _amount(value: str) -> Decimal:
    try:
        amount = Decimal(value.strip().replace(" ", "").replace(",", "."))
        if not amount.is_finite() or abs(amount) >= Decimal(10**9):
            raise InvalidOperation
        return amount.quantize(CENT)
    except InvalidOperation as error:
        raise InvalidInput("{value} is not an amount.", field="amount", value=value) from error
