"""Files that move money or invoices are kept, listed, fetched again, and taken back until they are confirmed."""

import hashlib
import io
import zipfile
from datetime import datetime
from decimal import Decimal

import pytest
from lxml import etree
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from app.accounts.permissions import Role
from app.accounts.service import get_association
from app.billing.einvoicing import document_files, transmissions
from app.billing.einvoicing.life_cycle import LifeCycle
from app.billing.einvoicing.models import LifeCycleEvent, Transmission, TransmissionStatus
from app.billing.invoicing.models import IssuedInvoice
from app.billing.outgoing.service import make_file, take_back
from app.billing.payments.bank_matching import import_statement
from app.billing.payments.direct_debits import make_debits, sign_mandate
from app.billing.payments.models.bank import Transfer
from app.billing.payments.models.outgoing_files import FileKind, FileStatus
from app.billing.payments.outgoing_files import get_file
from app.billing.payments.supplier_payments import make_transfers, payables
from app.core import clock
from app.core.errors import Conflict, NotAllowed, NotFound
from tests.billing.market import Market, two_set_iban
from tests.billing.payments.test_supplier_payments import IBAN, camt
from tests.site import Site

D = Decimal
SUPPLIER_IBAN = "FR1420041010050500013M02606"


def paid_by_members(market: Market) -> Decimal:
    """What the supplier is to be paid, once a firm paid its invoice."""
    session = market.world.session
    market.deliver("R1", (0, market.gloves, 10))
    (invoice, _commission) = market.invoice()
    two_set_iban(session, market.treasurer, "VOSGES", SUPPLIER_IBAN)
    import_statement(session, market.treasurer, camt(("B1", "CRDT", str(invoice.total), "K", invoice.number)))
    (due,) = payables(session)
    return due.amount


def transfers_in(content: bytes) -> list[tuple[str, Decimal]]:
    """Reference and amount of each transfer of a file."""
    return [(one.findtext(".//{*}EndToEndId") or "", D(one.findtext(".//{*}InstdAmt") or "0"))
            for one in etree.fromstring(content).iter("{*}CdtTrfTxInf")]  # fmt: skip


def test_a_file_is_kept_and_fetched_again_with_the_same_bytes(market: Market, site: Site) -> None:
    amount = paid_by_members(market)
    made = site.post("/api/v1/outgoing-files", market.treasurer, json={"kind": "transfers"})
    assert made.status_code == 201
    kept = made.json()
    assert (kept["kind"], kept["entries"], D(kept["amount"]), kept["status"]) == ("transfers", 1, amount, "made")
    first, second = (site.get(f"/files/{kept['id']}/file", market.treasurer) for _time in range(2))
    by_api = site.get(f"/api/v1/outgoing-files/{kept['id']}/file", market.treasurer)
    assert first.content == second.content == by_api.content
    assert hashlib.sha256(first.content).hexdigest() == kept["sha256"]
    assert kept["name"] in first.headers["content-disposition"]
    assert transfers_in(first.content)[0][1] == amount
    assert kept["name"] in site.get("/files", market.treasurer).text
    assert kept["sha256"] in site.get("/files", market.treasurer).text
    assert site.post("/api/v1/outgoing-files", market.treasurer, json={"kind": "transfers"}).status_code == 409


def test_transfers_that_are_taken_back_are_paid_by_the_next_file(market: Market, site: Site) -> None:
    session, amount = market.world.session, paid_by_members(market)
    first = make_transfers(session, market.treasurer)
    assert payables(session)[0].amount == 0
    entries = session.scalar(text("SELECT count(*) FROM journal_entries"))
    assert site.post(f"/files/{first.id}/return", market.treasurer).status_code == 303
    assert (
        session.scalar(text("SELECT count(*) FROM journal_entries")) == entries
    )  # nothing was booked when it was made
    assert payables(session)[0].amount == amount
    again = site.post(f"/files/{first.id}/return", market.treasurer)
    assert (again.status_code, "was taken back already" in again.text) == (422, True)
    second = make_transfers(session, market.treasurer)
    ((before, _amount),), ((after, again_amount),) = (transfers_in(one.content) for one in (first, second))
    assert (before != after, again_amount) == (True, amount)
    assert get_file(session, market.treasurer, first.id or 0).status is FileStatus.TAKEN_BACK


def test_what_the_banks_statement_confirmed_is_not_taken_back(market: Market) -> None:
    session, amount = market.world.session, paid_by_members(market)
    kept = make_transfers(session, market.treasurer)
    ((reference, _amount),) = transfers_in(kept.content)
    import_statement(session, market.treasurer, camt(("B2", "DBIT", str(amount), "", reference)))
    assert kept.status is FileStatus.CONFIRMED
    with pytest.raises(Conflict) as refused:
        take_back(session, market.treasurer, kept.id or 0)
    assert refused.value.code == "file_confirmed"
    assert payables(session)[0].amount == 0


