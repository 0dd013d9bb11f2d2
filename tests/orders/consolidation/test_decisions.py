"""The manager tries a decision before taking it, and takes it back after."""

from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlmodel import Session

from app.accounts.actor import COMMAND_LINE
from app.core.errors import NotFound
from app.orders.consolidation import decisions, draft_preview
from app.orders.consolidation.draft import consolidate_round
from app.orders.consolidation.models.supplier_orders import SupplierDecision
from app.orders.consolidation.round_lifecycle import close_round
from tests.factories import World
from tests.site import Site

STATE = "SELECT order_line_id, allocated, reason, amount FROM allocations ORDER BY 1"


@pytest.fixture
def supplier_id(world: World, session: Session) -> int:
    """A consolidated round R of one supplier under its minimum: 12 units of a pack of 6, wanted by two."""
    supplier = world.a_supplier("S1", minimum_order=Decimal(500))
    offer, purchasing_round = world.an_offer(supplier, pack=6), world.an_open_round("R")
    world.an_order(purchasing_round, (offer, 8, 1))
    world.an_order(purchasing_round, (offer, 4))
    close_round(session, COMMAND_LINE, "R")
    consolidate_round(session, COMMAND_LINE, "R")
    return supplier.id or 0


def test_a_trial_shows_before_and_after_and_changes_nothing(session: Session, supplier_id: int) -> None:
    state = session.execute(text(STATE)).all()
    audit = session.execute(text("SELECT count(*) FROM audit_entries")).scalar_one()
    before, after = draft_preview.simulate(
        session,
        "R",
        lambda: decisions.choose_for_supplier(session, COMMAND_LINE, "R", supplier_id, SupplierDecision.DROP),
    )
    assert (before.amount, before.unfilled_units) == (Decimal("120.00"), 0)
    assert (after.amount, after.unfilled_units, after.short_lines, after.orders) == (0, 12, 2, {})
    assert session.execute(text(STATE)).all() == state
    assert session.execute(text("SELECT count(*) FROM audit_entries")).scalar_one() == audit
    assert session.execute(text("SELECT count(*) FROM supplier_choices")).scalar_one() == 0


def test_a_decision_is_taken_back_and_all_is_as_before(session: Session, supplier_id: int) -> None:
    state = session.execute(text(STATE)).all()
    decisions.choose_for_supplier(session, COMMAND_LINE, "R", supplier_id, SupplierDecision.ROLL_OVER)
    assert session.execute(text(STATE)).all() != state
    decisions.take_choice_back(session, COMMAND_LINE, "R", supplier_id)
    assert session.execute(text(STATE)).all() == state
    with pytest.raises(NotFound, match="Nothing was decided"):
        decisions.take_choice_back(session, COMMAND_LINE, "R", supplier_id)


def test_a_line_taken_out_is_put_back(session: Session, supplier_id: int) -> None:
    state = session.execute(text(STATE)).all()
    line_id = state[0][0]
    decisions.exclude_line(session, COMMAND_LINE, "R", line_id, "double")
    assert session.execute(text(STATE)).all()[0][2] == "excluded"
    decisions.put_line_back(session, COMMAND_LINE, "R", line_id)
    assert session.execute(text(STATE)).all() == state


def test_the_page_of_a_trial_offers_to_do_it(site: Site, world: World, session: Session, supplier_id: int) -> None:
    manager = world.a_manager()
    offer_id = session.execute(text("SELECT offer_id FROM supplier_order_lines")).scalar_one()
    path = f"/rounds/R/offers/{offer_id}/packs"
    tried = site.post(path, manager, data={"packs": "1", "number": "R-S1", "try": "true"})
    assert "What it would change" in tried.text
    assert "€60.00" in tried.text
    assert f'action="{path}"' in tried.text
    assert session.execute(text("SELECT quantity FROM supplier_order_lines")).scalar_one() == 12
    assert site.post(path, manager, data={"packs": "1", "number": "R-S1"}).status_code == 303
    assert session.execute(text("SELECT quantity FROM supplier_order_lines")).scalar_one() == 6


def test_an_instant_that_cannot_be_read_is_told(site: Site, world: World, supplier_id: int) -> None:
    form = {"decision": "postpone", "keep_open_until": "tomorrow"}
    answer = site.post(f"/rounds/R/suppliers/{supplier_id}/choice", world.a_manager(), data=form)
    assert answer.status_code == 422
    assert "tomorrow is not an instant" in answer.text
