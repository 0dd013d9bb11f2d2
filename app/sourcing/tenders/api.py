"""Routes of the API for tenders: for the association's programs, and for suppliers'."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

from fastapi import Path
from pydantic import BaseModel, Field

from app.accounts.authentication import SignedIn
from app.accounts.permissions import Permission, Scope
from app.catalog.suppliers import require_supplier
from app.sourcing.tenders import bid_opening, queries
from app.sourcing.tenders import bids as tenders_bids
from app.sourcing.tenders import questions as tenders_questions
from app.sourcing.tenders.models import AwardBy, Tender, TenderStatus
from app.sourcing.tenders.preparation import get_tender, weights_of
from app.web.api import DEFAULT_LIMIT, Cursor, Id, Limit, PageOut, api_router, page_out
from app.web.bodies import Body, Named, Out, Percent, Text, UnitPrice, Whole
from app.web.edge import SessionDep

router = api_router("tenders")
Reference = Annotated[Text, Path(max_length=40, examples=["AO-2027-01"])]


class TenderRowOut(Out):
    """A tender in a list."""

    reference: str
    title: str
    status: TenderStatus
    deadline: datetime
    line_count: int
    invited_count: int
    bid_count: int = Field(description="Sealed bids received; nobody can read them before the opening")


class OwnTenderRowOut(Out):
    """A tender that my firm is invited to."""

    reference: str
    title: str
    status: TenderStatus
    deadline: datetime
    line_count: int
    bid_at: datetime | None = Field(description="When my bid in force was received")
    declined: bool


class NeedOut(Out):
    """A line of the need."""

    id: int
    lot: str
    product_ref: str
    product: str
    unit: str
    quantity: int
    words: str


class QuestionOut(Out):
    """A question and its answer, seen by every invited supplier."""

    id: int
    words: str
    asked_at: datetime
    answer: str
    answered_at: datetime | None


class TenderOut(BaseModel):
    """A tender with its need and questions. Weights in percent."""

    reference: str
    title: str
    description: str
    status: TenderStatus
    award_by: AwardBy
    weights: dict[str, int]
    questions_until: datetime
    deadline: datetime
    offers_from: date
    offers_until: date
    needs: list[NeedOut]
    questions: list[QuestionOut]

    @classmethod
    def of(
        cls, tender: Tender, needs: Sequence[queries.NeedRow], questions: Sequence[queries.QuestionRow]
    ) -> "TenderOut":
        """A tender as JSON."""
        return cls(
            **tender.model_dump(include=set(cls.model_fields) - {"weights", "needs", "questions"}),
            weights={measure.value: weight for measure, weight in weights_of(tender).items()},
            needs=[NeedOut.model_validate(one) for one in needs],
            questions=[QuestionOut.model_validate(one) for one in questions],
        )


class OfferedLineIn(Body):
    """A line of a bid; the unit price in euros before VAT."""

    line_id: Whole = Field(ge=1, le=2_147_483_647, examples=[1])
    sku: Named = Field(max_length=80, examples=["VOS-001-03"])
    name: Named = Field(max_length=200, examples=["Gants nitrile M"])
    unit_price: UnitPrice = Field(examples=["7.9000"])
    pack_size: Whole = Field(default=1, ge=1, le=1_000_000)
    min_quantity: Whole = Field(default=1, ge=1, le=1_000_000)
    lead_time_days: Whole = Field(default=1, ge=1, le=tenders_bids.MOST_LEAD_DAYS)
    vat_rate: Percent = Field(default=Decimal("20.00"), examples=["20.00"])
    origin_country: Text = Field(default="", max_length=2, description="ISO 3166-1 alpha-2", examples=["FR"])


class BidIn(Body):
    """A whole bid: it takes the place of an earlier one."""

    lines: list[OfferedLineIn] = Field(
        min_length=1,
        max_length=1000,
        examples=[[{"line_id": 1, "sku": "VOS-001-03", "name": "Gants nitrile M", "unit_price": "7.9000"}]],
    )
    words: Text = Field(default="", max_length=2000)


class ReceiptOut(Out):
    """All that is known of a sealed bid until the opening."""

    received_at: datetime
    digest: str = Field(description="SHA-256 of the ciphertext: what is opened later is what was received")


class QuestionIn(Body):
    """Something to ask."""

    words: Named = Field(max_length=2000, examples=["Livrés en une fois ?"])


class AnswerIn(Body):
    """The answer, seen by every invited supplier."""

    answer: Named = Field(max_length=5000, examples=["Oui, par parc."])


class RankedOut(BaseModel):
    """A bid on a lot: amount in euros before VAT, points of each measure and in all, 0 to 100."""

    supplier_id: int
    amount: Decimal
    points: dict[str, Decimal]
    total: Decimal


class LotOut(BaseModel):
    """A lot and its bids, the best first."""

    lot: str
    line_ids: list[int]
    bids: list[RankedOut]


@router.get("/tenders")
def list_tenders(
    session: SessionDep, actor: SignedIn, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> PageOut[TenderRowOut]:
    """Every tender, the newest first."""
    actor.require(Permission.MANAGE_SOURCING)
    return page_out(queries.list_tenders(session, cursor, limit), TenderRowOut)


@router.get("/tenders/{reference}")
def read_tender(session: SessionDep, actor: SignedIn, reference: Reference) -> TenderOut:
    """One tender."""
    actor.require(Permission.MANAGE_SOURCING)
    tender = get_tender(session, reference)
    return TenderOut.of(tender, queries.needs_of(session, tender), queries.questions_of(session, tender))


@router.get("/tenders/{reference}/comparison")
def compare_bids(session: SessionDep, actor: SignedIn, reference: Reference) -> list[LotOut]:
    """The opened bids lot by lot; none before the opening."""
    actor.require(Permission.MANAGE_SOURCING)
    return [
        LotOut(
            lot=one.key,
            line_ids=[line.id or 0 for line in one.lines],
            bids=[
                RankedOut(
                    supplier_id=ranked.bid.supplier,
                    amount=ranked.bid.amount,
                    points={measure.value: points for measure, points in ranked.points.items()},
                    total=ranked.total,
                )
                for ranked in one.ranked
            ],
        )
        for one in bid_opening.compare(session, get_tender(session, reference))
    ]


@router.post("/tenders/{reference}/questions/{question_id}/answer", status_code=204)
def answer_question(
    session: SessionDep, actor: SignedIn, reference: Reference, question_id: Id, answer: AnswerIn
) -> None:
    """Answer a question before every invited supplier."""
    tenders_questions.answer_question(session, actor, reference, question_id, answer.answer)


@router.get("/supplier/tenders")
def list_my_tenders(
    session: SessionDep, actor: SignedIn, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> PageOut[OwnTenderRowOut]:
    """The tenders that my firm is invited to, the newest first."""
    actor.require_scope(Scope.CATALOG_WRITE)
    page = queries.list_own_tenders(session, require_supplier(session, actor), cursor, limit)
    return page_out(page, OwnTenderRowOut)


@router.get("/supplier/tenders/{reference}")
def read_my_tender(session: SessionDep, actor: SignedIn, reference: Reference) -> TenderOut:
    """A tender that my firm is invited to."""
    actor.require_scope(Scope.CATALOG_WRITE)
    tender, _supplier = tenders_bids.get_invited(session, actor, reference)
    return TenderOut.of(tender, queries.needs_of(session, tender), queries.questions_of(session, tender))


@router.post("/supplier/tenders/{reference}/questions", status_code=204)
def ask_about_tender(session: SessionDep, actor: SignedIn, reference: Reference, question: QuestionIn) -> None:
    """Ask something about a tender."""
    actor.require_scope(Scope.CATALOG_WRITE)
    tenders_questions.ask_question(session, actor, reference, question.words)


@router.put("/supplier/tenders/{reference}/bid")
def submit_my_bid(session: SessionDep, actor: SignedIn, reference: Reference, bid: BidIn) -> ReceiptOut:
    """Bid, in place of an earlier bid; it is sealed at once."""
    actor.require_scope(Scope.CATALOG_WRITE)
    lines = [tenders_bids.OfferedLine(**line.model_dump()) for line in bid.lines]
    return ReceiptOut.model_validate(tenders_bids.submit_bid(session, actor, reference, lines, bid.words))


@router.delete("/supplier/tenders/{reference}/bid", status_code=204)
def withdraw_my_bid(session: SessionDep, actor: SignedIn, reference: Reference) -> None:
    """Take my bid back, until the deadline."""
    actor.require_scope(Scope.CATALOG_WRITE)
    tenders_bids.withdraw_bid(session, actor, reference)
