"""Bank statements as XML: CAMT.053 of ISO 20022, any version, read into movements. Pure.

An entry is what the account was changed by; its details say who paid what of it. Details count where they come to the
entry to the cent, by their own amounts and signs, less the charges that the file names; else the entry counts alone.
"""

import re
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from lxml import etree

from app.billing.payments.movements import MOST_WORDS, YEARS, Movement, Statement, as_cents, plain
from app.core.clock import PARIS
from app.core.errors import InvalidInput
from app.core.money import ZERO
from app.edocuments.xml import parse_xml

_CAMT = re.compile(r"camt\.0(5[0-9])\.")
_AMOUNT = re.compile(r"\+?([0-9]{1,18}(?:\.[0-9]{1,9})?)\Z")
_DAY = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:Z|[+-][0-9]{2}:[0-9]{2})?\Z")
_NONE_GIVEN = frozenset({"NOTPROVIDED", "NOTAVAILABLE", "NOT PROVIDED"})
_BOOKED = frozenset({"BOOK", ""})
_SIGNS = {"CRDT": 1, "DBIT": -1}
# Where a detail may say its amount, the likeliest first: in the account's currency, as it was sent, as it was changed.
_AMOUNTS = (
    "{*}Amt", "{*}AmtDtls/{*}TxAmt/{*}Amt", "{*}AmtDtls/{*}InstdAmt/{*}Amt", "{*}AmtDtls/{*}CntrValAmt/{*}Amt",
    "{*}AmtDtls/{*}AnncdPstngAmt/{*}Amt",
)  # fmt: skip


def read_camt(content: bytes) -> list[Statement]:
    """The booked movements of each statement in a document. Raises `InvalidInput` for another, or one not in euros."""
    root = parse_xml(content)
    if root.getroottree().docinfo.doctype:
        raise InvalidInput("The file declares a document type of its own: no bank's statement does.", field="file")
    found = _CAMT.search(etree.QName(root).namespace or "")
    if found is None or found[1] != "53":
        raise InvalidInput(
            "The file is XML, but no CAMT.053 statement.", code="not_a_statement", field="file",
        )  # fmt: skip
    return [_statement(node) for node in root.iterfind(".//{*}Stmt")]


def _statement(statement: etree._Element) -> Statement:
    account = _text(statement, "{*}Acct/{*}Id/{*}IBAN") or _text(statement, "{*}Acct/{*}Id/{*}Othr/{*}Id")
    only_day, movements = _only_day(statement), []
    for entry in statement.iterfind("{*}Ntry"):
        if (_text(entry, "{*}Sts/{*}Cd") or _text(entry, "{*}Sts/{*}Prtry") or _text(entry, "{*}Sts")) in _BOOKED:
            movements += [one for one in _movements(entry, _day(entry) or only_day) if one.amount]
    return Statement("".join(account.split()).upper(), movements)


class _Detail(NamedTuple):
    """A transaction of an entry: euros that it came to by its own sign, and what the bank charged for it."""

    node: etree._Element
    amount: Decimal
    charges: Decimal


def _movements(entry: etree._Element, day: date | None) -> Iterator[Movement]:
    """What an entry is: one movement, or one for each of its details where these come to it."""
    if day is None:
        raise InvalidInput("A movement of the statement has no day.", code="no_day", field="file")
    amount = entry.find("{*}Amt")
    if amount is None or amount.get("Ccy") != "EUR":
        raise InvalidInput("A movement of the statement is not in euros.", code="not_euros", field="file")
    sign = _SIGNS.get(_text(entry, "{*}CdtDbtInd"))
    if sign is None:
        raise InvalidInput("A movement of the statement does not say whether money came or went.", field="file")
    total = sign * _amount(amount)
    nodes = entry.findall("{*}NtryDtls/{*}TxDtls")
    details, kept_of_all = _split(entry, nodes, sign, total)
    if len(nodes) > 1 and details:
        for one in details:
            yield _movement(entry, day, [one.node], one.amount - one.charges, one.charges)
        if kept_of_all:
            yield _movement(entry, day, [], -kept_of_all, kept_of_all)
    else:
        charges = sum((one.charges for one in details), kept_of_all)
        yield _movement(entry, day, nodes, total, charges)


def _split(
    entry: etree._Element, nodes: list[etree._Element], sign: int, total: Decimal
) -> tuple[list[_Detail], Decimal]:
    """The details of an entry where they come to it, and what was charged beside them; none where they do not."""
    kept_of_all = _charges(entry)
    readings = []
    for first in _AMOUNTS:
        details = [one for one in (_detail(node, sign, first) for node in nodes) if one is not None]
        if nodes and len(details) == len(nodes):
            readings.append((details, sum((one.amount for one in details), ZERO)))
    for details, gross in readings:  # what was sent before the charges is what was paid
        charged = sum((one.charges for one in details), ZERO)
        if charged and gross - charged == total:
            return details, ZERO
    for details, gross in readings:
        without = [one._replace(charges=ZERO) for one in details]
        if kept_of_all and gross - kept_of_all == total:
            return without, kept_of_all
        if gross == total:
            return without, ZERO
    return [], ZERO


