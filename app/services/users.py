"""People who log in with e-mail and password: sign-up, login, reset, and the stores they belong to."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.models.stores import Member
from app.models.users import StoreUser, User
from app.platform import db
from app.platform.i18n import gettext
from app.platform.passwords import Hasher
from app.services import audit


class LoginRefused(ValueError):
    """The e-mail address or the password is wrong; which of them is never said."""


class LinkUsed(ValueError):
    """A mailed link was used before, or a newer one has taken its place."""


@dataclass(frozen=True)
class LoggedIn:
    """Who logged in, and the store to look at first (the one connected last)."""

    user_id: int
    email: str
    version: int
    store_id: int | None


def folded(email: str) -> str:
    """The form in which addresses are compared and stored."""
    return email.strip().casefold()


def register(email: str, password: str, *, hasher: Hasher) -> int:
    """Note a wish to sign up; returns the user's id whether they are new or not.

    One statement for both cases, so that neither the answer nor its time tells them apart. An address that
    nobody has confirmed takes the newest password: the link that is mailed works with that one alone.
    """
    found = db.rows(
        """
        INSERT INTO users (email, password_hash, version) VALUES (:email, :hash, 1)
        ON CONFLICT (email) DO UPDATE SET password_hash = CASE WHEN users.confirmed_at IS NULL
            THEN EXCLUDED.password_hash ELSE users.password_hash END
        RETURNING id
        """,
        email=folded(email),
        hash=hasher.hash(password),
    )
    return int(found[0].id)


def confirm(user_id: int, seal: str, password: str, *, hasher: Hasher, now: datetime) -> LoggedIn:
    """Confirm an address: the link shows who reads its mail, the password that they chose it themselves.

    Without the password somebody could sign up with another's address and wait for them to click.
    Raises LinkUsed, LoginRefused.
    """
    user = _user(user_id)
    if user is None or not _is_sealed(user, seal):
        raise LinkUsed(
            gettext("This link was used before or replaced by a newer one. Log in, or sign up again.")
        )
    if not hasher.verify(password, user.password_hash):
        raise LoginRefused(gettext("The password is wrong."))
    user.confirmed_at = user.confirmed_at or now
    return _logged_in(user)


def log_in(email: str, password: str, *, hasher: Hasher) -> LoggedIn:
    """Check address and password; takes as long for an unknown address. Raises LoginRefused."""
    user = db.session().execute(select(User).where(User.email == folded(email))).scalar_one_or_none()
    fits = hasher.verify(password, user.password_hash if user else None)
    if user is None or not fits or user.confirmed_at is None:
        raise LoginRefused(gettext("The e-mail address or the password is wrong."))
    if hasher.is_outdated(user.password_hash):
        user.password_hash = hasher.hash(password)
    return _logged_in(user)


def id_of(email: str) -> int:
    """The user with that address, 0 for nobody."""
    found = db.rows("SELECT id FROM users WHERE email = :email", email=folded(email))
    return int(found[0].id) if found else 0


def seal(user_id: int) -> str | None:
    """What a mailed link carries so that it works once: it changes with the password. None: nobody."""
    user = _user(user_id)
    return None if user is None else _seal(user)


def reset(user_id: int, seal: str, password: str, *, hasher: Hasher, now: datetime) -> LoggedIn:
    """Set a new password through a mailed link; ends every session and confirms the address. Raises LinkUsed."""
    user = _user(user_id)
    if user is None or not _is_sealed(user, seal):
        raise LinkUsed(gettext("This link was used before. Ask for a new one."))
    user.password_hash, user.version = hasher.hash(password), user.version + 1
    user.confirmed_at = user.confirmed_at or now
    return _logged_in(user)


def end_sessions(user_id: int) -> None:
    """Log the user out everywhere."""
    db.execute("UPDATE users SET version = version + 1 WHERE id = :id", id=user_id)


def join_store(user_id: int, *, store_id: int) -> None:
    """Make the user a member of the current store, whose installation they have just authorized at Shopify.

    Who may install apps is staff with that right: they become owner where there is none yet, else manager.
    A link that is there keeps its role.
    """
    session = db.session()
    user = _user(user_id)
    known = session.get(StoreUser, (user_id, store_id))
    if user is None or known is not None:
        return
    member = _new_member(session, user)
    session.add(StoreUser(user_id=user_id, store_id=store_id, member_id=member.id))
    audit.record(actor=user.email, action="member.connected", role=member.role)


def has_account(email: str) -> bool:
    """Whether somebody logs in with this address: they have confirmed it."""
    return bool(
        db.rows("SELECT id FROM users WHERE email = :email AND confirmed_at IS NOT NULL", email=folded(email))
    )


def open_account(email: str, password: str, *, hasher: Hasher, now: datetime) -> LoggedIn:
    """Make an account for an address that a mailed link has just confirmed.

    Whatever was signed up with it before, unconfirmed, counts no more. Raises LinkUsed if it was confirmed meanwhile.
    """
    found = db.rows(
        """
        INSERT INTO users (email, password_hash, version, confirmed_at) VALUES (:email, :hash, 1, :now)
        ON CONFLICT (email) DO UPDATE SET password_hash = EXCLUDED.password_hash, confirmed_at = :now,
            version = users.version + 1
            WHERE users.confirmed_at IS NULL
        RETURNING id
        """,
        email=folded(email),
        hash=hasher.hash(password),
        now=now,
    )
    if not found:
        raise LinkUsed(gettext("This address has an account already. Log in with it."))
    user = _user(int(found[0].id))
    assert user is not None  # the statement has just written it
    return _logged_in(user)


def join_as(user_id: int, email: str, role: str, *, store_id: int) -> None:
    """Make the user a member of the current store in this role, as they were invited.

    Raises LinkUsed if the address is not theirs. A place that they have there already keeps its role.
    """
    user = _user(user_id)
    if user is None or user.email != folded(email):
        raise LinkUsed(gettext("This invitation is for another address."))
    session = db.session()
    if session.get(StoreUser, (user_id, store_id)) is not None:
        return
    member = Member(email=user.email, name=user.email, role=role)
    session.add(member)
    session.flush()
    session.add(StoreUser(user_id=user_id, store_id=store_id, member_id=member.id))
    audit.record(actor=user.email, action="member.joined", role=role)


def choose_language(member_id: int, language: str | None) -> None:
    """Note in which language a member of the current store reads pages; None: as admin or browser ask."""
    db.execute("UPDATE members SET language = :language WHERE id = :id", language=language, id=member_id)


def _new_member(session: Session, user: User) -> Member:
    owned = session.execute(select(Member.id).where(Member.role == "owner").limit(1)).first() is not None
    member = Member(email=user.email, name=user.email, role="manager" if owned else "owner")
    try:
        with session.begin_nested():
            session.add(member)
    except IntegrityError:  # somebody else became owner at this very moment
        member = Member(email=user.email, name=user.email, role="manager")
        session.add(member)
        session.flush()
    return member


def _user(user_id: int) -> User | None:
    return db.session().execute(select(User).where(User.id == user_id)).scalar_one_or_none()


def _logged_in(user: User) -> LoggedIn:
    newest = (
        select(StoreUser.store_id)
        .where(StoreUser.user_id == user.id)
        .order_by(StoreUser.connected_at.desc(), StoreUser.store_id)
        .limit(1)
    )
    store_id = db.session().execute(newest).scalar_one_or_none()
    return LoggedIn(user.id, user.email, user.version, store_id)


def _is_sealed(user: User, seal: str) -> bool:
    return hmac.compare_digest(_seal(user).encode(), seal.encode("utf-8", "replace"))


def _seal(user: User) -> str:
    # The link is signed; this only ties it to one password, and tells nothing of the hash.
    confirmed = "confirmed" if user.confirmed_at else "new"
    return hashlib.sha256(f"{user.password_hash}:{user.version}:{confirmed}".encode()).hexdigest()[:32]
