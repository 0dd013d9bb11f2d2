"""What an invoice says, kept as rows: its lines, what is charged on all of it, its parties as they then were."""

from dataclasses import asdict, dataclass

from sqlmodel import Session, col, select

from app.billing.invoicing.invoice import Invoice, InvoiceLine, LineKind
from app.billing.invoicing.models import IssuedLine, IssuedParty, PartyRole
from app.edocuments.parties import Party
from app.edocuments.totals import Charge


@dataclass(frozen=True)
class Contents:
    """The lines, charges and parties of an issued invoice."""

    lines: list[InvoiceLine]
    charges: list[Charge]
    seller: Party
    buyer: Party


def keep_contents(session: Session, invoice_id: int, invoice: Invoice) -> None:
    """Write down what an invoice says, once; lines are numbered from 1, charges after them."""
    session.add_all(
        IssuedLine(invoice_id=invoice_id, position=position, **asdict(line))
        for position, line in enumerate(invoice.lines, start=1)
    )
    session.add_all(
        IssuedLine(
            invoice_id=invoice_id, position=position, kind=LineKind.DELIVERY, name=charge.words, quantity=1,
            unit_price=charge.amount, amount=charge.amount, vat_rate=charge.vat_rate, charge_code=charge.code,
        )
        for position, charge in enumerate(invoice.charges, start=len(invoice.lines) + 1)
    )  # fmt: skip
    session.add_all(
        IssuedParty(invoice_id=invoice_id, role=role, **asdict(party))
        for role, party in ((PartyRole.SELLER, invoice.seller), (PartyRole.BUYER, invoice.buyer))
    )
    session.flush()


def list_lines(session: Session, invoice_id: int) -> list[IssuedLine]:
    """The lines and charges of an issued invoice, in their order."""
    query = select(IssuedLine).where(IssuedLine.invoice_id == invoice_id).order_by(col(IssuedLine.position))
    return list(session.exec(query))


def contents_of(session: Session, invoice_id: int) -> Contents:
    """What an issued invoice says."""
    lines = list_lines(session, invoice_id)
    parties = {
        party.role: Party(**party.model_dump(exclude={"invoice_id", "role"}))
        for party in session.exec(select(IssuedParty).where(IssuedParty.invoice_id == invoice_id))
    }
    return Contents(
        [
            InvoiceLine(one.name, one.quantity, one.unit_price, one.amount, one.vat_rate, one.sku, one.kind)
            for one in lines
            if one.kind is not LineKind.DELIVERY
        ],
        [Charge(one.name, one.charge_code, one.amount, one.vat_rate) for one in lines if one.kind is LineKind.DELIVERY],
        parties[PartyRole.SELLER],
        parties[PartyRole.BUYER],
    )
