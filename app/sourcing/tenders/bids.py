"""Bidding: a supplier's prices are checked, sealed at once, and kept as nothing but ciphertext until the opening."""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import text, update
from sqlmodel import Session, col, select

from app.accounts.actor import Actor
from app.catalog.suppliers import require_supplier
from app.core import audit, clock
from app.core.database import row_as
from app.core.errors import Conflict, InvalidInput, NotFound
from app.core.i18n import known_country
from app.sourcing.tenders.models import AwardBy, Tender, TenderBid, TenderInvitation, TenderLine
from app.sourcing.tenders.preparation import tender_key
from app.sourcing.tenders.seal import digest_of, seal
from app.sourcing.tenders.states import TENDER_LIFE, TenderEvent

_MOST_PRICE = Decimal(10**8)
MOST_LEAD_DAYS = 365


@dataclass(frozen=True)
class OfferedLine:
    """A line of a bid: the supplier's article, its unit price in euros before VAT (4 decimals), its terms."""

    line_id: int
    sku: str
    name: str
    unit_price: Decimal
    pack_size: int = 1
    min_quantity: int = 1
    lead_time_days: int = 1
    vat_rate: Decimal = Decimal("20.00")
    origin_country: str = ""


class Receipt(NamedTuple):
    """What a supplier may see of its own bid until the opening: when it came, and the digest of its ciphertext."""

    received_at: datetime
    digest: str


def get_invited(session: Session, actor: Actor, reference: str, *, share_lock: bool = False) -> tuple[Tender, int]:
    """A tender that went out to the actor's supplier, and that supplier. Raises `NotFound` for any other."""
    supplier_id = require_supplier(session, actor)
    query = (
        select(Tender)
        .join(TenderInvitation, col(TenderInvitation.tender_id) == Tender.id)
        .where(
            Tender.reference == reference,
            TenderInvitation.supplier_id == supplier_id,
            col(Tender.published_at).is_not(None),
        )
    )
    query = query.with_for_update(read=True, of=Tender) if share_lock else query
    tender = session.exec(query).one_or_none()
    if tender is None:
        raise NotFound("There is no such tender.")
    return tender, supplier_id


def submit_bid(
    session: Session, actor: Actor, reference: str, lines: Sequence[OfferedLine], words: str = ""
) -> Receipt:
    """Bid, in place of an earlier bid of the same supplier. What was typed is not kept: only its ciphertext is.

    Raises `Conflict` from the deadline on, `InvalidInput` for lines that are not of the tender or a lot in part.
    """
    tender, supplier_id = get_invited(session, actor, reference, share_lock=True)
    _require_time(tender)
    _check(session, tender, supplier_id, lines)
    content = {"lines": [{**asdict(line), "unit_price": str(line.unit_price), "vat_rate": str(line.vat_rate)}
                         for line in lines], "words": words.strip()[:2000]}  # fmt: skip
    assert tender.public_key is not None
    sealed = seal(tender.public_key, json.dumps(content).encode(), context_of(tender, supplier_id))
    _replace(session, tender, supplier_id)
    bid = TenderBid(
        tender_id=tender_key(tender), supplier_id=supplier_id, sealed=sealed, digest=digest_of(sealed),
        received_at=clock.now(), received_from=actor.label,
    )  # fmt: skip
    session.add(bid)
    session.flush()
    audit.record(session, actor.label, "tender.bid_received", tender, digest=bid.digest, supplier_id=supplier_id)
    return Receipt(bid.received_at, bid.digest)


def context_of(tender: Tender, supplier_id: int) -> str:
    """What a sealed bid is bound to: it opens for this tender and this supplier alone."""
    return f"tender {tender.reference} supplier {supplier_id}"


def withdraw_bid(session: Session, actor: Actor, reference: str) -> None:
    """Take a bid back, until the deadline."""
    tender, supplier_id = get_invited(session, actor, reference, share_lock=True)
    _require_time(tender)
    if not _replace(session, tender, supplier_id):
        raise NotFound("You have no bid here.")
    audit.record(session, actor.label, "tender.bid_withdrawn", tender, supplier_id=supplier_id)


