"""Pages in the reader's language: as the admin asks, as the browser asks, or as the member has chosen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from tests.factories import Shop

Ready = tuple[Shop, list[int]]


@pytest.fixture
def viewer(client: FlaskClient, ready: Ready) -> Iterator[dict[str, str]]:
    """A viewer's headers; what they chose is taken back."""
    headers = ready[0].headers("viewer")
    yield headers
    choose(client, headers, "")


def choose(client: FlaskClient, headers: dict[str, str], code: str) -> int:
    answer = client.post("/settings/language", data={"own_language": code}, headers=headers)
    return answer.status_code


def heading(client: FlaskClient, headers: dict[str, str], query: str = "") -> str:
    page = client.get(f"/settings{query}", headers=headers).get_data(as_text=True)
    return page.split("<h1>")[1].split("</h1>")[0]


def test_the_admin_and_the_browser_say_which_language(client: FlaskClient, viewer: dict[str, str]) -> None:
    assert heading(client, viewer) == "Settings"
    assert heading(client, viewer, "?locale=de-DE") == "Einstellungen"
    assert heading(client, {**viewer, "Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}) == "Einstellungen"


def test_links_keep_the_language_that_the_admin_asked_for(
    client: FlaskClient, viewer: dict[str, str]
) -> None:
    page = client.get("/settings?locale=de", headers=viewer).get_data(as_text=True)
    assert '<html lang="de"' in page
    assert "locale=de" in page.split('hx-post="')[1].split('"')[0]


def test_a_members_own_choice_wins_and_binds_nobody_else(
    client: FlaskClient, ready: Ready, viewer: dict[str, str]
) -> None:
    assert choose(client, viewer, "de") == 204
    assert heading(client, viewer, "?locale=en") == "Einstellungen"
    assert heading(client, ready[0].headers("manager")) == "Settings"
    assert choose(client, viewer, "") == 204
    assert heading(client, viewer) == "Settings"


def test_only_languages_that_we_speak_can_be_chosen_and_only_by_members(
    client: FlaskClient, viewer: dict[str, str]
) -> None:
    assert choose(client, viewer, "tlh") == 400
    assert choose(client, {}, "de") == 401