def test_a_file_that_was_taken_back_and_sent_all_the_same_counts_once_the_bank_says_so(market: Market) -> None:
    session, amount = market.world.session, paid_by_members(market)
    kept = make_transfers(session, market.treasurer)
    take_back(session, market.treasurer, kept.id or 0)
    ((reference, _amount),) = transfers_in(kept.content)
    import_statement(session, market.treasurer, camt(("B2", "DBIT", str(amount), "", reference)))
    assert payables(session)[0].amount == 0
    assert kept.status is FileStatus.CONFIRMED
    assert session.exec(select(Transfer)).one().movement_id is not None
    assert market.balance("471") == 0


def due_with_a_mandate(market: Market) -> IssuedInvoice:
    """An invoice of a firm that gave a mandate."""
    session = market.world.session
    get_association(session).creditor_id = "FR72ZZZ123456"
    market.deliver("R1", (0, market.gloves, 10))
    (invoice, _commission) = market.invoice()
    sign_mandate(session, market.world.an_actor(Role.APPROVER, company=market.firms[0]), IBAN)
    return invoice


def test_debits_that_are_taken_back_are_collected_by_the_next_file(market: Market) -> None:
    session, invoice = market.world.session, due_with_a_mandate(market)
    with clock.frozen(datetime.combine(invoice.due_on, datetime.min.time(), clock.PARIS)):
        first = make_debits(session, market.treasurer)
        with pytest.raises(Conflict):
            make_debits(session, market.treasurer)
        take_back(session, market.treasurer, first.id or 0)
        second = make_file(session, market.treasurer, FileKind.DEBITS)
    assert (second.entries, second.amount) == (1, invoice.total)
    assert etree.fromstring(second.content).findtext(".//{*}SeqTp") == "FRST"  # the first one never went
    import_statement(session, market.treasurer, camt(("B1", "CRDT", str(invoice.total), "K", invoice.number)))
    assert second.status is FileStatus.CONFIRMED
    with pytest.raises(Conflict):
        take_back(session, market.treasurer, second.id or 0)


def test_documents_that_are_taken_back_wait_again_until_the_platform_answers(market: Market) -> None:
    session, treasurer = market.world.session, market.treasurer
    market.deliver("R1", (0, market.gloves, 10))
    invoice = market.invoice()[0]
    kept = document_files.take_away(session, treasurer)
    sent = session.get_one(Transmission, invoice.id)
    import_statement(session, treasurer, camt(("B1", "CRDT", str(invoice.total), "K", invoice.number)))
    transmissions.note_cashed(session)
    take_back(session, treasurer, kept.id or 0)
    assert (sent.status, sent.life_cycle) == (TransmissionStatus.WAITING, None)
    again = document_files.take_away(session, treasurer)
    assert zipfile.ZipFile(io.BytesIO(again.content)).read(f"{invoice.number}.pdf")
    transmissions.note_cashed(session)
    told = document_files.take_away(session, treasurer)
    statuses = zipfile.ZipFile(io.BytesIO(told.content)).read("statuses.csv").decode("utf-8-sig")
    assert statuses.splitlines()[1:] == [f"{invoice.number};212;2026-03-04"]  # the bank's day, once
    take_back(session, treasurer, told.id or 0)
    retold = zipfile.ZipFile(io.BytesIO(document_files.take_away(session, treasurer).content))
    assert retold.read("statuses.csv").decode("utf-8-sig") == statuses
    assert len([e for e in session.exec(select(LifeCycleEvent)) if e.status is LifeCycle.CASHED and e.moved]) == 1
    transmissions.import_statuses(session, treasurer, f"number;status\n{invoice.number};213\n".encode())
    with pytest.raises(Conflict):
        take_back(session, treasurer, again.id or 0)


def test_only_the_treasurer_makes_fetches_and_takes_back(market: Market, site: Site) -> None:
    session, manager = market.world.session, market.world.a_manager()
    paid_by_members(market)
    kept = make_transfers(session, market.treasurer)
    assert site.get("/files", manager).status_code == 200
    assert site.get(f"/files/{kept.id}/file", manager).status_code == 403
    assert site.get("/files", market.world.a_buyer()).status_code == 403
    with pytest.raises(NotAllowed):
        take_back(session, manager, kept.id or 0)
    with pytest.raises(NotFound):
        get_file(session, market.treasurer, 999_999)


def test_the_database_keeps_a_file_as_it_was_made(market: Market) -> None:
    paid_by_members(market)
    make_transfers(market.world.session, market.treasurer)
    for change in ("UPDATE outgoing_files SET content = 'x'", "DELETE FROM outgoing_files"):
        with pytest.raises(IntegrityError, match="stays as it was made"), market.world.session.begin_nested():
            market.world.session.execute(text(change))
