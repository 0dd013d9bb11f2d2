"""What people type about tenders: terms, needs line by line, prices of a bid."""

import re
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from pydantic import BaseModel, Field

from app.core.clock import PARIS
from app.core.errors import InvalidInput
from app.sourcing.tenders.bids import OfferedLine
from app.sourcing.tenders.models import AwardBy, Tender
from app.sourcing.tenders.preparation import Need, TenderTerms, weights_of
from app.sourcing.tenders.ranking import Measure
from app.web.forms import typed_amount, typed_day, typed_instant

_STEP = Decimal("0.0001")
_PARTS = re.compile(r"\s*[;\t]\s*")


class TenderForm(BaseModel):
    """The fields of a tender's terms, as typed."""

    reference: str = Field(default="", max_length=40)
    title: str = Field(default="", max_length=200)
    description: str = Field(default="", max_length=5000)
    award_by: AwardBy = AwardBy.LINE
    weight: list[str] = ["50", "30", "10", "10"]
    questions_until: str = ""
    deadline: str = ""
    offers_from: str = ""
    offers_until: str = ""
    version: int = 0

    @classmethod
    def of(cls, tender: Tender) -> "TenderForm":
        """The fields that show a tender."""
        return cls(
            reference=tender.reference, title=tender.title, description=tender.description, award_by=tender.award_by,
            weight=[str(weight) for weight in weights_of(tender).values()],
            questions_until=_local(tender.questions_until), deadline=_local(tender.deadline),
            offers_from=tender.offers_from.isoformat(), offers_until=tender.offers_until.isoformat(),
            version=tender.version,
        )  # fmt: skip

    def terms(self) -> TenderTerms:
        """What the fields say. Raises `InvalidInput`."""
        try:
            weights = dict(zip(Measure, [int(weight) for weight in self.weight], strict=True))
            questions_until, deadline = typed_instant(self.questions_until), typed_instant(self.deadline)
        except ValueError as error:
            raise InvalidInput("A tender has four weights, two instants and two days.", field="deadline") from error
        first, last = typed_day(self.offers_from), typed_day(self.offers_until)
        if first is None or last is None:
            raise InvalidInput("A tender has four weights, two instants and two days.", field="offers_from")
        return TenderTerms(self.title, self.description, self.award_by, weights, questions_until, deadline, first, last)


def _local(instant: datetime) -> str:
    """An instant as its field takes it, on a Paris clock."""
    return f"{instant.astimezone(PARIS):%Y-%m-%dT%H:%M}"


def typed_needs(lines: str) -> list[Need]:
    """Needs as typed, one a line: `product; quantity; lot; words`. Raises `InvalidInput` naming the line."""
    needs = []
    for number, line in enumerate(lines.splitlines(), start=1):
        parts = [part.strip() for part in _PARTS.split(line.strip())]
        if not parts[0]:
            continue
        if len(parts) < 2 or len(parts) > 4 or not parts[1].isascii() or not parts[1].isdigit() or len(parts[1]) > 9:
            raise InvalidInput("Line {line}: write product; quantity; lot; words.", field="needs", line=number)
        needs.append(Need(parts[0], int(parts[1]), *parts[2:]))
    if not needs:
        raise InvalidInput("Write at least one line: product; quantity; lot; words.", field="needs")
    return needs


class BidForm(BaseModel):
    """The columns of a bid, one entry a line of the need; a line without a price is not bid for."""

    line_id: list[int] = []
    sku: list[str] = []
    name: list[str] = []
    price: list[str] = []
    pack_size: list[str] = []
    min_quantity: list[str] = []
    lead_time_days: list[str] = []
    vat_rate: list[str] = []
    origin_country: list[str] = []
    words: str = Field(default="", max_length=2000)

    def lines(self) -> list[OfferedLine]:
        """The lines that have a price. Raises `InvalidInput`."""
        columns: Sequence[Sequence[object]] = (
            self.sku, self.name, self.price, self.pack_size, self.min_quantity, self.lead_time_days, self.vat_rate,
            self.origin_country,
        )  # fmt: skip
        if any(len(column) != len(self.line_id) for column in columns):
            raise InvalidInput("The form is not whole. Load the page again.", field="form")
        return [self._line(at) for at in range(len(self.line_id)) if self.price[at].strip()]

    def _line(self, at: int) -> OfferedLine:
        sku = self.sku[at].strip()
        price = typed_amount(self.price[at], "price", _STEP)
        assert price is not None
        return OfferedLine(
            line_id=self.line_id[at], sku=sku, name=self.name[at].strip(), unit_price=price,
            pack_size=_whole(self.pack_size[at], sku), min_quantity=_whole(self.min_quantity[at], sku),
            lead_time_days=_whole(self.lead_time_days[at], sku), vat_rate=_rate(self.vat_rate[at], sku),
            origin_country=self.origin_country[at].strip().upper(),
        )  # fmt: skip


def _whole(typed: str, sku: str) -> int:
    compact = typed.strip() or "1"
    if not (compact.isascii() and compact.isdigit() and len(compact) <= 7):
        raise InvalidInput("{sku}: packs and minimums are whole numbers from 1 on.", field="pack_size", sku=sku)
    return int(compact)


def _rate(typed: str, sku: str) -> Decimal:
    try:
        return Decimal(typed.strip().replace(",", ".") or "20").quantize(Decimal("0.01"))
    except InvalidOperation as error:
        raise InvalidInput("{sku}: {value} is no rate of VAT.", field="vat_rate", sku=sku, value=typed) from error


def typed_days(first: str, last: str) -> tuple[date, date]:
    """Two days of the past, in order. Raises `InvalidInput`."""
    begin, end = typed_day(first), typed_day(last)
    if begin is None or end is None or begin > end:
        raise InvalidInput("Say from which day to which the past is counted.", field="first")
    return begin, end
