"""A PDF's pages as a reader sees them: where there is ink, and where each letter stands. Lengths in points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pypdfium2 as pdfium
from pypdfium2 import raw

SCALE = 3  # pixels for each point
WIDTH, HEIGHT = 595.28, 841.89
_DARK = 235  # of 255; thin grey lines count as ink too


@dataclass(frozen=True)
class Letter:
    """One letter and the box around its strokes; `top` is smaller than `bottom`."""

    text: str
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Letter, *, by: float = 0.4) -> bool:
        """Whether the two lie over each other."""
        wide = min(self.right, other.right) - max(self.left, other.left)
        high = min(self.bottom, other.bottom) - max(self.top, other.top)
        return wide > by and high > by


@dataclass(frozen=True)
class Sheet:
    """One page: its picture as booleans (dark or not), its letters, its text."""

    ink: np.ndarray
    letters: list[Letter]
    text: str

    def part(self, letter: Letter) -> np.ndarray:
        """The ink around one letter."""
        rows = slice(int(letter.top * SCALE), int(letter.bottom * SCALE) + 2)
        columns = slice(int(letter.left * SCALE), int(letter.right * SCALE) + 2)
        found: np.ndarray = self.ink[rows, columns]
        return found

    def extent(self, *, above: float = HEIGHT, below: float = 0) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of all ink between two heights from the top."""
        band = self.ink[int(below * SCALE) : int(above * SCALE)]
        rows, columns = band.any(axis=1).nonzero()[0], band.any(axis=0).nonzero()[0]
        return (
            columns[0] / SCALE,
            rows[0] / SCALE + below,
            (columns[-1] + 1) / SCALE,
            (rows[-1] + 1) / SCALE + below,
        )

    def rules(self, *, shortest: float = 200) -> list[tuple[float, float, float]]:
        """The lines across the page: height, left and right end of each."""
        found = []
        for row in np.flatnonzero(self.ink.sum(axis=1) >= shortest * SCALE):
            columns = self.ink[row].nonzero()[0]
            if columns[-1] - columns[0] + 1 == len(columns):
                found.append((row / SCALE, columns[0] / SCALE, (columns[-1] + 1) / SCALE))
        return found

    def overlaps(self) -> list[str]:
        """The pairs of letters that lie over each other."""
        rows = sorted(self.letters, key=lambda one: one.top)
        found = []
        for place, one in enumerate(rows):
            for other in rows[place + 1 :]:
                if other.top > one.bottom:
                    break
                if one.meets(other):
                    found.append(f"{one.text} over {other.text} at {one.left:.0f}, {one.top:.0f}")
        return found


def sheets(pdf: bytes) -> list[Sheet]:
    """Each page of a PDF, drawn."""
    document = pdfium.PdfDocument(pdf)
    try:
        return [_sheet(page) for page in document]
    finally:
        document.close()


def _sheet(page: pdfium.PdfPage) -> Sheet:
    picture = page.render(scale=SCALE, grayscale=True).to_numpy()
    words = page.get_textpage()
    height = page.get_height()
    letters = []
    for place in range(words.count_chars()):
        text = chr(raw.FPDFText_GetUnicode(words.raw, place))
        left, bottom, right, top = words.get_charbox(place)
        if not text.isspace() and right > left:
            letters.append(Letter(text, left, height - top, right, height - bottom))
    return Sheet(picture.reshape(picture.shape[:2]) < _DARK, letters, words.get_text_bounded())
