"""A small world for tests: one association, one park, firms, people, offers, rounds, orders."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count

from sqlalchemy import text
from sqlmodel import Session, select

from app.accounts.actor import COMMAND_LINE, Actor, actor_for
from app.accounts.join_requests import ask_to_join
from app.accounts.models import Company, Park, Person
from app.accounts.permissions import Role
from app.accounts.service import add_person, create_company, create_park, get_association, set_up_association
from app.billing.invoicing.runs import invoice_supplier
from app.billing.payments.bank_matching import import_statement
from app.billing.payments.models.cards import Collection, CollectionStatus, MethodKind, PaymentMethod
from app.billing.payments.models.outgoing_files import FileKind
from app.billing.payments.outgoing_files import keep_file
from app.catalog.assortment import open_to
from app.catalog.import_runs import ImportRun, ImportStatus
from app.catalog.models import Category, Offer, Product, Supplier
from app.catalog.search import learn_words
from app.catalog.shelf import refresh_listing
from app.catalog.suppliers import add_supplier_user
from app.commission.service import create_rule
from app.core import clock
from app.orders.consolidation import round_plans
from app.orders.consolidation.book_optimisation import optimise_book
from app.orders.consolidation.draft import consolidate_round
from app.orders.consolidation.models.supplier_orders import SupplierOrder
from app.orders.consolidation.round_approval import approve_round, send_round
from app.orders.consolidation.round_book import read_round_book
from app.orders.consolidation.round_lifecycle import close_round, open_round
from app.orders.fulfilment.receipts import receive_drop
from app.orders.fulfilment.returns import record_return
from app.orders.fulfilment.supplier_links import make_driver_link, make_order_link
from app.orders.ordering.approval_links import make_approval_links
from app.orders.ordering.approval_rules import StepRule
from app.orders.ordering.approval_settings import create_approval_rule, create_cost_centre
from app.orders.ordering.budgets import set_budget
from app.orders.ordering.lists import save_as_list
from app.orders.ordering.member_orders import set_cart_line, submit_order
from app.orders.ordering.models.member_orders import IfUnfilled, MemberOrder, OrderLine
from app.orders.rounds.models import Round
from app.orders.rounds.service import create_round
from app.orders.rounds.sharing_policy import SharingPolicy
from app.sourcing.charter.evidence import submit_evidence
from app.sourcing.charter.versions import change_draft, copy_version
from app.sourcing.tenders import preparation
from app.sourcing.tenders.bid_opening import open_bids
from app.sourcing.tenders.bids import OfferedLine, submit_bid
from app.sourcing.tenders.models import AwardBy
from app.sourcing.tenders.preparation import TenderTerms
from app.sourcing.tenders.queries import needs_of
from app.sourcing.tenders.questions import answer_question, ask_question
from app.sourcing.tenders.ranking import Measure
from app.supplying.models.invoices import InvoiceStatus, SupplierInvoice
from app.supplying.models.webhooks import WebhookEndpoint
from app.supplying.webhooks import add_endpoint, send_test

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CUT_OFF = datetime(2026, 3, 5, 11, 0, tzinfo=UTC)

_LATER_NUMBERS = count(1000)  # for worlds beside one that counts from 1


@dataclass
class World:
    """Makes what a test needs, with sensible values for what it does not say."""

    session: Session
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        set_up_association(self.session, COMMAND_LINE, "Les Portes du Parc")
        self.park = create_park(self.session, COMMAND_LINE, "nord", "Parc Nord")

    @classmethod
    def beside(cls, session: Session) -> "World":
        """A world in a database that has its association and park already."""
        world = cls.__new__(cls)
        world.session, world.numbers = session, _LATER_NUMBERS
        world.park = session.exec(select(Park).limit(1)).one()
        return world

    def a_park(self, code: str) -> Park:
        return create_park(self.session, COMMAND_LINE, code, f"Parc {code}")

    def a_company(self, code: str | None = None, park: Park | None = None) -> Company:
        code = code or f"C{next(self.numbers)}"
        return create_company(
            self.session, COMMAND_LINE, code=code, name=f"Firme {code}", park_id=(park or self.park).id or 0
        )

    def a_person(self, *roles: Role, company: Company | None = None, order_limit: str | None = None) -> Person:
        number = next(self.numbers)
        return add_person(
            self.session,
            COMMAND_LINE,
            email=f"p{number}@example.com",
            name=f"Personne {number}",
            roles=roles,
            company_id=company.id if company else None,
            locale="en",
            order_limit=Decimal(order_limit) if order_limit else None,
        )

    def an_actor(self, *roles: Role, company: Company | None = None, order_limit: str | None = None) -> Actor:
        return actor_for(self.a_person(*roles, company=company, order_limit=order_limit))

    def a_buyer(self, company: Company | None = None, order_limit: str | None = None) -> Actor:
        return self.an_actor(Role.EMPLOYEE, company=company or self.a_company(), order_limit=order_limit)

    def a_manager(self) -> Actor:
        return self.an_actor(Role.PURCHASING_MANAGER)

    def a_category(self, name: str | None = None) -> Category:
        category = Category(name=name or f"Rayon {next(self.numbers)}")
        self.session.add(category)
        self.session.flush()
        return category

    def a_supplier(self, code: str | None = None, **terms: object) -> Supplier:
        number = next(self.numbers)
        supplier = Supplier(code=code or f"S{number}", name=f"Fournisseur {number}", **terms)
        self.session.add(supplier)
        self.session.flush()
        return supplier

    def an_offer(
        self,
        supplier: Supplier | None = None,
        tiers: tuple[tuple[int, str], ...] = ((1, "10.00"),),
        pack: int = 1,
        minimum: int = 1,
        name: str | None = None,
        category: Category | None = None,
        **terms: object,
    ) -> Offer:
        number = next(self.numbers)
        supplier, category = supplier or self.a_supplier(), category or self.a_category()
        name = name or f"Article {number}"
        product = Product(
            ref=f"P{number}", name=name, category_id=category.id or 0, lowest_price=min(Decimal(p) for _q, p in tiers)
        )
        self.session.add(product)
        self.session.flush()
        offer = Offer(
            supplier_id=supplier.id or 0,
            product_id=product.id or 0,
            sku=f"SKU{number}",
            name=name,
            pack_size=pack,
            min_quantity=minimum,
            tier_quantities=[q for q, _p in tiers],
            tier_prices=[Decimal(p) for _q, p in tiers],
            **terms,
        )
        self.session.add(offer)
        self.session.flush()
        learn_words(self.session, [name])
        refresh_listing(self.session, product.id)
        return offer

    def an_open_round(
        self,
        code: str | None = None,
        policy: SharingPolicy | None = None,
        closes_at: datetime = CUT_OFF,
        **terms: object,
    ) -> Round:
        """A round opened a day before `NOW`; hold the clock at `NOW` to order into it."""
        code = code or f"R{next(self.numbers)}"
        create_round(
            self.session,
            COMMAND_LINE,
            code=code,
            name=f"Tournée {code}",
            opens_at=min(NOW, clock.now()) - timedelta(days=1),
            closes_at=closes_at,
            deliveries={self.park.id or 0: closes_at.date() + timedelta(days=5)},
            sharing_policy=policy,
            **terms,  # type: ignore[arg-type]
        )
        return open_round(self.session, COMMAND_LINE, code)

    def an_order(
        self,
        purchasing_round: Round,
        *lines: tuple[Offer, int] | tuple[Offer, int, int],
        buyer: Actor | None = None,
        if_unfilled: IfUnfilled = IfUnfilled.ROLL_OVER,
        ceiling: str | None = None,
    ) -> MemberOrder:
        """A placed order: `(offer, quantity)` or `(offer, quantity, tolerance)` a line."""
        buyer = buyer or self.a_buyer()
        order = None
        for offer, quantity, *tolerance in lines:
            order = set_cart_line(
                self.session,
                buyer,
                round_id=purchasing_round.id or 0,
                offer_id=offer.id or 0,
                quantity=quantity,
                tolerance=tolerance[0] if tolerance else 0,
                if_unfilled=if_unfilled,
            )
        assert order is not None
        placed = submit_order(self.session, buyer, order.id or 0)
        if ceiling is not None:
            for line in self.lines_of(placed):
                line.ceiling_price = Decimal(ceiling)
            self.session.flush()
        return placed

    def play(self, code: str, *, until: Callable[[Session, Actor, str], object] = send_round) -> None:
        """Take a round with its orders on, from its closing to a step of its life."""
        for step in (close_round, consolidate_round, approve_round, send_round):
            step(self.session, COMMAND_LINE, code)
            if step is until:
                return

    def served(self, offer: Offer) -> list[int]:
        """What the members' lines of an offer really get, by order."""
        rows = self.session.scalars(
            text("""
                SELECT a.served FROM allocations a JOIN order_lines l ON l.id = a.order_line_id
                WHERE a.offer_id = :offer ORDER BY l.order_id
            """),
            {"offer": offer.id},
        )
        return list(rows)

    def booked_commission(self) -> Decimal:
        """What the ledger holds of commission."""
        query = text("SELECT sum(credit - debit) FROM postings WHERE account = '7082'")
        return self.session.scalar(query) or Decimal(0)

    def lines_of(self, order: MemberOrder) -> list[OrderLine]:
        return list(self.session.exec(select(OrderLine).where(OrderLine.order_id == order.id).order_by(OrderLine.id)))


