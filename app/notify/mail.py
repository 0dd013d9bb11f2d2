"""Mail: short messages, text beside HTML, sent by a job after the transaction that caused them."""

import smtplib
import ssl
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from email.message import EmailMessage
from email.utils import make_msgid
from mimetypes import guess_type
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from app.core import clock, jobs
from app.core.database import in_sandbox
from app.core.settings import get_settings


def message(
    to: str, subject: str, body: str, html: str | None = None, attachments: Mapping[str, bytes] | None = None
) -> dict[str, Any]:
    """The arguments of `send_mail` for one message; `attachments` are files by name."""
    files = [{"name": name, "content": b64encode(content).decode()} for name, content in (attachments or {}).items()]
    plain = {"to": to, "subject": subject, "body": body, "html": html, "message_id": make_msgid("engrenages")}
    return plain | ({"attachments": files} if files else {})


@jobs.task(jobs.JobName("mail.send", "mail"))
def send_mail(
    to: str,
    subject: str,
    body: str,
    html: str | None,
    message_id: str,
    attachments: Sequence[Mapping[str, str]] = (),
) -> None:
    """Hand one message to the SMTP server, or to the mail folder where none is set.

    The message id is chosen when the mail is queued, so a second try after a crash is the same message.
    """
    if in_sandbox():
        return  # its people are made up
    settings = get_settings()
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = settings.mail_from, to, subject
    mail["Message-ID"] = message_id
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(body)
    if html:
        mail.add_alternative(html, subtype="html")
    for attachment in attachments:
        kind, _slash, subtype = (guess_type(attachment["name"])[0] or "application/octet-stream").partition("/")
        content = b64decode(attachment["content"])
        mail.add_attachment(content, maintype=kind, subtype=subtype, filename=attachment["name"])
    if settings.smtp_url:
        _send_by_smtp(settings.smtp_url, mail)
    else:
        _write_to_folder(mail_dir(), mail)


def mail_dir() -> Path:
    """Where mail lands while no SMTP server is set: one `.eml` file a message."""
    return get_settings().data_dir / "mail"


def _write_to_folder(folder: Path, message: EmailMessage) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    name = message["Message-ID"].strip("<>").split("@")[0]
    (folder / f"{clock.now():%Y%m%d-%H%M%S}-{name}.eml").write_bytes(message.as_bytes())


def _send_by_smtp(smtp_url: str, message: EmailMessage) -> None:
    server = urlsplit(smtp_url)
    host, context = server.hostname or "localhost", ssl.create_default_context()
    if server.scheme == "smtps":
        client: smtplib.SMTP = smtplib.SMTP_SSL(host, server.port or 465, timeout=30, context=context)
    else:
        client = smtplib.SMTP(host, server.port or 587, timeout=30)
    with client:
        if server.scheme == "smtp" and client.has_extn("starttls"):
            client.starttls(context=context)
        if server.username:
            client.login(unquote(server.username), unquote(server.password or ""))
        client.send_message(message)
