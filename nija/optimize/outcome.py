"""What one variant did on the days that are fitted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nija.optimize.folds import DayRange


@dataclass(frozen=True, slots=True, eq=False)
class VariantOutcome:
    """`returns` of each day, as fractions; `opened` are the days since 1970 on which its trades began."""

    returns: NDArray[np.float64]
    opened: NDArray[np.int64]

    def trades(self, part: DayRange) -> int:
        """How many trades began in it."""
        return int(np.count_nonzero((self.opened >= part.start) & (self.opened < part.end)))
