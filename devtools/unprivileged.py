"""Which system user a server runs as: ourselves, or, for root, an unprivileged one that exists already.

PostgreSQL refuses to run as root. We neither create users nor widen the permissions of any folder: what that
user must read is copied to a place it can reach.
"""

from __future__ import annotations

import os
import pwd
import shutil
from dataclasses import dataclass
from pathlib import Path

from devtools import paths
from devtools.locks import locked

CANDIDATES = ("postgres", "nobody", "daemon")


@dataclass(frozen=True)
class SystemUser:
    """An unprivileged user of this machine."""

    name: str
    uid: int
    gid: int


def service_user() -> SystemUser | None:
    """The user to become when we are root; None when we are not (then the server runs as us)."""
    if os.geteuid() != 0:
        return None
    for name in CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return SystemUser(name, entry.pw_uid, entry.pw_gid)
    raise RuntimeError(
        "PostgreSQL does not run as root and there is no user 'postgres' or 'nobody': set DATABASE_URL."
    )


def readable_by_all(folder: Path) -> bool:
    """Whether any user may enter `folder` and read in it."""
    folder = folder.resolve()
    return (
        all(parent.stat().st_mode & 0o001 for parent in folder.parents)
        and folder.stat().st_mode & 0o005 == 0o005
    )


def published(source: Path, name: str) -> Path:
    """`source` itself when every user can read it, else a copy called `name` in the shared state folder."""
    if readable_by_all(source):
        return source
    target = paths.shared_state_dir() / name
    with locked(paths.shared_state_dir() / f"{name}.lock"):
        if not target.exists():
            partial = target.with_suffix(".partial")
            shutil.rmtree(partial, ignore_errors=True)
            shutil.copytree(
                source, partial, symlinks=True, ignore=shutil.ignore_patterns("include", "*.a", "doc")
            )
            partial.rename(target)
    return target


def private_folder(area: str, name: str, user: SystemUser | None) -> Path:
    """A 0700 folder for a server's data: in `.local/<area>`, or in the shared state folder for a user."""
    if user is None:
        folder = paths.area_dir(area) / name
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder
    _remove_orphans(paths.shared_state_dir())
    folder = paths.shared_state_dir() / f"{paths.checkout_key()}-{area}-{name}"
    folder.mkdir(mode=0o700, exist_ok=True)
    os.chown(folder, user.uid, user.gid)
    _origin(folder).write_text(str(paths.area_dir(area)))
    return folder


def remove_private_folder(folder: Path) -> None:
    """Delete a folder that `private_folder` made, and its note of origin."""
    shutil.rmtree(folder, ignore_errors=True)
    _origin(folder).unlink(missing_ok=True)


def _origin(folder: Path) -> Path:
    """A file beside the folder that names the area it belongs to."""
    return folder.with_suffix(".origin")


def _remove_orphans(shared: Path) -> None:
    """Delete data whose checkout is gone: its passwords lay there, so nobody can use it any more."""
    for note in shared.glob("*.origin"):
        if not Path(note.read_text()).exists():
            remove_private_folder(note.with_suffix(""))
