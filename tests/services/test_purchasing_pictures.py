"""An order's PDF, drawn and looked at: nothing beyond the margins, nothing over anything else, every letter there."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from flask import Flask
from reportlab.lib.units import mm

from app.platform import i18n
from app.services.purchasing import papers
from tests.services.sheets import HEIGHT, WIDTH, Sheet, sheets
from tests.services.test_purchasing_papers import STORE, line, order, text_of

SIDE, TOP, FOOT = 18 * mm, 18 * mm, 14 * mm  # the footer's letters lie within FOOT of the lower edge
NAMES = (
    "Tea",
    "Größe L – Ökotee 100 g, süß & kräftig",
    "An unusually long name of a product that nobody would ever say aloud in a shop " * 3,
    "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 2,
    "Зелёний чай «Київ», 100 г",
    "Πράσινο τσάι Ελλάδας",
    "<b>Bold</b> tea &amp; cup",
)
NOTE = (
    "Bitte an der Rampe B anliefern.\n" + "Nicht vor acht Uhr, nicht nach vier Uhr und nie am Montag. " * 12
)


def long_order(lines: int) -> object:
    """Names of each kind, with the widest numbers and codes that there can be."""
    made = [
        line(
            number,
            NAMES[number % len(NAMES)],
            ordered=1_000_000 if number % 5 == 0 else number,
            cost=("99.99", "1234567.89", "0.0125", None)[number % 4],
            sku=f"SKU-{number}"
            if number % 3
            else f"VERY-LONG-CODE-OF-A-SUPPLIER-{number:05d}-WITHOUT-ANY-BLANK",
        )
        for number in range(1, lines + 1)
    ]
    found = order(made, note=NOTE)
    return replace(found, row=replace(found.row, supplier="Łódź Teeßen & Söhne <GmbH> " * 6))


def drawn(app: Flask, lines: int, language: str = "en", name: str = STORE.name) -> list[Sheet]:
    with app.test_request_context(), i18n.speaking(language):
        return sheets(papers.as_pdf(long_order(lines), replace(STORE, name=name)))


@pytest.fixture(scope="module", params=["en", "de"])
def pages(app: Flask, request: pytest.FixtureRequest) -> list[Sheet]:
    return drawn(app, 200, request.param, name="Teehaus Grün und Söhne am Marktplatz " * 5)


def test_there_is_no_ink_beyond_the_margins(pages: list[Sheet]) -> None:
    assert len(pages) > 5
    for page in pages:
        left, top, right, bottom = page.extent()
        assert left >= SIDE - 1 and right <= WIDTH - SIDE + 1
        assert top >= TOP - 1 and bottom <= HEIGHT - 9 * mm
        assert all(one.left >= SIDE - 1 and one.right <= WIDTH - SIDE + 1 for one in page.letters)


def test_no_letter_lies_over_another(pages: list[Sheet]) -> None:
    for page in pages:
        assert page.overlaps() == []


def test_the_overlap_of_two_letters_would_be_seen(app: Flask) -> None:
    (page,) = drawn(app, 1)[:1]
    moved = replace(page.letters[5], left=page.letters[0].left + 1, right=page.letters[0].right + 1)
    moved = replace(moved, top=page.letters[0].top + 1, bottom=page.letters[0].bottom)
    assert len(replace(page, letters=[page.letters[0], moved]).overlaps()) == 1


def test_the_footer_stands_apart_and_in_line_with_the_table(pages: list[Sheet]) -> None:
    for page in pages:
        foot = [one for one in page.letters if one.top > HEIGHT - 20 * mm]
        assert foot and all(one.top > HEIGHT - FOOT for one in foot), (
            "nothing of the table reaches the footer"
        )
        left, _, right, _ = page.extent(below=HEIGHT - 20 * mm)
        for _, begin, end in page.rules():
            assert begin == pytest.approx(SIDE, abs=0.7) and end == pytest.approx(WIDTH - SIDE, abs=0.7)
        assert left == pytest.approx(SIDE, abs=1) and right == pytest.approx(WIDTH - SIDE, abs=1)
    assert sum(len(page.rules()) for page in pages) > 200


def test_each_page_has_the_tables_head_and_its_number(pages: list[Sheet]) -> None:
    for number, page in enumerate(pages, start=1):
        assert page.text.rstrip().endswith(str(number)) or f" {number}\r\n" in page.text
        assert "SKU" in page.text
    whole = "\n".join(page.text for page in pages)
    assert whole.count("Rampe B") == 1


def test_every_letter_is_drawn(pages: list[Sheet]) -> None:
    for page in pages:
        assert [one.text for one in page.letters if not page.part(one).any()] == []


@pytest.mark.parametrize("name", [NAMES[1], NAMES[4], NAMES[5], "ქართული ჩაი", "Çay Şişli İğde"])
def test_names_keep_their_letters(app: Flask, name: str) -> None:
    """The text can be copied, and the letters are pictures of their own: a font that lacks one draws the same box."""
    with app.test_request_context():
        (page,) = sheets(papers.as_pdf(order([line(1, name)]), STORE))
    assert name in " ".join(page.text.split())
    begin = "".join(one.text for one in page.letters).index(name.replace(" ", ""))
    shown = page.letters[begin : begin + len(name.replace(" ", ""))]
    shapes = {one.text: (round(one.right - one.left, 1), round(one.bottom - one.top, 1)) for one in shown}
    assert len(set(shapes.values())) > len(shapes) / 2


@pytest.mark.parametrize(
    ("name", "font"),
    [
        ("緑茶ティー 100 g", "HeiseiKakuGo-W5"),
        ("녹차 100 g", "HYGothic-Medium"),
        ("绿茶 100 克", "STSong-Light"),
    ],
)
def test_eastern_names_name_a_font_that_readers_bring(app: Flask, name: str, font: str) -> None:
    with app.test_request_context():
        pdf = papers.as_pdf(order([line(1, f"Tee {name}" + " x" * 3)]), replace(STORE, name=name))
    (page,) = sheets(pdf)
    assert text_of(pdf).count(name) >= 2, "in the table and in the footer"
    assert font.encode() in pdf
    assert page.overlaps() == []


def test_amounts_keep_to_one_line(app: Flask) -> None:
    made = order(
        [line(1, "Tea", ordered=999_999, cost="99.99"), line(2, "Cup", ordered=1, cost="1234567.89")]
    )
    with app.test_request_context():
        (page,) = sheets(
            papers.as_pdf(replace(made, row=replace(made.row, total=Decimal("98765432.10"))), STORE)
        )
    for amount in ("€99,989,900.01", "€1,234,567.89", "€98,765,432.10", "999,999", "1,000,000"):
        assert amount in page.text.split(), amount
