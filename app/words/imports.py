"""Why a file that was brought cannot be read, in words that say what to bring."""

from __future__ import annotations

from app.domain.sheets import MOST_ROWS
from app.platform.formats import number
from app.platform.i18n import gettext


def unreadable(code: str) -> str:
    """The words for a code of `sheets.CannotRead`."""
    return {
        "no_rows": gettext("The file has no rows below its header. Save the table as CSV and try again."),
        "too_many_rows": gettext(
            "The file has more than %(most)s rows. Split it and bring the parts one by one.",
            most=number(MOST_ROWS),
        ),
        "no_csv": gettext(
            "This is no CSV file. In your spreadsheet choose Save as, CSV, and bring that file."
        ),
    }[code]
