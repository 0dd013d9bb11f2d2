"""What a supplier said, as Peppol documents: by the official rules, and read back the same."""

from collections.abc import Callable

import pytest
from sqlmodel import Session

from app.accounts.service import get_association
from app.core.errors import Conflict
from app.orders.fulfilment.acknowledgement import Answer, acknowledge_order, refuse_order
from app.orders.fulfilment.despatch import Despatch, advise_despatch
from app.orders.fulfilment.documents.formats import DocumentFormat
from app.orders.fulfilment.documents.order_files import forms_of, order_files
from app.supplying.answer_messages import DespatchMessage, OrderResponse, read_message
from tests.conftest import SHARED
from tests.factories import CUT_OFF, World
from tests.schematron import failures
from tests.site import Site
from tests.supplying.desk import Desk

RULES = SHARED / "peppol" / "rules"
RESPONSE, DESPATCH = DocumentFormat.ORDER_RESPONSE, DocumentFormat.DESPATCH_ADVICE
SSCC = "340123450000000017"


@pytest.fixture
def desk(site: Site, world: World, session: Session) -> Desk:
    """The order R2-S1 of a supplier with an address, for two parks: gloves 12 and 6, reams 4 and none."""
    desk = Desk(site, world)
    association = get_association(session)
    association.siret, association.street, association.city, association.postal_code = (
        "73282932000074",
        "1 rue du Parc",
        "Mulhouse",
        "68200",
    )
    supplier = desk.supplier
    supplier.email, supplier.city, supplier.postal_code, supplier.country = "s1@s.example", "Colmar", "68000", "France"
    south = world.a_park("sud")
    purchasing_round = world.an_open_round("R2")
    world.an_order(purchasing_round, (desk.gloves, 12), (desk.paper, 4))
    world.an_order(purchasing_round, (desk.gloves, 6), buyer=world.a_buyer(world.a_company(park=south)))
    world.play("R2")
    return desk


@pytest.fixture
def peppol() -> Callable[[str, bytes], list[str]]:
    """The official rules of a transaction that a document breaks."""
    if not RULES.exists():
        pytest.skip("../shared/data/peppol is not beside this checkout")
    return lambda name, document: [one.rule for one in failures(RULES / f"PEPPOLBIS-{name}.sch", document)]


def responses(session: Session) -> dict[str, OrderResponse]:
    read = {name: read_message(content) for name, content in order_files(session, "R2-S1", RESPONSE).items()}
    assert all(isinstance(message, OrderResponse) for message in read.values())
    return read  # type: ignore[return-value]


def test_an_order_taken_as_it_is_is_answered_so(
    desk: Desk, session: Session, peppol: Callable[[str, bytes], list[str]]
) -> None:
    with pytest.raises(Conflict, match="not answered yet"):
        order_files(session, "R2-S1", RESPONSE)
    acknowledge_order(session, desk.speakers["S1"], "R2-S1", supplier_reference="AB-1")
    for content in order_files(session, "R2-S1", RESPONSE).values():
        assert peppol("T76", content) == []
    found = responses(session)
    assert list(found) == ["R2-S1-nord-response.xml", "R2-S1-sud-response.xml"]
    assert {(one.order, one.code, one.lines, one.supplier_reference) for one in found.values()} == {
        ("R2-S1-nord", "AP", (), "AB-1"),
        ("R2-S1-sud", "AP", (), "AB-1"),
    }


def test_lines_changed_late_and_refused_are_told_for_each_park(
    desk: Desk, session: Session, peppol: Callable[[str, bytes], list[str]]
) -> None:
    answers = [
        Answer(desk.gloves.sku, 12, promised_on=CUT_OFF.date(), reason="Rupture partielle"),
        Answer(desk.paper.sku, promised_on=CUT_OFF.date(), back_ordered=True),
    ]
    acknowledge_order(session, desk.speakers["S1"], "R2-S1", answers)
    for content in order_files(session, "R2-S1", RESPONSE).values():
        assert peppol("T76", content) == []
    north, south = responses(session).values()
    assert (north.code, south.code) == ("CA", "CA")
    gloves, paper = sorted(north.lines, key=lambda line: line.sku != desk.gloves.sku)
    assert (gloves.status, gloves.note, gloves.promised_on) == ("3", "Rupture partielle", CUT_OFF.date())
    assert (paper.status, paper.quantity, paper.back_ordered) == ("3", 0, 4)
    assert (gloves.quantity or 0) + (south.lines[0].quantity or 0) == 12


def test_a_refused_order_has_no_lines(desk: Desk, session: Session, peppol: Callable[[str, bytes], list[str]]) -> None:
    refuse_order(session, desk.speakers["S1"], "R2-S1", "Fermé")
    for content in order_files(session, "R2-S1", RESPONSE).values():
        assert peppol("T76", content) == []
    assert {(one.code, one.lines) for one in responses(session).values()} == {("RE", ())}


def test_what_left_is_told_with_carrier_and_parcels(
    desk: Desk, session: Session, peppol: Callable[[str, bytes], list[str]]
) -> None:
    speaker, day = desk.speakers["S1"], CUT_OFF.date()
    lines = {desk.gloves.sku: 6, desk.paper.sku: 4}
    advise_despatch(session, speaker, "R2-S1", Despatch("BL-1", "nord", day, lines, "Chronovite", "T-1", (SSCC,)))
    advise_despatch(session, speaker, "R2-S1", Despatch("BL-2", "sud", day))
    files = order_files(session, "R2-S1", DESPATCH)
    assert list(files) == ["R2-S1-1.xml", "R2-S1-2.xml"]
    for content in files.values():
        assert peppol("T16", content) == []
    north, south = (read_message(content) for content in files.values())
    assert isinstance(north, DespatchMessage)
    assert isinstance(south, DespatchMessage)
    assert (north.number, north.order, north.carrier, north.tracking) == ("BL-1", "R2-S1-nord", "Chronovite", "T-1")
    assert (north.sscc, north.expected_on) == ((SSCC,), day)
    assert {line.sku: line.quantity for line in north.lines} == lines
    assert {line.sku: line.quantity for line in south.lines} == {desk.gloves.sku: 6}


def test_only_documents_that_exist_are_offered(desk: Desk, session: Session) -> None:
    offered = [forms_of(session, "R2-S1")]
    acknowledge_order(session, desk.speakers["S1"], "R2-S1")
    offered.append(forms_of(session, "R2-S1"))
    advise_despatch(session, desk.speakers["S1"], "R2-S1", Despatch("BL-1", "nord", CUT_OFF.date()))
    offered.append(forms_of(session, "R2-S1"))
    assert [len(forms) for forms in offered] == [5, 6, 7]
    path = "/api/v1/supplier/orders/R2-S1/documents/despatch-advice"
    assert desk.ask("GET", path, desk.key()).headers["content-type"] == "application/xml"
    assert desk.ask("GET", path, desk.key("S2")).status_code == 404
