"""Message catalogues: gathers what is to be translated into `messages.po`, and compiles what the app loads.

`python -m devtools.translations` compiles (Babel alone, which production has: `bin/post_compile` runs it on
Heroku); `bin/check translations` gathers the messages of templates and code anew.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from devtools.paths import ROOT

FOLDER = ROOT / "app" / "translations"
# Beside gettext's own names: a noun with its two forms, as formats.counted takes it.
KEYWORDS = {
    "_": None,
    "gettext": None,
    "lazy_gettext": None,
    "ngettext": (1, 2),
    "_noun": (1, 2),
    # A sentence that is stored as it is and said anew (app.words.failures).
    "_message": None,
}
_WIDTH = 110


def catalogues() -> list[Path]:
    """The catalogue of each language."""
    return sorted(FOLDER.glob("*/LC_MESSAGES/messages.po"))


def ensure_compiled() -> None:
    """Compile each catalogue whose compiled form is missing or older."""
    for source in catalogues():
        compiled = source.with_suffix(".mo")
        if not compiled.exists() or compiled.stat().st_mtime < source.stat().st_mtime:
            partial = source.with_suffix(f".{source.stat().st_mtime_ns}.partial")
            with partial.open("wb") as file:
                write_mo(file, read(source))
            partial.replace(compiled)


def read(source: Path) -> Catalog:
    """One language's catalogue."""
    with source.open("rb") as file:
        return read_po(file, locale=source.parts[-3])


def gathered() -> Catalog:
    """Every message of the app's code and templates, as `[tool.babel]` in pyproject.toml says where to look."""
    mappings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["babel"]["mappings"]
    found = Catalog()
    for mapping in mappings:
        options = {key: str(value) for key, value in mapping.items() if key not in ("method", "pattern")}
        for _file, _line, message, comments, context in extract_from_dir(
            ROOT / "app",
            method_map=[(mapping["pattern"], mapping["method"])],
            options_map={mapping["pattern"]: options},
            keywords=KEYWORDS,
            comment_tags=("Translators:",),
            strip_comment_tags=True,
        ):
            found.add(message, auto_comments=comments, context=context)
    return found


def update() -> None:
    """Bring every catalogue up to what the code says; a message that is gone goes, nothing is guessed."""
    template = gathered()
    for target in catalogues():
        catalogue = read(target)
        catalogue.update(template, no_fuzzy_matching=True)
        catalogue.obsolete.clear()
        with target.open("wb") as file:
            write_po(
                file,
                catalogue,
                width=_WIDTH,
                no_location=True,
                omit_header=False,
                sort_output=True,
                ignore_obsolete=True,
            )
        _settle_header(target)
    ensure_compiled()


def _settle_header(target: Path) -> None:
    """Take out moments, versions and empty forms: two runs over the same code must give the same file."""
    dropped = (
        '"POT-Creation',
        '"PO-Revision',
        '"Generated-By',
        '"Report-Msgid',
        '"Last-Tr',
        '"Language-Team',
    )
    lines = [line for line in target.read_text().splitlines() if not line.startswith(dropped)]
    target.write_text("\n".join(lines).rstrip() + "\n")


if __name__ == "__main__":
    ensure_compiled()
