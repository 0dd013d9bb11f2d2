"""The treasurer's screens over years of invoices against the same over a few: they must be as quick."""

from sqlalchemy import Engine
from sqlmodel import Session

from app.bench.measure import Measurement, against, worst_of
from app.bench.scratch import make_offers, make_park, run, scratch_engine, signed_in
from app.main import create_app

INVOICES, SMALL = 36_000, 1_000  # three years of a thousand a month; one month, which fills each page
_RUNS = 9
# Lists read what they show; the books sum up a whole year of postings.
_PAGES = {"/treasury": 2, "/invoices": 2, "/payments": 2, "/einvoicing": 2, "/books": 4, "/books?account=411": 4}
# Nineteen of twenty are paid by a movement of their own, each thousandth movement waits.
_DATA = (
    """
    INSERT INTO people (email, name, roles, locale, active, version)
    VALUES ('treasurer@bench.example', 'Marc', ARRAY['treasurer'], 'fr', true, 1)
    """,
    """
    INSERT INTO issued_invoices (kind, series, year, sequence, number, supplier_id, company_id, issued_on, due_on,
        net_amount, vat_amount, total, reason, issued_at, issued_by)
    SELECT 'member', 'S', 2026, n, 'S-2026-' || lpad(n::text, 6, '0'), 1 + n % 12, 1 + n % 125,
        CURRENT_DATE - n % 300, CURRENT_DATE - n % 300 + 45, 100, 20, 120, '', now(), 'bench'
    FROM generate_series(1, :invoices) n
    """,
    """
    INSERT INTO einvoice_transmissions (invoice_id, siren, content, status, reference, failure)
    SELECT id, '732829320', '', 'sent', '', '' FROM issued_invoices
    """,
    """
    INSERT INTO bank_movements (number, account, reference, booked_on, amount, counterparty, words, charges, is_return,
        identity, position, rest_account, imported_at)
    SELECT 'B' || n, '', 'B' || n, CURRENT_DATE, 120, 'K', 'S-' || n, 0, false, n::text, 1,
        CASE WHEN n % 1000 = 0 THEN '471' ELSE '' END, now()
    FROM generate_series(1, :invoices) n
    """,
    """
    INSERT INTO payments (invoice_id, movement_id, amount)
    SELECT i.id, m.id, 120 FROM issued_invoices i JOIN bank_movements m ON m.reference = 'B' || i.sequence
    WHERE i.sequence % 20 <> 0 AND i.sequence % 1000 <> 0
    """,
    """
    INSERT INTO journal_entries (booked_at, booked_on, document_date, document_type, document_number, purpose, label)
    SELECT now(), issued_on, issued_on, 'invoice', number, 'issue', number FROM issued_invoices
    """,
    """
    INSERT INTO postings (entry_id, account, supplier_id, company_id, debit, credit)
    SELECT e.id, side.account, i.supplier_id, i.company_id, side.debit, side.credit
    FROM journal_entries e JOIN issued_invoices i ON i.number = e.document_number
    CROSS JOIN (VALUES ('411', 120, 0), ('401', 0, 120)) AS side (account, debit, credit)
    """,
)


class _Desk:
    """The application over one scratch database, asked as the treasurer."""

    def __init__(self, session: Session, engine: Engine, invoices: int) -> None:
        make_park(session, 125)
        make_offers(session, 100, suppliers=12)
        run(session, *_DATA, invoices=invoices)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")
        app = create_app(lambda: Session(engine, expire_on_commit=False), 10)
        self.client = signed_in(session, app, "treasurer@bench.example")
        session.commit()

    def read(self, path: str) -> None:
        """Ask for a page and insist that it is there."""
        answer = self.client.get(path)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"


def measure(session: Session, engine: Engine, scale: float) -> list[Measurement]:
    """Each page of the treasurer's; the worst one counts."""
    count = max(int(INVOICES * scale), SMALL)
    with scratch_engine("engrenages_bench_small") as small_engine, Session(small_engine) as small_session:
        large, small = _Desk(session, engine, count), _Desk(small_session, small_engine, SMALL)
        measured = [
            against(
                path, "", lambda path=path: large.read(path),  # type: ignore[misc]
                lambda path=path: small.read(path),  # type: ignore[misc]
                factor=factor, runs=_RUNS,
            )
            for path, factor in _PAGES.items()
        ]  # fmt: skip
    what = f"the treasurer's pages over {count:,} invoices, at most 2 × (the books 4 ×) the same over {SMALL}"
    return [worst_of("treasury_pages", what, measured)]
