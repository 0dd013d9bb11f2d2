"""Loading the demo and playing its round, step by step: each step is one transaction and is skipped once done."""

import csv
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

from sqlalchemy import text
from sqlmodel import Session, col, select

from app.accounts.actor import COMMAND_LINE, Actor, actor_for
from app.accounts.imports import PEOPLE_COLUMNS, import_people
from app.accounts.models import Association, Person
from app.accounts.permissions import Role
from app.accounts.queries import list_parks
from app.accounts.service import add_person, create_park, find_person, set_up_association
from app.accounts.sign_in import set_password
from app.catalog.columns import OFFER_COLUMNS, SUPPLIER_COLUMNS
from app.catalog.imports import import_offers, import_suppliers
from app.catalog.suppliers import add_supplier_user
from app.commission.service import create_rule
from app.core import clock
from app.core.database import transaction
from app.core.tabular import Column, TableReader
from app.demo import firms, goods
from app.demo.charter import show_evidence
from app.demo.money import bill_a_delivery
from app.demo.ordering import OrderPlayer
from app.demo.tenders import hold_tenders
from app.orders.consolidation.decisions import choose_for_supplier
from app.orders.consolidation.draft import consolidate_round
from app.orders.consolidation.models.supplier_orders import SupplierAlert, SupplierDecision
from app.orders.consolidation.queries import rounds as round_queries
from app.orders.consolidation.queries import supplier_orders as supplier_order_queries
from app.orders.consolidation.round_approval import approve_round
from app.orders.consolidation.round_lifecycle import close_round, keep_series_going, open_round, start_series
from app.orders.consolidation.sending import send_round
from app.orders.ordering import approval_settings, budgets
from app.orders.ordering.approval_rules import StepRule
from app.orders.ordering.models.member_orders import OrderStatus
from app.orders.rounds import queries
from app.orders.rounds.models import Round, RoundStatus
from app.orders.rounds.series import list_series
from app.orders.rounds.service import create_round, get_round, next_cut_off, next_delivery_day, round_key

ASSOCIATION = "Les Collines en commun"
PASSWORD = "engrenages-demo"
MANAGER, TREASURER = "claire.manager@collines.example", "marc.treasurer@collines.example"
SPEAKER = "anne@vosges.example"
ORDER_COUNT = 600
LIVE_ORDER_COUNT = 90

ProgressBar = Callable[[str, int | None], AbstractContextManager[Callable[[int], None]]]


@dataclass(frozen=True)
class Story:
    """What the demo shows: the round that was played, in figures, and who can sign in."""

    round_code: str
    counts: Mapping[str, int]
    figures: round_queries.RoundFigures
    supplier_orders: Sequence[supplier_order_queries.SupplierOrderRow]
    shares_cut: int
    sign_ins: Sequence[tuple[str, str]]


def play_demo(progress_bar: ProgressBar) -> Story:
    """Load the demo where it is missing, and play its round to the end. Raises `InvalidInput` over real data."""
    with transaction() as session:
        association = session.get(Association, 1)
        if association is None:
            with progress_bar("Loading the park", None):
                _load(session)
        else:
            firms.demo_only(association.name, ASSOCIATION)
    with transaction() as session:
        code = _played_round(session)
    with transaction() as session:
        _ensure_open_round(session)
    _play(code, progress_bar)
    with progress_bar("Invoicing a delivery", None), transaction() as session:
        bill_a_delivery(session, _actor(session, MANAGER), _actor(session, TREASURER), code)
    with transaction() as session:
        return _tell(session, code)


def _load(session: Session) -> None:
    """The association, its people, suppliers, offers and rules."""
    set_up_association(session, COMMAND_LINE, ASSOCIATION)
    for park in firms.PARKS:
        create_park(session, COMMAND_LINE, *park)
    _add_association_people(session)
    import_suppliers(session, COMMAND_LINE, TableReader(goods.SUPPLIERS_FILE, SUPPLIER_COLUMNS))
    offers = list(goods.offers())
    _import(session, import_offers, OFFER_COLUMNS, [offer.row for offer in offers])
    session.execute(
        text("UPDATE offers SET origin_country = :origin, eco_contribution = :eco WHERE sku = :sku"),
        [{"origin": o.origin, "eco": o.eco, "sku": o.row["sku"]} for o in offers],
    )
    _name_parties(session)
    speaker = add_supplier_user(session, COMMAND_LINE, firms.SPEAKERS_SUPPLIER, email=SPEAKER, name="Anne Valentin")
    set_password(session, speaker, PASSWORD)
    _import(session, import_people, PEOPLE_COLUMNS, [person._asdict() for person in firms.people()])
    # The invented firms need no invitation mail.
    session.execute(text("DELETE FROM procrastinate_jobs WHERE task_name = 'mail.send'"))
    create_rule(session, COMMAND_LINE, percent=Decimal("3.50"))
    _set_company_rules(session)
    show_evidence(session)
    hold_tenders(session, COMMAND_LINE)


