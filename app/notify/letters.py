"""Letters: what happened, what to do, one button. The same words as plain text and as HTML."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlmodel import Session

from app.core import jobs
from app.core.settings import get_settings
from app.core.templating import environment
from app.notify import mail


class Action(NamedTuple):
    """The one thing to do: a word on a button, and a path of ours."""

    label: str
    path: str


def letter(
    to: str,
    subject: str,
    paragraphs: Sequence[str],
    action: Action | None = None,
    rows: Sequence[Sequence[str]] = (),
    attachments: Mapping[str, bytes] | None = None,
) -> dict[str, Any]:
    """One message, as `send_mail` takes it, in the current language. `rows` become a table, or lines parted by tabs."""
    settings = get_settings()
    link = settings.address_of(action.path) if action else ""
    written = [paragraph for paragraph in paragraphs if paragraph]
    text = list(written)
    if rows:
        text.append("\n".join("\t".join(row) for row in rows))
    if action:
        text.append(f"{action.label}\n{link}")
    html = environment().get_template("notify/letter.html")
    body = html.render(
        subject=subject, paragraphs=written, rows=rows, action=action, link=link, address=settings.address_of("")
    )
    return mail.message(to, subject, "\n\n".join(text) + "\n", body, attachments)


def queue_letter(session: Session, to: str, subject: str, paragraphs: Sequence[str], action: Action) -> None:
    """Send a letter once the session's transaction commits."""
    jobs.defer(session, mail.send_mail, **letter(to, subject, paragraphs, action))
