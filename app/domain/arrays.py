"""Names for the array types that the domain passes around."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Keys = NDArray[Any]  # int64 or str identifiers
Texts = NDArray[Any]  # unicode or object arrays of words


def spread(value: object, n: int, name: str) -> Floats:
    """`value`, a scalar or an array of n, as n floats; any other shape is an error that names it."""
    array = np.asarray(value, dtype=np.float64)
    if array.ndim == 0:
        return np.full(n, float(array))
    if array.shape != (n,):
        raise ValueError(f"{name} has shape {array.shape}; give one number or one for each of {n} variants")
    return array
