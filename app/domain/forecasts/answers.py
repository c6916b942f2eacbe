"""The answers of the engine that is asked product by product: they can be made apart from a run, in any division.

A product's answer depends on its own history and key alone, so that neither the other products nor the number of
workers change it; `digests` tell whether an answer made earlier still is the one that would be made now.
"""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from app.domain.arrays import Floats, Ints, Keys
from app.domain.demand import Panel
from app.domain.forecasts import prophet_model
from app.domain.forecasts.result import GRID_DAYS, GRID_Q

VERSION = 1  # of how an answer is made: one that an earlier program made is made anew
DIGEST_BYTES = 16
_SEEDS = 2**31


@dataclass(frozen=True)
class Answers:
    """Of m products: mean (m, H) and quantiles (m, H, Q) of sums over GRID_DAYS; NaN where no fit was found."""

    keys: Keys
    mean: Floats
    quantiles: Floats

    def places(self, keys: Keys) -> Ints:
        """(n,) where each of these keys is, -1 where it is not."""
        known = {key: place for place, key in enumerate(self.keys.tolist())}
        return np.asarray([known.get(key, -1) for key in keys.tolist()], dtype=np.int64)


def ask(panel: Panel, *, seed: int = 0) -> Answers:
    """Prophet's answers for all products of a panel, some 35 ms of processor each."""
    mean, quantiles = prophet_model.sums(
        panel.units, panel.starts, panel.first_day, GRID_DAYS, GRID_Q, seeds=seeds(panel.keys, seed)
    )
    return Answers(panel.keys, mean, quantiles)


def seeds(keys: Keys, seed: int) -> Ints:
    """(n,) a seed for each product: the same key and `seed` give the same, wherever the product stands."""
    found = [zlib.crc32(f"{seed} {key}".encode()) % _SEEDS for key in keys.tolist()]
    return np.asarray(found, dtype=np.int64)


def digests(panel: Panel, *, seed: int = 0) -> list[bytes]:
    """(n,) of all that the answer for a product depends on: its history to the unit, first day, key and seed."""
    asked = f"{VERSION} {prophet_model.SAMPLES} ".encode() + GRID_DAYS.tobytes() + GRID_Q.tobytes()
    own = zip(seeds(panel.keys, seed).tolist(), panel.starts.tolist(), strict=True)
    found = []
    for row, (number, start) in enumerate(own):
        digest = hashlib.blake2b(asked, digest_size=DIGEST_BYTES)
        digest.update(f"{number} {panel.first_day + timedelta(days=start)} ".encode())
        digest.update(np.ascontiguousarray(panel.units[row, start:]).tobytes())
        found.append(digest.digest())
    return found
