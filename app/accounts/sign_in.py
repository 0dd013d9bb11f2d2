"""Signing in: passwords (Argon2id), links by mail, sessions that can be revoked, API keys. Only hashes are kept."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, func, insert, update
from sqlmodel import Session, col, select

from app.accounts.actor import Actor, actor_for
from app.accounts.models import AccessToken, ApiKey, Person, SignInFailure, SignInLink, SignInSession
from app.accounts.permissions import PEOPLES_SCOPES, SUPPLIER_SCOPES, Permission, Scope
from app.accounts.service import find_person, get_association
from app.core import audit, clock, jobs
from app.core.database import in_sandbox
from app.core.errors import Conflict, InvalidInput, NotAllowed, NotFound, TooManyRequests
from app.core.i18n import gettext as _
from app.core.i18n import speaking
from app.core.settings import get_settings
from app.core.tokens import KEY_MARK, SANDBOX_KEY_MARK, SANDBOX_TOKEN_MARK, TOKEN_MARK, hash_of, new_token
from app.notify import mail
from app.notify.letters import Action, letter, queue_letter

SESSION_LASTS = timedelta(days=30)
LINK_LASTS = timedelta(minutes=30)
INVITATION_LASTS = timedelta(days=14)
FAILURES_COUNTED_FOR = timedelta(minutes=15)
FAILURES_ALLOWED = 10
FAILURES_OF_A_CLIENT = 50
LINKS_ALLOWED = 3
ENDED_KEPT_FOR = timedelta(days=30)
_LONGEST_ADDRESS = 254  # RFC 5321, 4.5.3.1.3
MIN_PASSWORD_LENGTH = 10
TOKEN_LASTS = timedelta(hours=1)
OLD_KEY_LASTS = timedelta(days=1)

_hasher = PasswordHasher()


@cache
def _nobodys_hash() -> str:
    """Checked for unknown addresses, so that they take as long as known ones (OWASP Authentication Cheat Sheet)."""
    return _hasher.hash(secrets.token_urlsafe(16))


class TooManyTries(TooManyRequests):
    """Passwords are guessed too fast."""

    default_code = "too_many_tries"


def set_password(session: Session, person: Person, password: str) -> None:
    """Give a person a password. Raises `InvalidInput` for a short one (NIST SP 800-63B, 5.1.1)."""
    if len(password) < MIN_PASSWORD_LENGTH:
        raise InvalidInput("A password has at least {length} characters.", field="password", length=MIN_PASSWORD_LENGTH)
    person.password_hash = _hasher.hash(password)
    audit.record(session, person.email, "person.password_set", person)


def change_password(session: Session, actor: Actor, token: str, old: str, new: str) -> None:
    """Let a person in a browser change their password, and end their sessions but for this one (its cookie, `token`).

    The old one is asked for, unless there is none yet or a mailed link opened this session half an hour ago at most.
    Raises `NotAllowed` for a key, `InvalidInput` for a wrong old one.
    """
    if actor.scopes is not None:
        raise NotAllowed("A key changes no password: sign in with a browser.", code="insufficient_scope")
    person = session.get_one(Person, actor.require_person())
    here = session.exec(select(SignInSession).where(SignInSession.token_hash == hash_of(token))).one_or_none()
    by_link = here is not None and here.by_link and here.created_at > clock.now() - LINK_LASTS
    if person.password_hash and not by_link and not _is_password(person.password_hash, old):
        audit.record(session, person.email, "person.password_refused", person)
        raise InvalidInput("That is not your present password.", code="wrong_password", field="old_password")
    set_password(session, person, new)
    session.execute(
        update(SignInSession)
        .where(
            col(SignInSession.person_id) == person.id,
            col(SignInSession.revoked_at).is_(None),
            col(SignInSession.token_hash) != hash_of(token),
        )
        .values(revoked_at=clock.now())
    )


def _is_password(kept: str, password: str) -> bool:
    try:
        return _hasher.verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False


def check_password(session: Session, email: str, password: str, client: str = "") -> Person | None:
    """The person whose password this is; None for a wrong one, which is counted.

    Raises `TooManyTries` after ten wrong ones in a quarter of an hour for one address from one client (by its network
    address), or fifty from one client: others go on signing in.
    """
    address, client = email.strip().lower()[:_LONGEST_ADDRESS], client[:64]
    recent = clock.now() - FAILURES_COUNTED_FOR
    here = select(func.count()).where(SignInFailure.client == client, SignInFailure.at > recent)
    of_client = session.scalar(here) or 0
    if of_client >= FAILURES_OF_A_CLIENT or (
        of_client and (session.scalar(here.where(SignInFailure.email == address)) or 0) >= FAILURES_ALLOWED
    ):
        raise TooManyTries("Too many tries. Wait a quarter of an hour, or ask for a link by mail.")
    person = find_person(session, address)
    known = person is not None and person.active and person.password_hash
    right = _is_password(known or _nobodys_hash(), password)
    if not known or not right:
        session.add(SignInFailure(email=address, client=client, at=clock.now()))
        if person is not None:
            audit.record(session, address, "session.refused", person, client=client)
        return None
    return person


def forget_old_sign_ins(session: Session) -> None:
    """Drop failures that count no more, links and sessions that ended a month ago."""
    now = clock.now()
    session.execute(delete(SignInFailure).where(col(SignInFailure.at) < now - FAILURES_COUNTED_FOR))
    for ended in (SignInLink, SignInSession):
        session.execute(delete(ended).where(col(ended.expires_at) < now - ENDED_KEPT_FOR))
    session.execute(delete(AccessToken).where(col(AccessToken.expires_at) < now))


def open_session(session: Session, person: Person, user_agent: str = "", *, by_link: bool = False) -> str:
    """Sign a person in; the token that goes into the cookie."""
    token = new_token()
    now = clock.now()
    signed_in = SignInSession(
        token_hash=hash_of(token),
        person_id=_id(person),
        created_at=now,
        expires_at=now + SESSION_LASTS,
        user_agent=user_agent[:200],
        by_link=by_link,
    )
    session.add(signed_in)
    session.flush()
    audit.record(session, person.email, "session.opened", signed_in)
    return token


def actor_of_session(session: Session, token: str) -> Actor | None:
    """Who a session token stands for; None where it is unknown, ended or revoked."""
    person = session.exec(
        select(Person)
        .join(SignInSession, col(SignInSession.person_id) == Person.id)
        .where(
            SignInSession.token_hash == hash_of(token),
            col(SignInSession.revoked_at).is_(None),
            SignInSession.expires_at > clock.now(),
            col(Person.active),
        )
    ).one_or_none()
    return actor_for(person) if person else None


def close_session(session: Session, token: str) -> None:
    """Sign out: revoke the session of a token."""
    session.execute(
        update(SignInSession).where(col(SignInSession.token_hash) == hash_of(token)).values(revoked_at=clock.now())
    )


def close_all_sessions(session: Session, actor: Actor, person_id: int) -> None:
    """Revoke every session of a person: their own, or anybody's for the association."""
    if actor.person_id != person_id:
        actor.require(Permission.MANAGE_PEOPLE)
    person = session.get(Person, person_id)
    if person is None:
        raise NotFound("There is no such person.")
    session.execute(
        update(SignInSession)
        .where(col(SignInSession.person_id) == person_id, col(SignInSession.revoked_at).is_(None))
        .values(revoked_at=clock.now())
    )
    audit.record(session, actor.label, "sessions.revoked", person)


