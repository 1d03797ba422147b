"""Hold the state of one vehicle while it is under way."""

from typing import Any

from chargesim.engine.simpy.power import Charge


class Car:
    """A vehicle that wishes energy: its row of the demand table and what has happened to it so far.

    `plug_min` is the instant of its first plug-in, `service_min` and `energy_kwh` add up all of them; `promised_min` is
    the time of its reservation and `known_min` the minutes of service that it told the cloud, -1 without; `full` says
    that it has what it came for.
    """

    __slots__ = (
        "balks",
        "battery_kwh",
        "charge",
        "consumption_kwh_km",
        "curve",
        "diversions",
        "drive_min",
        "energy_kwh",
        "failed_starts",
        "first_site",
        "full",
        "guidance",
        "index",
        "interruptions",
        "joined_min",
        "known_min",
        "late_min",
        "max_diversions",
        "patience_min",
        "place",
        "plug_min",
        "promised_min",
        "put_off_min",
        "reneges",
        "row",
        "service_min",
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
        (self.wish_min, _, _, _, _, self.curve, self.max_diversions, self.guidance, self.failed_starts, self.battery_kwh, self.soc,
         self.target_soc, self.consumption_kwh_km, self.patience_min, self.tolerance_min, _, self.put_off_min,
         self.late_min, _, _) = wish  # fmt: skip
        self.site = self.first_site = -1
        self.place = -1
        self.soc_in = self.soc
        self.drive_min = self.wait_min = self.service_min = self.energy_kwh = 0.0
        self.joined_min = self.plug_min = self.promised_min = self.known_min = -1.0
        self.balks = self.reneges = self.diversions = self.interruptions = 0
        self.full = False
        self.tried: list[int] = []
        self.charge: Charge | None = None