def _name_parties(session: Session) -> None:
    """What documents say of the association and of its suppliers: invented numbers, with right check digits."""
    session.execute(
        text("""
            UPDATE associations SET siret = :siret, street = '1 place de la Réunion', postal_code = '68200',
                city = 'Mulhouse', email = 'achats@collines.example'
        """),
        {"siret": firms.siret_of(9000)},
    )
    codes = session.scalars(text("SELECT code FROM suppliers WHERE country = 'FR' ORDER BY code")).all()
    session.execute(
        text("UPDATE suppliers SET siret = :siret WHERE code = :code"),
        [{"siret": firms.siret_of(9001 + at), "code": code} for at, code in enumerate(codes)],
    )
    session.execute(text("UPDATE suppliers SET email = 'commandes@' || lower(code) || '.example'"))


def _add_association_people(session: Session) -> None:
    for email, name, roles in (
        (MANAGER, "Claire Hartmann", (Role.PURCHASING_MANAGER,)),
        (TREASURER, "Marc Oberlin", (Role.TREASURER,)),
        ("admin@collines.example", "Sophie Ritter", (Role.ADMINISTRATOR,)),
    ):
        set_password(session, add_person(session, COMMAND_LINE, email=email, name=name, roles=roles), PASSWORD)


def _import(
    session: Session, importer: Callable[..., object], columns: tuple[Column, ...], rows: Iterable[Mapping[str, str]]
) -> None:
    """Load rows the way a user would: by a file."""
    with tempfile.TemporaryDirectory(prefix="engrenages-demo-") as folder:
        path = Path(folder) / "demo.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, [column.name for column in columns], extrasaction="ignore")
            writer.writeheader()
            writer.writerows(rows)
        importer(session, COMMAND_LINE, TableReader(path, columns))


def _approvers(session: Session) -> list[Actor]:
    query = select(Person).where(col(Person.roles).contains([Role.APPROVER.value])).order_by(col(Person.id))
    return [actor_for(person) for person in session.exec(query)]


def _set_company_rules(session: Session) -> None:
    """Every third firm has approval rules, every fourth a budget, every fifth cost centres."""
    first_of_firm = {approver.company_id: approver for approver in reversed(_approvers(session))}
    for number, approver in enumerate(sorted(first_of_firm.values(), key=lambda one: one.person_id or 0)):
        if firms.has_approval_rules(number):
            approval_settings.create_approval_rule(session, approver, StepRule(1, above_amount=Decimal(200)))
        if number % 4 == 0:
            budgets.set_budget(session, approver, month=clock.today(), amount=Decimal(1500))
        if number % 5 == 0:
            for code, name in (("ATELIER", "Atelier"), ("BUREAU", "Bureau")):
                approval_settings.create_cost_centre(session, approver, code, name)
    hashed = session.scalar(select(Person.password_hash).where(Person.email == MANAGER))
    session.execute(
        text("UPDATE people SET password_hash = :hash WHERE id IN (SELECT min(id) FROM people WHERE company_id"
             " IS NOT NULL GROUP BY company_id UNION SELECT max(id) FROM people GROUP BY company_id)"),
        {"hash": hashed},
    )  # fmt: skip


def _played_round(session: Session) -> str:
    """The code of the round that the demo plays: planned now if there is none yet, its cut-off just behind us."""
    first = session.exec(select(Round).order_by(col(Round.id)).limit(1)).one_or_none()
    if first is not None:
        return first.code
    closes_at = clock.now() - timedelta(hours=2)
    return _plan(session, closes_at, opens_at=closes_at - timedelta(days=6)).code


def _plan(session: Session, closes_at: datetime, opens_at: datetime) -> Round:
    year, week, _day = closes_at.astimezone(clock.PARIS).isocalendar()
    taken = set(session.scalars(select(Round.code)))
    code = next(c for c in (f"{year}-S{week:02d}{suffix}" for suffix in ("", "b", "c", "d")) if c not in taken)
    day = next_delivery_day(closes_at)
    with clock.frozen(opens_at):
        planned = create_round(
            session,
            COMMAND_LINE,
            code=code,
            name=f"Tournée de la semaine {week}",
            opens_at=opens_at,
            closes_at=closes_at,
            deliveries={park.id: day for park in list_parks(session) if park.id},
        )
        return open_round(session, COMMAND_LINE, planned.code)


