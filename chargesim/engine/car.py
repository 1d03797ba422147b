"""Hold the state of one vehicle while it is under way."""

from typing import Any

from chargesim.engine.power import Charge


class Car:
    """A vehicle that wishes energy: its row of the demand table and what has happened to it so far."""

    __slots__ = (
        "balks",
        "battery_kwh",
        "charge",
        "consumption_kwh_km",
        "curve",
        "diversions",
        "drive_min",
        "first_site",
        "index",
        "joined_min",
        "max_diversions",
        "patience_min",
        "place",
        "plug_min",
        "reneges",
        "row",
        "site",
        "soc",
        "soc_in",
        "target_soc",
        "tolerance_min",
        "tried",
        "wait_min",
        "wish_min",
    )

    def __init__(self, row: int, index: int, wish: tuple[Any, ...]) -> None:
        """Take a vehicle from its demand row; `row` counts over all days, `index` within its table."""
        self.row, self.index = row, index
        (self.wish_min, _, _, _, _, self.curve, self.max_diversions, _, self.battery_kwh, self.soc, self.target_soc,
         self.consumption_kwh_km, self.patience_min, self.tolerance_min, _, _, _) = wish  # fmt: skip
        self.site = self.first_site = -1
        self.place = -1
        self.soc_in = self.soc
        self.drive_min = self.wait_min = 0.0
        self.joined_min = self.plug_min = -1.0
        self.balks = self.reneges = self.diversions = 0
        self.tried: list[int] = []
        self.charge: Charge | None = None
