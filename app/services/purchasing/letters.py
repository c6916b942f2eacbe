"""Which font a letter of a paper is set in: DejaVu Sans, or for Chinese, Japanese and Korean a PDF reader's own"""

from __future__ import annotations

import functools
import unicodedata
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path
from xml.sax.saxutils import escape

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont

PLAIN, BOLD = "DejaVuSans", "DejaVuSans-Bold"
# Not part of the file: Adobe's standard fonts for these scripts, in whose place each reader puts one of its own.
_JAPANESE, _KOREAN, _CHINESE = "HeiseiKakuGo-W5", "HYGothic-Medium", "STSong-Light"
_KANA, _HANGUL = ("HIRAGANA", "KATAKANA"), "HANGUL"
_EASTERN = (*_KANA, _HANGUL, "CJK", "IDEOGRAPHIC", "FULLWIDTH", "HALFWIDTH", "SQUARE")


@functools.cache
def register() -> None:
    """DejaVu Sans as Matplotlib installs it: the fonts built into PDF know Western European letters only.

    Matplotlib itself is not imported: finding it is enough, and importing it would cost every start.
    """
    spec = find_spec("matplotlib")
    if spec is None or spec.origin is None:
        raise RuntimeError("Matplotlib is not installed; run pip install -r requirements.txt.")
    folder = Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf"
    for name in (PLAIN, BOLD):
        pdfmetrics.registerFont(TTFont(name, str(folder / f"{name}.ttf")))
    pdfmetrics.registerFontFamily(PLAIN, normal=PLAIN, bold=BOLD, italic=PLAIN, boldItalic=BOLD)
    for name in (_JAPANESE, _KOREAN, _CHINESE):
        pdfmetrics.registerFont(UnicodeCIDFont(name))


def markup(words: str) -> str:
    """The words as a paragraph takes them, each run of letters in a font that has them."""
    return "".join(
        escape(run) if not font else f'<font name="{font}">{escape(run)}</font>' for font, run in runs(words)
    )


def runs(words: str) -> list[tuple[str, str]]:
    """Runs of letters with their font; "" is the paragraph's own."""
    eastern = _eastern_font(words)
    spoken = groupby(words, lambda one: eastern if _is_eastern(one) else "")
    return [(font, "".join(letters)) for font, letters in spoken]


def fitting(words: str, *, size: float, width: float) -> str:
    """As much of one line in PLAIN as `width` points hold, with a mark where something is left out."""
    if pdfmetrics.stringWidth(words, PLAIN, size) <= width:
        return words
    while words and pdfmetrics.stringWidth(f"{words}…", PLAIN, size) > width:
        words = words[:-1]
    return f"{words.rstrip()}…"


def _eastern_font(words: str) -> str:
    """The same ideograph looks different in each language; kana and hangul tell which one is meant."""
    if any(_name(one).startswith(_KANA) for one in words):
        return _JAPANESE
    return _KOREAN if any(_name(one).startswith(_HANGUL) for one in words) else _CHINESE


def _is_eastern(letter: str) -> bool:
    known = pdfmetrics.getFont(PLAIN).face.charToGlyph
    return ord(letter) not in known and ord(letter) <= 0xFFFF and _name(letter).startswith(_EASTERN)


def _name(letter: str) -> str:
    return unicodedata.name(letter, "")