def _detail(node: etree._Element, sign: int, first: str) -> _Detail | None:
    """A detail by the amount at `first`, or wherever else it says one in euros; None where it says none."""
    own_sign = _SIGNS.get(_text(node, "{*}CdtDbtInd"), sign)
    for path in (first, *_AMOUNTS):
        amount = node.find(path)
        if amount is not None and amount.get("Ccy") == "EUR":
            return _Detail(node, own_sign * _amount(amount), _charges(node))
    return None


def _charges(node: etree._Element) -> Decimal:
    """What the bank charged for an entry or a detail, in euros; charges that it gave back are taken off."""
    total = ZERO
    records = node.findall("{*}Chrgs/{*}Rcrd") or node.findall("{*}Chrgs")
    for record in records:
        amount = record.find("{*}Amt")
        amount = record.find("{*}TtlChrgsAndTaxAmt") if amount is None else amount
        if amount is not None and amount.get("Ccy") == "EUR":
            total += -_SIGNS.get(_text(record, "{*}CdtDbtInd"), -1) * _amount(amount)
    return total


def _movement(
    entry: etree._Element, day: date, details: list[etree._Element], amount: Decimal, charges: Decimal
) -> Movement:
    is_return = _text(entry, "{*}RvslInd") in {"true", "1"} or any(one.find("{*}RtrInf") is not None for one in details)
    parties = dict.fromkeys(filter(None, (_party(one, amount > 0, is_return) for one in details)))
    references = (*(_text(one, "{*}Refs/{*}AcctSvcrRef") for one in details), _text(entry, "{*}AcctSvcrRef"))
    batches = [entry.find("{*}NtryDtls/{*}Btch"), *(one.find("{*}Refs") for one in details)]
    named = (_text(one, path) for one in batches if one is not None for path in ("{*}PmtInfId", "{*}MsgId"))
    return Movement(
        next(filter(None, references), "")[:80],
        day,
        amount,
        next(iter(parties))[:200] if len(parties) == 1 else "",
        _words(entry, details),
        charges=charges,
        is_return=is_return,
        batches=tuple(dict.fromkeys(filter(None, named))),
    )


def _words(entry: etree._Element, details: list[etree._Element]) -> str:
    """What was written with a movement; where nothing was, what the bank says of it."""
    said = [
        plain(node.text or "")
        for one in details
        for path in ("{*}Refs/{*}EndToEndId", "{*}RmtInf//{*}Ustrd", "{*}RmtInf//{*}Ref", "{*}RmtInf//{*}Nb")
        for node in one.iterfind(path)
    ]
    told = (*(_text(one, "{*}AddtlTxInf") for one in details), _text(entry, "{*}AddtlNtryInf"))
    words = [word for word in dict.fromkeys(said) if word and word not in _NONE_GIVEN]
    return " ".join(words or dict.fromkeys(filter(None, told)))[:MOST_WORDS]


def _party(detail: etree._Element, incoming: bool, is_return: bool) -> str:
    """Who is on the other side: the debtor of money that came, the creditor of money that went; of a return the other
    way round, as parties keep their names."""
    first, second = ("Dbtr", "Cdtr") if incoming != is_return else ("Cdtr", "Dbtr")
    for role in (first, f"Ultmt{first}", second, f"Ultmt{second}"):
        for node in detail.iterfind(f"{{*}}RltdPties/{{*}}{role}//{{*}}Nm"):
            return plain(node.text or "")
    return ""


def _day(entry: etree._Element) -> date | None:
    """The day on which an entry was booked, else that of its value, as the bank wrote it."""
    for path in ("BookgDt", "ValDt"):
        day = _text(entry, f"{{*}}{path}/{{*}}Dt") or _text(entry, f"{{*}}{path}/{{*}}DtTm")
        if day:
            return _as_day(day)
    return None


def _only_day(statement: etree._Element) -> date | None:
    """The day of a statement that opens and closes on the same: central banks leave it out of their entries."""
    balances = {
        _text(one, "{*}Tp/{*}CdOrPrtry/{*}Cd"): _text(one, "{*}Dt/{*}Dt") for one in statement.iterfind("{*}Bal")
    }
    opened, closed = balances.get("OPBD", ""), balances.get("CLBD", "")
    return _as_day(closed) if closed and opened == closed else None


def _as_day(value: str) -> date:
    found = _DAY.match(value)
    try:
        moment = datetime.fromisoformat(found[1] if found else value)
        day = (moment.astimezone(PARIS) if moment.tzinfo else moment).date()
        if day.year not in YEARS:
            raise ValueError
        return day
    except ValueError as error:
        raise InvalidInput("{value} is no day: write it as 2026-05-31.", field="day", value=value) from error


def _amount(node: etree._Element) -> Decimal:
    written = (node.text or "").strip()
    found = _AMOUNT.match(written)
    amount = as_cents(Decimal(found[1])) if found else None
    if amount is None:
        raise InvalidInput("{value} is not an amount.", field="amount", value=written[:40])
    return amount


def _text(node: etree._Element, path: str) -> str:
    return plain(node.findtext(path) or "")
