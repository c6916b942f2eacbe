"""What is wrong with a value of a JSON body or query, in the client's language: pydantic's findings in our words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.platform.i18n import gettext, lazy_gettext

_WHOLE = lazy_gettext("Send a whole number.")
_NUMBER = lazy_gettext("Send a number.")
_TEXT = lazy_gettext("Send a text.")
_DATE = lazy_gettext("Send a date such as 2026-01-31.")
_YES_NO = lazy_gettext("Send true or false.")
_LIST = lazy_gettext("Send a list.")
_OBJECT = lazy_gettext("Send an object.")
_SAYINGS = {
    "missing": lazy_gettext("This field is missing."),
    "extra_forbidden": lazy_gettext("There is no such field. Leave it out."),
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_parsing_size": _WHOLE,
    "int_from_float": _WHOLE,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "finite_number": _NUMBER,
    "string_type": _TEXT,
    "string_unicode": _TEXT,
    "string_too_long": lazy_gettext("Send at most %(max_length)s characters."),
    "string_too_short": lazy_gettext("Send at least %(min_length)s characters."),
    "string_pattern_mismatch": lazy_gettext("This text holds a character that cannot be used."),
    "bool_type": _YES_NO,
    "bool_parsing": _YES_NO,
    "list_type": _LIST,
    "too_long": lazy_gettext("Send at most %(max_length)s entries."),
    "too_short": lazy_gettext("Send at least %(min_length)s entries."),
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "dict_type": _OBJECT,
    "literal_error": lazy_gettext("Send one of: %(expected)s."),
    "date_type": _DATE,
    "date_parsing": _DATE,
    "date_from_datetime_parsing": _DATE,
    "date_from_datetime_inexact": _DATE,
    "greater_than_equal": lazy_gettext("Send %(ge)s or more."),
    "greater_than": lazy_gettext("Send more than %(gt)s."),
    "less_than_equal": lazy_gettext("Send %(le)s or less."),
    "less_than": lazy_gettext("Send less than %(lt)s."),
}


def complaint(found: Mapping[str, Any]) -> str:
    """One finding of pydantic's `errors()` in words that say what to send.

    A rule of ours has worded its refusal itself; a kind of finding that nobody foresaw says only that.
    """
    if found["type"] == "value_error":
        return str(found["ctx"]["error"])
    saying = _SAYINGS.get(found["type"])
    if saying is None:
        return gettext("This value cannot be used.")
    return str(saying) % {name: _shown(value) for name, value in found.get("ctx", {}).items()}


def _shown(value: Any) -> str:
    return str(value).replace("' or '", "', '") if isinstance(value, str) else str(value)
