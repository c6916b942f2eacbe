"""The papers of an order: a PDF for the supplier, a CSV for spreadsheets and for Shopify's own order form."""

from __future__ import annotations

import csv
import functools
import io
from decimal import Decimal
from zoneinfo import ZoneInfo

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from app.platform import formats
from app.platform.i18n import gettext, lazy_gettext
from app.queries.purchasing import Line, Order
from app.queries.stores import StoreView
from app.services.purchasing import letters

_MARKS = {"draft": lazy_gettext("Draft – not sent"), "cancelled": lazy_gettext("Cancelled")}
_GREY = colors.HexColor("#616161")
# Text begins and ends where the footer does. The frame that ReportLab lays text into keeps a few points free inside.
_SIDE, _FRAME = 18 * mm, 6
_WIDTH = A4[0] - 2 * _SIDE
# Shopify documents no header for its order form. These names are the plain ones; matching is by SKU.
CSV_COLUMNS = ("SKU", "Barcode", "Product", "Quantity", "Cost", "Currency", "Location")


def filename(order: Order, ending: str) -> str:
    """`PO-0007.pdf`."""
    return f"{order.row.code}.{ending}"


def as_csv(order: Order) -> bytes:
    """The order's lines, one row each; UTF-8 with the mark that spreadsheets look for."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(CSV_COLUMNS)
    place = order.row.location or ""
    for line in order.lines:
        cells = (line.sku, line.barcode, line.name, line.ordered, line.cost_text, order.row.currency, place)
        writer.writerow([formats.harmless(cell) for cell in cells])
    return ("\ufeff" + buffer.getvalue()).encode()


def as_pdf(order: Order, store: StoreView) -> bytes:
    """The order as a supplier wants it: A4, its table's head on every page, the same bytes each time."""
    letters.register()
    buffer = io.BytesIO()
    document = SimpleDocTemplate(
        buffer,
        pagesize=A4,
        leftMargin=_SIDE - _FRAME,
        rightMargin=_SIDE - _FRAME,
        topMargin=18 * mm,
        bottomMargin=20 * mm,
        title=f"{order.row.code} {store.name}",
        author=store.name,
        invariant=1,
    )
    footer = functools.partial(_footer, text=f"{order.row.code} · {store.name}")
    document.build(
        [*_head(order, store), _table(order), *_end(order)], onFirstPage=footer, onLaterPages=footer
    )
    return buffer.getvalue()


def _text(
    words: str, *, size: float = 9, bold: bool = False, right: bool = False, grey: bool = False
) -> Paragraph:
    style = ParagraphStyle(
        "cell",
        fontName=letters.BOLD if bold else letters.PLAIN,
        fontSize=size,
        leading=size * 1.35,
        alignment=2 if right else 0,
        textColor=_GREY if grey else colors.black,
        splitLongWords=True,
    )
    return Paragraph(letters.markup(str(words)).replace("\n", "<br/>"), style)


def _head(order: Order, store: StoreView) -> list[object]:
    facts = [(gettext("Supplier"), order.row.supplier), (gettext("Ordered by"), store.name)]
    ordered_on = order.sent_at or order.row.created_at
    facts.append((gettext("Date"), formats.long_day(ordered_on.astimezone(ZoneInfo(store.time_zone)).date())))
    if order.row.expected_on:
        facts.append((gettext("Expected"), formats.long_day(order.row.expected_on)))
    if order.row.location:
        facts.append((gettext("Deliver to"), order.row.location))
    rows = [[_text(name, grey=True), _text(value)] for name, value in facts]
    parts: list[object] = [_text(gettext("Purchase order %(code)s", code=order.row.code), size=18, bold=True)]
    mark = _MARKS.get(order.row.status)
    if mark:
        parts.append(_text(mark, size=11, bold=True, grey=True))
    table = Table(rows, colWidths=[28 * mm, _WIDTH - 28 * mm], hAlign="LEFT")
    table.setStyle(
        TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LEFTPADDING", (0, 0), (0, -1), 0),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 1),
            ]
        )
    )
    return [*parts, Spacer(1, 5 * mm), table, Spacer(1, 6 * mm)]


def _table(order: Order) -> Table:
    rows: list[list[object]] = [
        [
            _text("SKU", bold=True),
            _text(gettext("Product"), bold=True),
            *(
                _text(name, bold=True, right=True)
                for name in (gettext("Quantity"), gettext("Unit cost"), gettext("Amount"))
            ),
        ]
    ]
    rows += [_cells(line, order.row.currency) for line in order.lines]
    units = formats.number(sum(line.ordered for line in order.lines))
    total = formats.money(order.row.total, order.row.currency)
    rows.append(
        [
            _text(gettext("Total"), bold=True),
            _text(units, bold=True, right=True),
            "",
            _text(total, bold=True, right=True),
            "",
        ]
    )
    fixed = [31 * mm, 20 * mm, 26 * mm, 30 * mm]
    widths = [fixed[0], _WIDTH - sum(fixed), *fixed[1:]]
    table = Table(rows, colWidths=widths, repeatRows=1, hAlign="LEFT")
    table.setStyle(
        TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LINEBELOW", (0, 0), (-1, 0), 0.8, colors.black),
                ("LINEBELOW", (0, 1), (-1, -2), 0.3, colors.HexColor("#cccccc")),
                ("LINEABOVE", (0, -1), (-1, -1), 0.8, colors.black),
                ("LEFTPADDING", (0, 0), (-1, -1), 3),
                ("LEFTPADDING", (0, 0), (0, -1), 0),
                ("RIGHTPADDING", (0, 0), (-1, -1), 3),
                ("RIGHTPADDING", (-1, 0), (-1, -1), 0),
                # A sum may be wider than the numbers above it.
                ("SPAN", (1, -1), (2, -1)),
                ("SPAN", (-2, -1), (-1, -1)),
                ("RIGHTPADDING", (-2, -1), (-2, -1), 0),
            ]
        )
    )
    return table


def _cells(line: Line, currency: str) -> list[object]:
    return [
        _text(line.sku),
        _text(line.name),
        _text(formats.number(line.ordered), right=True),
        _text(unit_cost(line.unit_cost, currency), right=True),
        _text(formats.money(line.amount, currency), right=True),
    ]


def unit_cost(value: Decimal | None, currency: str) -> str:
    """A unit's cost: rounded as the currency is, unless the supplier charges parts of a cent."""
    shown = formats.money(value, currency)
    if value is None or value == value.quantize(Decimal("0.01")):
        return shown
    return f"{currency} {value.normalize():f}"


def _end(order: Order) -> list[object]:
    parts: list[object] = []
    if order.row.without_cost:
        parts += [
            Spacer(1, 3 * mm),
            _text(gettext("Lines without a unit cost are not part of the total."), grey=True),
        ]
    if order.note:
        parts += [Spacer(1, 6 * mm), _text(order.note)]
    return parts


def _footer(canvas: Canvas, _document: SimpleDocTemplate, *, text: str) -> None:
    size, page = 8, gettext("Page %(number)s", number=canvas.getPageNumber())
    canvas.setFillColor(_GREY)
    canvas.setFont(letters.PLAIN, size)
    canvas.drawRightString(A4[0] - _SIDE, 11 * mm, page)
    room = _WIDTH - canvas.stringWidth(page, letters.PLAIN, size) - 6 * mm
    line = canvas.beginText(_SIDE, 11 * mm)
    for font, run in letters.runs(letters.fitting(text, size=size, width=room)):
        line.setFont(font or letters.PLAIN, size)
        line.textOut(run)
    canvas.drawText(line)
