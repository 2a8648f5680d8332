"""Between which cosines the matches of an encoder lie, so that what is read of cosines holds for each encoder."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Cosines = TypeVar("Cosines", float, NDArray[np.float32])


@dataclass(frozen=True, slots=True)
class CosineScale:
    """floor: the cosine of a poor match; floor + span: that of the best."""

    floor: float
    span: float

    def to_e5(self, cosines: Cosines) -> Cosines:
        """Return cosines as E5's would be for matches as good: what ranking and confidence were taught with."""
        steeper = E5.span / self.span
        return cosines * steeper + (E5.floor - self.floor * steeper)


E5 = CosineScale(floor=0.75, span=0.2)
"""The cosines of E5 lie between 0.75 and 0.95, as it was taught with a low temperature."""
