"""Work divided between threads: each row once, and no error lost."""

from __future__ import annotations

import numpy as np
import pytest

from app.domain.threads import PART, in_parts


@pytest.mark.parametrize("rows", [0, 1, PART, 2 * PART + 1])
def test_each_row_is_worked_on_once(rows: int) -> None:
    count = np.zeros(rows, dtype=int)

    def work(part: slice) -> None:
        count[part] += 1

    in_parts(rows, work)
    assert (count == 1).all()


def test_an_error_in_a_part_is_raised() -> None:
    def work(part: slice) -> None:
        raise ValueError(f"part {part.start}")

    with pytest.raises(ValueError, match="part 0"):
        in_parts(2 * PART, work)