def month_start(year: int, month: int) -> date:
    """The first day of a month; month 13 is January of the next year."""
    return date(year + (month - 1) // 12, (month - 1) % 12 + 1, 1)


@dataclass
class Busy:
    """A world in which every screen has something to show, and somebody of each kind to look at it."""

    world: World
    employee: Actor
    approver: Actor
    manager: Actor
    treasurer: Actor
    speaker: Actor
    order_id: int
    product_id: int
    import_id: int
    company_id: int
    supplier_order: str
    open_round_id: int
    skus: list[str]
    offer_ids: str
    mail_link: str
    supplier_link: str
    driver_link: str
    webhook_log: str
    charter_draft: int
    invoices: list[str] = field(default_factory=list)

    def paths(self) -> list[tuple[str, Actor | None]]:
        """Every page, and who looks at it."""
        return [
            *(
                (path, None)
                for path in (
                    *("/", "/sign-in", "/sign-in/link?token=x", "/api-docs", "/join", "/impact", "/charter"),
                    self.mail_link,
                    self.supplier_link,
                    self.driver_link,
                )
            ),
            *(
                (path, self.employee)
                for path in (
                    *("/", "/catalogue", "/catalogue?q=gants", "/catalogue?sort=price&category=1", "/cart", "/orders"),
                    "/compare",
                    f"/compare?offers={self.offer_ids}",
                    *(f"/products/{self.product_id}", f"/orders/{self.order_id}", "/quick-order", "/lists", "/account"),
                )
            ),
            *(
                (path, self.approver)
                for path in (
                    "/approvals",
                    "/company",
                    "/company?amount=300",
                    "/orders?of_company=true",
                    "/reports",
                    "/calendar",
                )
            ),
            *(
                (path, self.manager)
                for path in (
                    *("/cockpit", "/rounds", "/rounds/R2", "/rounds/R1", "/rounds/R1/orders"),
                    "/suppliers",
                    "/supplier-orders/R0-S1/receipt/nord",
                    *("/rounds/R0", "/rounds/R0/deliveries", "/rounds/R0/deliveries/nord"),
                    *("/rounds/R0/deliveries/nord/labels", "/rounds/R1/consolidation", "/rounds/R0/consolidation"),
                    "/rounds/R1/plans",
                    *("/reports", "/reports?by=person&round=R0", "/reports?by=vat_rate", "/reports/shortages"),
                    *("/reports/late-approvals", "/calendar", "/calendar?month=2026-12"),
                    *(
                        "/rounds/R1/allocations",
                        "/rounds/R1/allocations?only_unfilled=true",
                        "/imports",
                        "/assortment",
                        "/association",
                    ),
                    *(f"/supplier-orders/{self.supplier_order}", f"/imports/{self.import_id}", "/members"),
                    *(f"/members/{self.company_id}", "/nowhere"),
                )
            ),
            ("/commission", self.treasurer),
            *(
                (path, self.treasurer)
                for path in (
                    "/invoices",
                    "/treasury",
                    "/einvoicing",
                    "/books",
                    "/books?account=401",
                    "/payments",
                    "/files",
                )
            ),
            ("/invoices/how-we-pay", self.approver),
            *((f"/invoices/{number}/payment", self.approver) for number in self.invoices),
            ("/supplier/payouts", self.speaker),
            *(("/invoices", viewer) for viewer in (self.approver, self.speaker)),
            *((path, self.manager) for path in ("/sourcing", "/sourcing/evidence", "/sourcing/evidence?every=true")),
            (f"/sourcing/charter/{self.charter_draft}", self.manager),
            (f"/sourcing/charter/{self.charter_draft}/simulation", self.manager),
            ("/supplier/charter/articles", self.speaker),
            *((path, self.manager) for path in ("/tenders", "/tenders/AO-D", "/tenders/AO-P", "/tenders/AO-O")),
            ("/tenders/AO-O/record", self.manager),
            ("/suppliers/S1", self.manager),
            ("/supplier/score-card", self.speaker),
            *((path, self.speaker) for path in ("/supplier/tenders", "/supplier/tenders/AO-P")),
            *((path, self.speaker) for path in ("/supplier/orders", "/supplier/orders/R0-S1", "/account")),
            *((path, self.speaker) for path in ("/supplier/statement", "/supplier/webhooks", self.webhook_log)),
            *((path, self.speaker) for path in ("/supplier/catalogue", "/supplier/charter", "/supplier/sandbox")),
            *((path, self.manager) for path in ("/supplier-invoices", "/supplier-invoices?status=to_check")),
        ]


def _told_and_invoiced(session: Session, speaker: Actor) -> None:
    """An invoice that does not agree, and a webhook address with a message that waits."""
    order = session.exec(select(SupplierOrder).where(SupplierOrder.number == "R0-S1")).one()
    session.add(
        SupplierInvoice(
            supplier_id=order.supplier_id, supplier_order_id=order.id or 0, number="FA-1", issued_on=clock.today(),
            net_amount=Decimal(100), vat_amount=Decimal(20), total_amount=Decimal(120), status=InvoiceStatus.TO_CHECK,
            differences=[{"kind": "dearer", "sku": "SKU9", "due": "7.9", "asked": "8.1"}], received_at=clock.now(),
        )
    )  # fmt: skip
    endpoint = add_endpoint(session, speaker, "https://erp.s.example/hook")
    send_test(session, speaker, endpoint.id or 0)
    submit_evidence(session, speaker, "code_of_conduct", words="ILO core conventions")
    session.flush()


def _tenders(session: Session, manager: Actor, speaker: Actor, product_refs: list[str]) -> None:
    """A tender in each of three states: a draft, one that takes sealed bids, one that is opened."""
    now = clock.now()
    for reference, begin in (("AO-D", now), ("AO-P", now), ("AO-O", now - timedelta(days=30))):
        with clock.frozen(begin):
            last = (begin + timedelta(days=400)).date()
            terms = TenderTerms(
                f"Gants {reference}", "Un an de gants", AwardBy.LINE, dict.fromkeys(Measure, 25),
                begin + timedelta(days=5), begin + timedelta(days=9), (begin + timedelta(days=10)).date(), last,
            )  # fmt: skip
            preparation.create_tender(session, manager, reference, terms)
            needs = [preparation.Need(ref, 100, "Gants") for ref in product_refs]
            preparation.add_needs(session, manager, reference, needs)
            preparation.invite(session, manager, reference, ["S1"])
            if reference == "AO-D":
                continue
            codes = preparation.publish(session, manager, reference)
            tender = preparation.get_tender(session, reference)
            question = ask_question(session, speaker, reference, "Livrés en une fois ?")
            if reference == "AO-O":
                answer_question(session, manager, reference, question.id or 0, "Oui, par parc.")
            lines = [OfferedLine(need.id, f"{reference}-{need.id}", need.product, Decimal("7.90"))
                     for need in needs_of(session, tender)]  # fmt: skip
            submit_bid(session, speaker, reference, lines, "Reprise des invendus")
        if reference == "AO-O":
            open_bids(session, manager, reference, codes[:2])


def _plan_done(session: Session, actor: Actor, code: str) -> None:
    """A plan of a round at a premium of 10 %, worked out."""
    (plan,) = round_plans.ask_for_plans(session, actor, code, [Decimal("0.1")], 10)
    book = read_round_book(session, session.get_one(Round, plan.round_id))
    round_plans.keep_plan(plan, book, optimise_book(book.book, book.policy, premium=plan.premium, seconds=10))
    session.flush()


def _a_charter_draft(session: Session, manager: Actor) -> int:
    """A version in which the score of the offers here is a better grade."""
    draft = copy_version(session, manager, 1).charter
    grades = tuple(one._replace(from_score=5) if one.letter == "D" else one for one in draft.grades)
    return change_draft(session, manager, replace(draft, grades=grades)).charter.number


def a_busy_world(session: Session) -> Busy:
    """Two rounds (one consolidated with an alert, one open), orders, budgets, rules, a list, an import."""
    world = World(session)
    company = world.a_company("ATELIER")
    employee = world.a_buyer(company, order_limit="100")
    approver = world.an_actor(Role.APPROVER, Role.EMPLOYEE, company=company)
    manager, treasurer = world.a_manager(), world.an_actor(Role.TREASURER)
    create_approval_rule(session, approver, StepRule(1, above_amount=Decimal(500), approver_id=approver.person_id))
    centre = create_cost_centre(session, approver, "ATELIER", "Atelier")
    set_budget(session, approver, month=clock.today(), amount=Decimal(5000))
    set_budget(session, approver, month=clock.today(), amount=Decimal(900), cost_centre_id=centre.id)
    create_rule(session, COMMAND_LINE, percent=Decimal("3.50"))
    shelf = world.a_category("Protection")
    supplier = world.a_supplier(
        "S1", minimum_order=Decimal(20), free_delivery_from=Decimal(900), delivery_fee=Decimal(12)
    )
    offers = [
        world.an_offer(
            supplier, ((1, "8.60"), (20, "7.90"), (60, "7.10")), pack=6, name=f"Gants nitrile {n}", category=shelf,
            origin_country="FR", content=Decimal(100), content_unit="piece", eco_contribution=Decimal("0.02"),
        )
        for n in range(30)
    ]  # fmt: skip
    past = world.an_open_round("R0", closes_at=clock.now() + timedelta(days=1))
    world.an_order(past, (offers[5], 8, 2), (offers[6], 1), buyer=employee)
    world.an_order(past, (offers[5], 12))
    world.play("R0")
    speaker = actor_for(add_supplier_user(session, COMMAND_LINE, "S1", email="sam@s.example", name="Sam Sato"))
    first = world.an_open_round("R1", closes_at=clock.now() + timedelta(days=3))
    second = world.an_open_round("R2", closes_at=clock.now() + timedelta(days=10))
    order = world.an_order(first, (offers[0], 8, 1), (offers[1], 3), buyer=employee)
    world.an_order(first, (offers[0], 6))
    world.play("R1", until=consolidate_round)
    world.an_order(second, (offers[2], 17), buyer=employee)
    world.an_order(second, (offers[2], 2, 1))
    for offer in offers[:4]:
        cart = set_cart_line(
            session, employee, round_id=second.id or 0, offer_id=offer.id or 0, quantity=4, tolerance=2
        )
    save_as_list(session, employee, cart.id or 0, "Atelier, chaque mois")
    ask_to_join(
        session, firm="Menuiserie Klein", siret="73282932000074", postal_code="68200", city="Mulhouse",
        park_id=world.park.id or 0, contact="Dora Klein", email="dora@klein.example", words="Bonjour",
    )  # fmt: skip
    secret = world.an_offer(supplier, name="Gants de démonstration", category=shelf)
    open_to(session, COMMAND_LINE, sku=secret.sku, company_id=company.id, role=Role.APPROVER)
    run = ImportRun(
        kind="offers", file_name="offres.csv", person_id=manager.require_person(), created_at=clock.now(),
        finished_at=clock.now(), status=ImportStatus.REFUSED, error="3 cells", rows_read=12,
        bad_cells=[{"line": 2, "column": "sku", "value": "", "cure": "…"}],
    )  # fmt: skip
    session.add(run)
    _told_and_invoiced(session, speaker)
    _plan_done(session, manager, "R1")
    _tenders(session, manager, speaker, [session.get_one(Product, offer.product_id).ref for offer in offers[:3]])
    return Busy(
        world, employee, approver, manager, treasurer, speaker, order.id or 0, offers[0].product_id, run.id or 0,
        company.id or 0, "R1-S1", second.id or 0, [offer.sku for offer in offers[10:]],
        "-".join(str(offer.id) for offer in offers[:3]),
        make_approval_links(session, order.id or 0, [session.get_one(Person, approver.person_id)])[0],
        make_order_link(session, session.exec(select(SupplierOrder).where(SupplierOrder.number == "R0-S1")).one()),
        make_driver_link(session, speaker, "R0-S1", "nord"),
        f"/supplier/webhooks/{session.exec(select(WebhookEndpoint.id)).one()}",
        _a_charter_draft(session, manager),
    )  # fmt: skip


def _a_card_that_failed(session: Session, company_id: int, invoice_id: int) -> None:
    """A firm's card, and a collection from it that its bank declined."""
    method = PaymentMethod(
        company_id=company_id, kind=MethodKind.CARD, stripe_id="pm_busy", label="Visa •••• 4242", added_at=clock.now()
    )
    session.add(method)
    session.flush()
    session.add(Collection(
        invoice_id=invoice_id, method_id=method.id or 0, amount=Decimal(5), status=CollectionStatus.FAILED,
        failure="Your card was declined.", made_at=clock.now(),
    ))  # fmt: skip
    session.flush()


def invoice_something(busy: Busy) -> Busy:
    """Add a round of a supplier of its own that came, its invoices, and a payment that nobody has matched."""
    world, treasurer = busy.world, busy.treasurer
    session, company = world.session, world.session.get_one(Company, busy.company_id)
    association = get_association(session)
    association.siret, association.iban = "55210055400013", "FR7630006000011234567890189"
    supplier = world.a_supplier("S9", siret="73282932000074", country="FR", city="Colmar", postal_code="68000")
    offer = world.an_offer(supplier, ((1, "4.2000"),), name="Savon")
    came = world.an_open_round("R9", closes_at=clock.now() + timedelta(days=1))
    world.an_order(came, (offer, 12), buyer=world.a_buyer(company))
    world.play("R9")
    receive_drop(session, COMMAND_LINE, "R9-S9", world.park.code, [])
    issued = list(invoice_supplier(session, treasurer, supplier.id or 0, clock.now() + timedelta(days=1)))
    busy.invoices = [one.number for one in issued if one.company_id == company.id]
    _a_card_that_failed(session, company.id or 0, issued[0].id or 0)
    record_return(session, COMMAND_LINE, "R9-S9", company.code, offer.sku, 2, "Cassé")
    day = clock.today()
    import_statement(session, treasurer, f"date;amount;words;counterparty\n{day};5,00;acompte;Klein\n".encode())
    keep_file(session, treasurer, FileKind.TRANSFERS, b"<Document/>", entries=1, amount=Decimal("12.00"))
    return busy
