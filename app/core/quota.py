"""How often a program may ask: a fixed window for each caller, counted in the database by all processes together."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, delete
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Field, Session, SQLModel, col

from app.core import clock
from app.core.tables import instant

WINDOW = timedelta(minutes=1)


class QuotaWindow(SQLModel, table=True):
    """The requests of one caller in their present window. A crash may lose the counts, which harms nobody."""

    __tablename__ = "quota_windows"
    __table_args__ = {"prefixes": ["UNLOGGED"]}

    caller: str = Field(primary_key=True)
    began_at: datetime = instant(index=True)
    used: int


@dataclass(frozen=True, slots=True)
class Quota:
    """Where a caller stands: `limit` requests a window, of which `used` (this one too); the next window's begin."""

    limit: int
    used: int
    seconds_left: int

    @property
    def left(self) -> int:
        """Requests left in this window."""
        return max(0, self.limit - self.used)

    @property
    def is_exceeded(self) -> bool:
        """Whether this request is one too many."""
        return self.used > self.limit


def count_request(session: Session, caller: str, limit: int) -> Quota:
    """Count one request; commit at once, so that requests of the same caller do not wait for each other's work."""
    now = clock.now()
    is_over = col(QuotaWindow.began_at) <= now - WINDOW
    window = session.execute(
        insert(QuotaWindow)
        .values(caller=caller, began_at=now, used=1)
        .on_conflict_do_update(
            index_elements=["caller"],
            set_={
                "used": case((is_over, 1), else_=col(QuotaWindow.used) + 1),
                "began_at": case((is_over, now), else_=col(QuotaWindow.began_at)),
            },
        )
        .returning(col(QuotaWindow.used), col(QuotaWindow.began_at))
    ).one()
    session.commit()
    left = window.began_at + WINDOW - now
    return Quota(limit, window.used, max(1, -int(-left.total_seconds() // 1)))


def forget_old_windows(session: Session) -> None:
    """Drop windows that ended."""
    session.execute(delete(QuotaWindow).where(col(QuotaWindow.began_at) < clock.now() - WINDOW))
