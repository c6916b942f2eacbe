"""Where a checkout keeps what it makes: `.local/` (or FLUXOR_LOCAL); as root also a folder for servers."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def local_dir() -> Path:
    """The folder of everything that is made and not committed; FLUXOR_LOCAL moves it elsewhere."""
    chosen = os.environ.get("FLUXOR_LOCAL")
    return Path(chosen).expanduser().absolute() if chosen else ROOT / ".local"


def area_dir(area: str) -> Path:
    """`.local/<area>` (demo, test …), created when absent."""
    folder = local_dir() / area
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def shared_state_dir() -> Path:
    """A root-owned folder outside any home, for servers that must not run as root.

    `/var/lib/fluxor`, or one in the temporary directory where `/var/lib` cannot be written. Refuses a folder
    that somebody else made, because what is started from it runs with our data.
    """
    for parent in (Path("/var/lib"), Path(tempfile.gettempdir())):
        folder = parent / "fluxor"
        try:
            folder.mkdir(mode=0o755, exist_ok=True)
        except OSError:
            continue
        if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
            raise RuntimeError(f"{folder} belongs to somebody else: remove it, or set DATABASE_URL.")
        folder.chmod(0o755)
        return folder
    raise RuntimeError("No folder for PostgreSQL's data can be made in /var/lib or the temporary directory.")


def checkout_key() -> str:
    """A short name that differs for each checkout (for folders shared by several)."""
    return hashlib.sha256(str(local_dir().resolve()).encode()).hexdigest()[:12]
