"""Bank statements as tables: CSV as French banks let it be taken away, or as we write it ourselves. Pure.

Columns are found by their names, in French or English, below whatever the bank writes above them. The amount stands in
one column with its sign, or in two, one of money that went and one of money that came.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import islice

from stdnum import iban

from app.billing.payments.movements import MOST_WORDS, YEARS, Movement, Statement, as_cents, plain
from app.core.errors import InvalidInput
from app.core.money import ZERO
from app.core.tabular import Cure, decimal_from, uploaded_rows

_ROWS_SEARCHED = 40
# The names of columns, without accents and in small letters; of those that name a day the booking day counts first.
_NAMES = {
    "date": (
        "date", "booking date", "date operation", "date d operation", "date de l operation", "date comptable",
        "date de comptabilisation", "date ecriture", "date d ecriture", "jour", "value date", "date valeur",
        "date de valeur",
    ),
    "amount": ("amount", "montant", "montant eur", "montant euros", "montant en euros", "montant en eur", "somme"),
    "debit": ("debit", "debit eur", "debit euros", "debit en euros", "montant debit"),
    "credit": ("credit", "credit eur", "credit euros", "credit en euros", "montant credit"),
    "sign": ("sens", "sign", "d c", "c d", "debit credit", "credit debit", "sens de l operation"),
    "words": (
        "words", "libelle", "libelle operation", "libelle de l operation", "libelle simplifie", "description", "motif",
        "nature de l operation", "nature operation", "intitule", "communication", "informations complementaires",
        "informations", "detail", "details",
    ),
    "counterparty": ("counterparty", "contrepartie", "tiers", "nom", "emetteur", "beneficiaire", "nom du tiers"),
    "reference": (
        "reference", "ref", "reference de l operation", "reference operation", "numero d operation", "numero operation",
        "n operation", "reference bancaire",
    ),
    "currency": ("currency", "devise", "monnaie"),
    "account": ("account", "iban", "compte", "numero de compte", "n de compte"),
}  # fmt: skip
_EUROS = frozenset({"", "EUR", "EURO", "EUROS", "€"})
_DAYS = (
    re.compile(r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})(?:[T ][0-9:.,]+(?:Z|[+-][0-9:]+)?)?\Z"),
    re.compile(r"(?P<day>[0-9]{1,2})[/.-](?P<month>[0-9]{1,2})[/.-](?P<year>[0-9]{4})\Z"),
    re.compile(r"(?P<year>20[0-9]{2})(?P<month>[0-9]{2})(?P<day>[0-9]{2})\Z"),
    re.compile(r"(?P<day>[0-9]{2})/(?P<month>[0-9]{2})/(?P<century>)(?P<year>[0-9]{2})\Z"),
)
_SIGNED = re.compile(r"(?P<before>[+-]?)\s*(?P<number>[0-9].*?)\s*(?P<after>[+-]?)\Z", re.DOTALL)
_CURRENCY = re.compile(r"\s*(?:€|EUR|EUROS)\s*", re.IGNORECASE)
_SIDES = dict.fromkeys(("d", "debit", "dbit", "-"), -1) | dict.fromkeys(("c", "credit", "crdt", "+"), 1)
_CENTURY = 2000
_MINUS = str.maketrans({"−": "-", "–": "-"})
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]){11,30}")


def read_table(content: bytes) -> list[Statement]:
    """The movements of a table, by account. Raises `InvalidInput`, with its line, for whatever cannot be read."""
    rows = uploaded_rows(content, [name for names in _NAMES.values() for name in names])
    above: list[str] = []
    for _line, cells in islice(rows, _ROWS_SEARCHED):
        columns = _columns(cells)
        if _is_header(columns):
            found = list(_table(rows, columns, len(cells)))
            above_all = "".join(_ibans(" ".join(above))[:1])
            by_account: defaultdict[str, list[Movement]] = defaultdict(list)
            for account, one in found:
                if one.amount:
                    by_account[account or above_all].append(one)
            return [Statement(account, movements) for account, movements in by_account.items()] or [
                Statement(above_all, [])
            ]
        above += cells
    raise InvalidInput(
        "A CSV statement has the columns date, words and amount (or debit and credit).", code="bad_header", field="file"
    )


def _columns(cells: Sequence[str]) -> dict[str, list[int]]:
    """Where each column that we know stands; of several names for one the first of ours first."""
    names = [_simple(cell) for cell in cells]
    return {
        column: [names.index(name) for name in known if name in names]
        for column, known in _NAMES.items()
        if any(name in names for name in known)
    }


def _is_header(columns: dict[str, list[int]]) -> bool:
    return {"date", "words"} <= set(columns) and ("amount" in columns or {"debit", "credit"} <= set(columns))


def _simple(title: str) -> str:
    """A title in small letters without accents, signs or blanks around."""
    letters = unicodedata.normalize("NFKD", title)
    return " ".join(re.sub(r"[^a-z0-9 ]", " ", "".join(c for c in letters if c.isascii()).lower()).split())


def _table(
    rows: Iterator[tuple[int, list[str]]], columns: dict[str, list[int]], width: int
) -> Iterator[tuple[str, Movement]]:
    for line, cells in rows:
        try:
            if any(cells[width:]):
                raise Cure("more cells than the header has columns: is a separator missing its quotes?")
            row = {
                column: [cells[at] for at in places if at < len(cells) and cells[at]]
                for column, places in columns.items()
            }
            if not _is_remark(row):
                yield _movement(row)
        except Cure as fault:
            raise InvalidInput(
                "Line {line} of the file: {why}", code="bad_cell", field="file", line=line, why=str(fault)
            ) from fault


def _movement(row: dict[str, list[str]]) -> tuple[str, Movement]:
    """A row as a movement, with the account that it names. Raises `Cure`."""
    currency = "".join(row.get("currency", [])[:1]).strip().upper()
    if currency not in _EUROS:
        raise Cure("only euros can be read, not {currency}", currency=currency)
    if not row["date"]:
        raise Cure("this row has no day")
    return "".join(_ibans(" ".join(row.get("account", ())))[:1]), Movement(
        plain("".join(row.get("reference", [])[:1]))[:80],
        _day(row["date"][0]),
        _amount(row),
        plain("".join(row.get("counterparty", [])[:1]))[:200],
        " ".join(dict.fromkeys(plain(cell) for cell in row["words"]))[:MOST_WORDS],
    )


def _is_remark(row: dict[str, list[str]]) -> bool:
    """Whether a row has neither a day nor an amount: banks write balances and notes below."""
    if any(row.get(column) for column in ("amount", "debit", "credit")):
        return False
    try:
        _day("".join(row["date"][:1]))
    except Cure:
        return True
    return False


def _day(value: str) -> date:
    """A day as banks write it: 2026-11-26, 26/11/2026, 26/11/26, 20261126; days stand before months."""
    for form in _DAYS:
        found = form.match(value)
        if found:
            try:
                year = int(found["year"]) + (_CENTURY if "century" in found.groupdict() else 0)
                day = date(year, int(found["month"]), int(found["day"]))
            except ValueError:
                break
            if day.year in YEARS:
                return day
    raise Cure("“{value}” is no day, such as 26/11/2026 or 2026-11-26", value=value[:40])


def _amount(row: dict[str, list[str]]) -> Decimal:
    """The euros of a row: positive where money came in."""
    if "debit" in row and "credit" in row:
        went, came = (abs(_euros(row[name][0])) if row[name] else ZERO for name in ("debit", "credit"))
        if went and came:
            raise Cure("this row has a debit and a credit")
        if row["debit"] or row["credit"]:
            return came - went
    if not row.get("amount"):
        raise Cure("this row has no amount")
    amount = _euros(row["amount"][0])
    if "sign" not in row:
        return amount
    side = _simple("".join(row["sign"][:1])) or "".join(row["sign"][:1]).translate(_MINUS)
    if side not in _SIDES or (amount < 0 < _SIDES[side]):
        raise Cure("“{value}” does not say debit or credit", value=side[:40])
    return abs(amount) * _SIDES[side]


def _euros(value: str) -> Decimal:
    """A signed amount as people and banks write it: `-1 234,56`, `12.50 EUR`, `45,00-`. Raises `Cure`."""
    found = _SIGNED.match(_CURRENCY.sub("", value.translate(_MINUS).strip()))
    if found is None or (found["before"] and found["after"]):
        raise Cure("“{value}” is no amount, such as 12.50 or -12,50", value=value[:40])
    amount = as_cents(decimal_from(found["number"]))
    if amount is None:
        raise Cure("“{value}” is no amount, such as 12.50 or -12,50", value=value[:40])
    return -amount if "-" in (found["before"], found["after"]) else amount


def _ibans(text: str) -> list[str]:
    """The IBANs with right check digits that stand in a text."""
    found = []
    for match in _IBAN.finditer(text.upper()):
        compact = match[0].replace(" ", "")
        found += [compact[:length] for length in range(len(compact), 14, -1) if iban.is_valid(compact[:length])][:1]
    return found
