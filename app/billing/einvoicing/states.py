"""The life of a document that came from a platform: what we told its sender of it, as one table. Pure."""

from app.billing.einvoicing.life_cycle import LifeCycle, may_follow
from app.core.lifecycle import CLOCK, Life, Transition

RECEIVED_DOCUMENT_LIFE = Life(
    "Received document",
    "received_documents",
    LifeCycle,
    tuple(LifeCycle),
    [
        Transition(status, tuple(before for before in LifeCycle if may_follow(before, status)), (status,), (CLOCK,))
        for status in LifeCycle
    ],
    column="said",
)
