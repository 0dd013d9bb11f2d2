"""The life of a tender, as one table. Pure."""

from enum import StrEnum

from app.accounts.permissions import Permission
from app.core.lifecycle import Life, Transition
from app.sourcing.tenders.models import TenderStatus as S


class TenderEvent(StrEnum):
    """What may happen to a tender."""

    CHANGE = "change"
    PUBLISH = "publish"
    ASK = "ask"
    ANSWER = "answer"
    BID = "bid"
    OPEN = "open"
    AWARD = "award"
    CANCEL = "cancel"


_MANAGER = (Permission.MANAGE_SOURCING,)
_SUPPLIER = (Permission.SUPPLY,)
TENDER_LIFE = Life(
    "Tender",
    "tenders",
    S,
    (S.DRAFT,),
    (
        Transition(TenderEvent.CHANGE, (S.DRAFT,), (), _MANAGER),
        Transition(TenderEvent.PUBLISH, (S.DRAFT,), (S.PUBLISHED,), _MANAGER),
        Transition(TenderEvent.ASK, (S.PUBLISHED,), (), _SUPPLIER),
        Transition(TenderEvent.ANSWER, (S.PUBLISHED,), (), _MANAGER),
        Transition(TenderEvent.BID, (S.PUBLISHED,), (), _SUPPLIER),
        Transition(TenderEvent.OPEN, (S.PUBLISHED,), (S.OPENED,), _MANAGER),
        Transition(TenderEvent.AWARD, (S.OPENED,), (S.AWARDED,), _MANAGER),
        Transition(TenderEvent.CANCEL, (S.DRAFT, S.PUBLISHED, S.OPENED), (S.CANCELLED,), _MANAGER),
    ),
)