def make_link(session: Session, person: Person, lasts: timedelta = LINK_LASTS) -> str:
    """A link that signs the person in once."""
    return get_settings().address_of(_link_paths(session, [person], lasts)[0])


def _link_paths(session: Session, people: Sequence[Person], lasts: timedelta) -> list[str]:
    """For each person the path of a link that signs them in once."""
    tokens = [new_token() for _person in people]
    expires_at = clock.now() + lasts
    session.execute(
        insert(SignInLink),
        [
            {"token_hash": hash_of(token), "person_id": _id(person), "expires_at": expires_at}
            for token, person in zip(tokens, people, strict=True)
        ],
    )
    return [f"/sign-in/link?token={token}" for token in tokens]


def mail_link(session: Session, email: str) -> None:
    """Mail a sign-in link to a known address, three in a quarter of an hour at most; say nothing about another one."""
    person = find_person(session, email.strip()[:_LONGEST_ADDRESS])
    if person is None or not person.active:
        return
    made_since = clock.now() - FAILURES_COUNTED_FOR + LINK_LASTS
    lately = select(func.count()).where(
        SignInLink.person_id == person.id,
        SignInLink.expires_at > made_since,
        SignInLink.expires_at <= clock.now() + LINK_LASTS,
    )
    if (session.scalar(lately) or 0) >= LINKS_ALLOWED:
        return
    [path] = _link_paths(session, [person], LINK_LASTS)
    with speaking(person.locale):
        body = _("Here is your link to sign in, good once, for 30 minutes.")
        queue_letter(session, person.email, _("Your sign-in link"), [body], Action(_("Sign in"), path))


