"""How often the desk asks, and how long it waits; seconds throughout."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """`entry_deadline` and `sale_deadline`: how long the exchange may still accept an order (Kraken: 2 to 60).

    `resent_sale_deadline`: the same for a sale that is sent again until then. A request may hang for 30 s, and a stop
    must still be wanted after that: else it is minutes until it counts as absent, and its position is bare meanwhile.

    `polls`: the waits between looks at an order that should fill at once. `stop_poll`: between looks at resting
    stops. `retry`: before a refused stop or sale is tried again. `resolve_max`: the longest wait between two
    questions after an unknown order. `reconcile`: between two comparisons of exchange and journal; `reconcile_again`:
    after one that did not succeed.
    """

    entry_deadline: float = 30.0
    sale_deadline: float = 20.0
    resent_sale_deadline: float = 120.0
    polls: tuple[float, ...] = (0.0, 0.2, 0.5, 1.0)
    stop_poll: float = 10.0
    retry: float = 20.0
    resolve_max: float = 15.0
    reconcile: float = 300.0
    reconcile_again: float = 10.0
