"""A delivered round is settled once all that its members keep is invoiced and paid."""

from sqlalchemy import text
from sqlmodel import Session

from app.billing.payments.settled_rounds import settle_rounds
from app.orders.rounds.models import RoundStatus
from tests.billing.market import Market


def pay(session: Session, part: str) -> None:
    """Each firm pays a part of what is open of its invoices."""
    session.execute(
        text("UPDATE invoice_balances SET open = round(open * (1 - CAST(:part AS numeric)), 2)"), {"part": part}
    )


def test_a_round_is_settled_when_all_is_invoiced_and_paid(market: Market) -> None:
    session = market.world.session
    market.deliver("R1", (0, market.gloves, 5), (1, market.lamp, 2))
    assert settle_rounds(session) == []  # nothing is invoiced
    market.invoice()
    assert settle_rounds(session) == []  # nothing is paid
    pay(session, "0.5")
    assert settle_rounds(session) == []
    pay(session, "1")
    assert settle_rounds(session) == ["R1"]
    assert settle_rounds(session) == []
    session.expire_all()
    assert RoundStatus(session.scalar(text("SELECT status FROM rounds")) or "") is RoundStatus.SETTLED