def _ensure_open_round(session: Session) -> None:
    """Rounds that recur every week, so that there is always one to order into; some demand in the first of them."""
    if list_series(session):
        keep_series_going(session)
        return
    now = clock.now()
    first = next_cut_off(now + timedelta(days=2)).astimezone(clock.PARIS)
    with clock.frozen(now - timedelta(days=1)):
        start_series(session, COMMAND_LINE, name="Tournée de la semaine", first_cut_off_on=first.date())
    current = queries.open_rounds(session)[-1]
    OrderPlayer(session, current, Random(7)).place(LIVE_ORDER_COUNT, now - timedelta(hours=20), now)


def _play(code: str, progress_bar: ProgressBar) -> None:
    """Take the round from open to sent, going on wherever an earlier run ended."""
    with transaction() as session:
        played = get_round(session, code, lock=True)
        if played.status is RoundStatus.OPEN:
            with progress_bar("Placing orders", ORDER_COUNT) as tell:
                OrderPlayer(session, played, Random(600)).place(
                    ORDER_COUNT, played.opens_at + timedelta(hours=1), played.closes_at - timedelta(hours=3), tell
                )
            close_round(session, COMMAND_LINE, code)
    with transaction() as session:
        played = get_round(session, code, lock=True)
        if played.status is RoundStatus.CLOSED:
            lines = round_queries.round_figures(session, round_key(played)).line_count
            manager = _actor(session, MANAGER)
            with progress_bar("Consolidating", lines) as tell:
                consolidate_round(session, manager, code, progress=tell)
            _decide_alerts(session, manager, code)
    for email in (MANAGER, TREASURER):
        with transaction() as session:
            if get_round(session, code).status is RoundStatus.CONSOLIDATED:
                approve_round(session, _actor(session, email), code)
    with transaction() as session:
        if get_round(session, code).status is RoundStatus.APPROVED:
            send_round(session, _actor(session, MANAGER), code)


def _actor(session: Session, email: str) -> Actor:
    person = find_person(session, email)
    assert person is not None
    return actor_for(person)


def _decide_alerts(session: Session, manager: Actor, code: str) -> None:
    """Roll over who is under the minimum, pay the fee where only free delivery is missed."""
    key = round_key(get_round(session, code))
    for order in supplier_order_queries.list_supplier_orders(session, key, None, 200).items:
        if order.alert == SupplierAlert.BELOW_MINIMUM:
            choose_for_supplier(session, manager, code, order.supplier_id, SupplierDecision.ROLL_OVER)
        elif order.alert == SupplierAlert.BELOW_FREE_DELIVERY:
            choose_for_supplier(session, manager, code, order.supplier_id, SupplierDecision.PAY_FEE)


def _tell(session: Session, code: str) -> Story:
    key = round_key(get_round(session, code))
    tables = ("parks", "companies", "people", "suppliers", "products", "offers")
    counts = {name: session.execute(text(f"SELECT count(*) FROM {name}")).scalar_one() for name in tables}
    counts["orders"] = session.execute(
        text("SELECT count(*) FROM member_orders WHERE round_id = :key AND status <> :cart"),
        {"key": key, "cart": OrderStatus.CART},
    ).scalar_one()
    cut = session.execute(
        text("SELECT count(*) FROM allocations WHERE round_id = :key AND served < wanted"), {"key": key}
    ).scalar_one()
    approver = session.exec(
        select(Person).where(col(Person.roles).contains([Role.APPROVER.value])).order_by(col(Person.id))
    ).first()
    assert approver is not None
    employee = session.exec(
        select(Person).where(Person.company_id == approver.company_id).order_by(col(Person.id).desc())
    ).first()
    assert employee is not None
    return Story(
        code,
        counts,
        round_queries.round_figures(session, key),
        supplier_order_queries.list_supplier_orders(session, key, None, 200).items,
        cut,
        (
            (employee.email, "employee"),
            (approver.email, "approver of the same firm"),
            (MANAGER, "purchasing manager"),
            (TREASURER, "treasurer"),
            ("admin@collines.example", "administrator"),
            (SPEAKER, "supplier, Vosges Protection"),
        ),
    )