def invite_all(session: Session, people: Sequence[Person]) -> None:
    """Mail new people their first link."""
    paths = _link_paths(session, people, INVITATION_LASTS)
    association = get_association(session).name
    messages = []
    for person, path in zip(people, paths, strict=True):
        with speaking(person.locale):
            subject = _("{association} invites you to buy together").format(association=association)
            hello = _("Hello {name},").format(name=person.name)
            body = _("Your account for group purchases is ready. This link signs you in, good once, for 14 days.")
            messages.append(letter(person.email, subject, [hello, body], Action(_("Sign in"), path)))
    jobs.defer_many(session, mail.send_mail, messages)


def use_link(session: Session, token: str) -> Person:
    """The person of a link, which is then used up. Raises `InvalidInput` for one that is unknown, old or used."""
    person_id = session.scalar(
        update(SignInLink)
        .where(
            col(SignInLink.token_hash) == hash_of(token),
            col(SignInLink.used_at).is_(None),
            col(SignInLink.expires_at) > clock.now(),
        )
        .values(used_at=clock.now())
        .returning(col(SignInLink.person_id))
    )
    person = session.get(Person, person_id) if person_id else None
    if person is None or not person.active:
        raise InvalidInput("This link is used or too old. Ask for a new one.", code="link_expired")
    return person


@dataclass(frozen=True)
class NewApiKey:
    """A key just made: its row and its text, which is shown this once."""

    key: ApiKey
    secret: str


def create_api_key(session: Session, actor: Actor, name: str, scopes: list[str]) -> NewApiKey:
    """Make a key that acts as its maker within `scopes`: `read` and `write`, or a supplier's own."""
    allowed = SUPPLIER_SCOPES if actor.may(Permission.SUPPLY) else PEOPLES_SCOPES
    if actor.scopes is not None and set(scopes) - actor.scopes:
        raise NotAllowed("A key makes no key that may do more than itself.", code="insufficient_scope")
    if not scopes or set(scopes) - allowed:
        raise InvalidInput(
            "A key has one or more of these scopes: {scopes}", field="scopes", scopes=", ".join(sorted(allowed))
        )
    prefix, secret = secrets.token_hex(4), new_token()
    text = f"{SANDBOX_KEY_MARK if in_sandbox() else KEY_MARK}{prefix}_{secret}"
    key = ApiKey(
        name=name,
        prefix=prefix,
        secret_hash=hash_of(text),
        person_id=actor.require_person(),
        scopes=sorted(set(scopes)),
        created_at=clock.now(),
    )
    session.add(key)
    session.flush()
    audit.record(session, actor.label, "api_key.created", key, name=name, scopes=key.scopes)
    return NewApiKey(key, text)