def decline(session: Session, actor: Actor, reference: str) -> None:
    """Say that one will not bid."""
    tender, supplier_id = get_invited(session, actor, reference)
    _require_time(tender)
    session.get_one(TenderInvitation, (tender_key(tender), supplier_id)).declined_at = clock.now()
    audit.record(session, actor.label, "tender.declined", tender, supplier_id=supplier_id)


def receipt_of(session: Session, tender: Tender, supplier_id: int) -> Receipt | None:
    """The receipt of a supplier's bid in force; None where there is none."""
    row = session.execute(
        select(TenderBid.received_at, TenderBid.digest).where(
            TenderBid.tender_id == tender.id, TenderBid.supplier_id == supplier_id, col(TenderBid.replaced_at).is_(None)
        )
    ).one_or_none()
    return row_as(Receipt, row) if row else None


def _replace(session: Session, tender: Tender, supplier_id: int) -> bool:
    """Put the bid in force aside; whether there was one."""
    replaced = session.execute(
        update(TenderBid)
        .where(
            col(TenderBid.tender_id) == tender.id,
            col(TenderBid.supplier_id) == supplier_id,
            col(TenderBid.replaced_at).is_(None),
        )
        .values(replaced_at=clock.now())
        .returning(col(TenderBid.id))
    ).all()
    return bool(replaced)


def _require_time(tender: Tender) -> None:
    if not TENDER_LIFE.allows(TenderEvent.BID, tender.status) or clock.now() >= tender.deadline:
        raise Conflict("The deadline has passed: no bid is taken any more.", code="deadline_passed")


def _check(session: Session, tender: Tender, supplier_id: int, lines: Sequence[OfferedLine]) -> None:
    known = {line.id: line for line in session.exec(select(TenderLine).where(TenderLine.tender_id == tender.id))}
    numbers = [line.line_id for line in lines]
    if not lines or len(set(numbers)) != len(numbers) or not set(numbers) <= set(known):
        raise InvalidInput("A bid prices lines of the tender, each once.", field="lines")
    for line in lines:
        _check_line(line)
    taken = session.execute(
        text("SELECT sku, product_id FROM offers WHERE supplier_id = :supplier AND sku = ANY(:skus)"),
        {"supplier": supplier_id, "skus": [line.sku for line in lines]},
    )
    products = {row.sku: row.product_id for row in taken}
    seen: set[str] = set()
    for line in lines:
        if line.sku in seen or products.get(line.sku, known[line.line_id].product_id) != known[line.line_id].product_id:
            raise InvalidInput("{sku} is the SKU of another article of yours.", field="sku", sku=line.sku)
        seen.add(line.sku)
    if tender.award_by is AwardBy.LOT:
        _check_lots(known, set(numbers))


def _check_line(line: OfferedLine) -> None:
    if not line.sku.strip() or not line.name.strip() or len(line.sku) > 80 or len(line.name) > 200:
        raise InvalidInput("Each line has a SKU and a name.", field="sku")
    if not 0 <= line.unit_price < _MOST_PRICE or not 0 <= line.vat_rate <= 100:
        raise InvalidInput("{sku}: a price is an amount in euros from 0 on.", field="unit_price", sku=line.sku)
    if line.unit_price != line.unit_price.quantize(Decimal("0.0001")):
        raise InvalidInput("{sku}: a unit price has at most 4 decimals.", field="unit_price", sku=line.sku)
    if not (1 <= line.pack_size <= 10**6 and 1 <= line.min_quantity <= 10**6):
        raise InvalidInput("{sku}: packs and minimums are whole numbers from 1 on.", field="pack_size", sku=line.sku)
    if not 1 <= line.lead_time_days <= MOST_LEAD_DAYS:
        raise InvalidInput("{sku}: the lead time is from 1 to 365 days.", field="lead_time_days", sku=line.sku)
    if line.origin_country and known_country(line.origin_country) != line.origin_country:
        raise InvalidInput("{sku}: a country is written by its code of two letters.", field="origin_country",
                           sku=line.sku)  # fmt: skip


def _check_lots(known: dict[int | None, TenderLine], numbers: set[int]) -> None:
    lots: defaultdict[str, set[int | None]] = defaultdict(set)
    for key, line in known.items():
        lots[line.lot].add(key)
    for lot, keys in lots.items():
        if keys & numbers and not keys <= numbers:
            raise InvalidInput(
                "Lot {lot} is awarded as a whole: price all of its lines, or none.", field="lines", lot=lot
            )
