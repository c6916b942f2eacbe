"""The papers of an order: a PDF for the supplier, a CSV for spreadsheets and for Shopify's own order form."""

from __future__ import annotations

import functools
import io
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from app.platform import formats, spreadsheets
from app.platform.i18n import gettext, lazy_gettext
from app.queries.purchasing import Line, Order
from app.queries.stores import StoreView

_PLAIN, _BOLD = "DejaVuSans", "DejaVuSans-Bold"
_MARKS = {"draft": lazy_gettext("Draft – not sent"), "cancelled": lazy_gettext("Cancelled")}
_GREY = colors.HexColor("#616161")
# Shopify documents no header for its order form. These names are the plain ones; matching is by SKU.
CSV_COLUMNS = ("SKU", "Barcode", "Product", "Quantity", "Cost", "Currency")


def filename(order: Order, ending: str) -> str:
    """`PO-0007.pdf`."""
    return f"{order.row.code}.{ending}"


def as_csv(order: Order) -> bytes:
    """The order's lines, one row each; UTF-8 with the mark that spreadsheets look for."""
    currency = order.row.currency
    rows = (
        (line.sku, line.barcode, line.name, line.ordered, line.cost_text, currency) for line in order.lines
    )
    return b"".join(spreadsheets.as_csv(CSV_COLUMNS, rows))


def as_pdf(order: Order, store: StoreView) -> bytes:
    """The order as a supplier wants it: A4, its table's head on every page, the same bytes each time."""
    _register_fonts()
    buffer = io.BytesIO()
    document = SimpleDocTemplate(
        buffer,
        pagesize=A4,
        leftMargin=18 * mm,
        rightMargin=18 * mm,
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


@functools.cache
def _register_fonts() -> None:
    """DejaVu Sans as Matplotlib installs it: the fonts built into PDF know Western European letters only.

    Matplotlib itself is not imported: finding it is enough, and importing it would cost every start.
    """
    spec = find_spec("matplotlib")
    if spec is None or spec.origin is None:
        raise RuntimeError("Matplotlib is not installed; run pip install -r requirements.txt.")
    folder = Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf"
    for name in (_PLAIN, _BOLD):
        pdfmetrics.registerFont(TTFont(name, str(folder / f"{name}.ttf")))
    pdfmetrics.registerFontFamily(_PLAIN, normal=_PLAIN, bold=_BOLD, italic=_PLAIN, boldItalic=_BOLD)


def _text(
    words: str, *, size: float = 9, bold: bool = False, right: bool = False, grey: bool = False
) -> Paragraph:
    style = ParagraphStyle(
        "cell",
        fontName=_BOLD if bold else _PLAIN,
        fontSize=size,
        leading=size * 1.35,
        alignment=2 if right else 0,
        textColor=_GREY if grey else colors.black,
        splitLongWords=True,
    )
    return Paragraph(escape(words).replace("\n", "<br/>"), style)


def _head(order: Order, store: StoreView) -> list[object]:
    facts = [(gettext("Supplier"), order.row.supplier), (gettext("Ordered by"), store.name)]
    ordered_on = order.sent_at or order.row.created_at
    facts.append((gettext("Date"), formats.long_day(ordered_on.astimezone(ZoneInfo(store.time_zone)).date())))
    if order.row.expected_on:
        facts.append((gettext("Expected"), formats.long_day(order.row.expected_on)))
    rows = [[_text(name, grey=True), _text(value)] for name, value in facts]
    parts: list[object] = [_text(gettext("Purchase order %(code)s", code=order.row.code), size=18, bold=True)]
    mark = _MARKS.get(order.row.status)
    if mark:
        parts.append(_text(mark, size=11, bold=True, grey=True))
    table = Table(rows, colWidths=[28 * mm, 141 * mm], hAlign="LEFT")
    table.setStyle(TableStyle([("LEFTPADDING", (0, 0), (0, -1), 0), ("BOTTOMPADDING", (0, 0), (-1, -1), 1)]))
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
            "",
            _text(units, bold=True, right=True),
            "",
            _text(total, bold=True, right=True),
        ]
    )
    table = Table(rows, colWidths=[32 * mm, 66 * mm, 20 * mm, 25 * mm, 26 * mm], repeatRows=1, hAlign="LEFT")
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
    canvas.setFont(_PLAIN, 8)
    canvas.setFillColor(_GREY)
    canvas.drawString(18 * mm, 11 * mm, text)
    canvas.drawRightString(
        A4[0] - 18 * mm, 11 * mm, gettext("Page %(number)s", number=canvas.getPageNumber())
    )
