"""n variants by K locations, as arrays"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.domain.arrays import Floats, Ints, Keys


@dataclass(frozen=True)
class Grid:
    """n variants by K locations, both by ascending id."""

    variants: Keys
    places: Ints

    def laid_out(self, variant_ids: Ints, place_ids: Ints, *values: Floats) -> list[Floats]:
        """Each of the values as (n, K); what is of another variant or location is left out."""
        row = np.searchsorted(self.variants, variant_ids)
        column = np.searchsorted(self.places, place_ids)
        row, column = np.minimum(row, len(self.variants) - 1), np.minimum(column, len(self.places) - 1)
        known = (self.variants[row] == variant_ids) & (self.places[column] == place_ids)
        found = []
        for value in values:
            full = np.zeros((len(self.variants), len(self.places)))
            np.add.at(full, (row[known], column[known]), value[known])
            found.append(full)
        return found
