"""The example program of docs/examples against the served site: from a sent order to its invoice."""

import subprocess
import sys
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from app.accounts.actor import COMMAND_LINE, actor_for
from app.accounts.sign_in import create_api_key
from app.catalog.models import Offer
from app.catalog.suppliers import add_supplier_user
from app.core import clock
from app.orders.consolidation.models.supplier_orders import SupplierOrder, SupplierOrderLine
from app.supplying.models.invoices import SupplierInvoice
from tests.factories import World

PROGRAM = Path(__file__).parents[2] / "docs" / "examples" / "supplier_client.py"


@pytest.fixture(scope="module")
def key(module_engine: Engine) -> str:
    """A key of S1, which has an order of 12 gloves and 4 reams, for two parks."""
    with Session(module_engine, expire_on_commit=False) as session, session.begin():
        world = World(session)
        supplier = world.a_supplier("S1")
        gloves = world.an_offer(supplier, ((1, "10.00"),), pack=6, name="Gants")
        gloves.sku = "GLOVES"
        paper = world.an_offer(supplier, ((1, "4.00"),), name="Papier")
        paper.sku = "PAPER"
        south = world.a_company("SUD", world.a_park("sud"))
        purchasing_round = world.an_open_round("R1", closes_at=clock.now() + timedelta(days=2))
        world.an_order(purchasing_round, (gloves, 8), (paper, 4))
        world.an_order(purchasing_round, (gloves, 4), buyer=world.a_buyer(south))
        world.play("R1")
        speaker = actor_for(add_supplier_user(session, COMMAND_LINE, "S1", email="s@s.example", name="Sam"))
        return create_api_key(session, speaker, "example", ["orders:read", "orders:write"]).secret


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(PROGRAM), *arguments], capture_output=True, text=True, timeout=120, check=False
    )


def test_the_example_takes_an_order_from_sent_to_invoiced(
    address: str, key: str, module_engine: Engine, tmp_path: Path
) -> None:
    stock, state = tmp_path / "stock.csv", tmp_path / "state.json"
    stock.write_text("sku,quantity\nGLOVES,100\nPAPER,3\n")
    arguments = (address, key, "--stock", str(stock), "--state", str(state))
    first = _run(*arguments)
    assert first.returncode == 0, first.stderr
    assert "R1-S1: partially_acknowledged, 132.00 EUR" in first.stdout
    assert first.stdout.count("on its way to") == 2
    assert "R1-S1: invoice FA-R1-S1, 158.40 EUR with VAT, waiting" in first.stdout
    with Session(module_engine) as session:
        assert session.exec(select(SupplierOrder.status)).one() == "shipped"
        assert session.exec(select(SupplierInvoice.net_amount)).one() == Decimal("132.00")
        confirmed = session.exec(
            select(Offer.sku, SupplierOrderLine.confirmed_quantity).where(Offer.id == SupplierOrderLine.offer_id)
        )
        assert dict(confirmed.all()) == {"GLOVES": 12, "PAPER": 3}
    again = _run(*arguments)
    assert (again.returncode, again.stdout) == (0, ""), again.stderr


def test_the_example_is_as_short_as_promised() -> None:
    assert len(PROGRAM.read_text().splitlines()) < 150