def _own_key(session: Session, actor: Actor, key_id: int) -> ApiKey:
    key = session.get(ApiKey, key_id)
    if key is None or key.person_id != actor.person_id:
        raise NotFound("There is no such key.")
    return key


def _has_ended(key: ApiKey) -> bool:
    return key.expires_at is not None and key.expires_at <= clock.now()


def rotate_api_key(session: Session, actor: Actor, key_id: int) -> NewApiKey:
    """A new key in the place of one's own, with the same name and scopes; the old one is good for a day more.

    Raises `Conflict` for a key that is revoked or ended.
    """
    old, in_a_day = _own_key(session, actor, key_id), clock.now() + OLD_KEY_LASTS
    if old.revoked_at is not None or _has_ended(old):
        raise Conflict("This key has ended. Make a new one.", code="key_ended")
    made = create_api_key(session, actor, old.name, old.scopes)
    old.expires_at = min(old.expires_at or in_a_day, in_a_day)
    audit.record(session, actor.label, "api_key.rotated", old)
    return made


def revoke_api_key(session: Session, actor: Actor, key_id: int) -> None:
    """End a key of one's own."""
    key = _own_key(session, actor, key_id)
    key.revoked_at = key.revoked_at or clock.now()
    audit.record(session, actor.label, "api_key.revoked", key)


def _token_mark() -> str:
    return SANDBOX_TOKEN_MARK if in_sandbox() else TOKEN_MARK


def actor_of_key(session: Session, secret: str) -> Actor | None:
    """Who a key, or a token got for one, stands for; None where it is unknown, ended or revoked.

    Notes the key's use, by the minute.
    """
    now = clock.now()
    query = (
        select(ApiKey, Person)
        .join(Person, col(Person.id) == ApiKey.person_id)
        .where(col(ApiKey.revoked_at).is_(None), col(Person.active))
    )
    scopes = None
    if secret.startswith(_token_mark()):
        token = session.exec(
            select(AccessToken).where(AccessToken.token_hash == hash_of(secret), AccessToken.expires_at > now)
        ).one_or_none()
        if token is None:
            return None
        query, scopes = query.where(ApiKey.id == token.api_key_id), token.scopes
    else:
        query = query.where(ApiKey.secret_hash == hash_of(secret))
    found = session.exec(query).one_or_none()
    if found is None:
        return None
    key, person = found
    if _has_ended(key):
        return None
    if key.last_used_at is None or now - key.last_used_at > timedelta(minutes=1):
        key.last_used_at = now
    granted = frozenset(Scope(scope) for scope in (key.scopes if scopes is None else scopes))
    return actor_for(person, label=f"{person.email} (key {key.prefix})", scopes=granted)


def issue_token(
    session: Session, client_id: str, client_secret: str, scopes: Sequence[str]
) -> tuple[str, list[str]] | None:
    """A token for a key (its prefix and its text), good for an hour within some of its scopes, or all.

    None where key and secret do not go together. Raises `InvalidInput` for a scope that the key has not.
    """
    key = session.exec(
        select(ApiKey).where(
            ApiKey.prefix == client_id, ApiKey.secret_hash == hash_of(client_secret), col(ApiKey.revoked_at).is_(None)
        )
    ).one_or_none()
    if key is None or key.id is None or _has_ended(key):
        return None
    granted = sorted(set(scopes) or set(key.scopes))
    if set(granted) - set(key.scopes):
        raise InvalidInput("This key has not the scope asked for.", code="invalid_scope", field="scope")
    token = f"{_token_mark()}{new_token()}"
    session.execute(
        delete(AccessToken).where(col(AccessToken.api_key_id) == key.id, col(AccessToken.expires_at) <= clock.now())
    )
    session.add(
        AccessToken(token_hash=hash_of(token), api_key_id=key.id, scopes=granted, expires_at=clock.now() + TOKEN_LASTS)
    )
    session.flush()
    return token, granted


def _id(person: Person) -> int:
    assert person.id is not None
    return person.id
