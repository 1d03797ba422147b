"""Hold the state of one vehicle while it is under way."""

from typing import Any

from chargesim.demand.demand_table import Table
from chargesim.engine.simpy.outlets import Charge


class Car:
    """A vehicle that asks for energy: its demand, and what has happened to it so far.

    Attributes
    ----------
    row, table, index : int, demand table, int
        Its row of the demand, counted over all days; the table of its day, and its row there.
    origin : int
        Where it is, in the candidate lists: at first a zone or a corridor, then a site.
    site, first_site : int
        The site that it drives to or is at, and the first that it chose.
    server : int
        The gun or bay that it has, -1 without one.
    plug_min : float
        Instant of its first plug-in, -1 before it [min].
    taken_min, starts_min, full_min : float
        Instants at which it took its gun, at which power flows, and at which its charge ended
        [min].
    service_min, charging_min, energy_kwh : float
        Over all its plug-ins and swaps: at the gun or in the bay, with a charge under way, taken.
    waits_since_min : float
        Since when it has been without a gun or bay, at a site or between two; -1 before its first
        arrival and while it is served [min].
    wait_min, queue_min : float
        Over all sites: minutes without a gun or bay, drives between sites included; in queues.
    promised_min : float
        Promised time of its reservation, -1 without one [min].
    known_min : float
        Minutes at the gun or in the bay that it told the cloud, -1 if it did not.
    full : bool
        It has the energy for which it came.
    tried : list of int
        Sites where it has been without being served to the end.
    """

    __slots__ = (
        "balks",
        "battery_kwh",
        "charge",
        "charging_min",
        "consumption_kwh_km",
        "curve",
        "diversions",
        "drive_min",
        "energy_kwh",
        "failed_starts",
        "first_site",
        "full",
        "full_min",
        "guidance",
        "index",
        "interruptions",
        "joined_min",
        "known_min",
        "late_min",
        "max_diversions",
        "origin",
        "overstay_min",
        "patience_min",
        "plug_min",
        "promised_min",
        "put_off_min",
        "queue_min",
        "reneges",
        "row",
        "server",
        "service_min",
        "site",
        "soc",
        "soc_in",
        "starts_min",
        "table",
        "taken_min",
        "target_soc",
        "tolerance_min",
        "tried",
        "wait_min",
        "waits_since_min",
        "wish_min",
    )

    def __init__(self, row: int, table: Table, index: int, wish: tuple[Any, ...]) -> None:
        """Take a vehicle from its demand row; `wish` holds the columns of that row."""
        self.row, self.table, self.index = row, table, index
        (
            self.wish_min, self.origin, _, _, _, self.curve, self.max_diversions, self.guidance,
            self.failed_starts, self.battery_kwh, self.soc, self.target_soc,
            self.consumption_kwh_km, self.patience_min, self.tolerance_min, _, self.put_off_min,
            self.late_min, self.overstay_min, _, _,
        ) = wish  # fmt: skip
        self.site = self.first_site = self.server = -1
        self.soc_in = self.soc
        self.drive_min = self.wait_min = self.queue_min = 0.0
        self.service_min = self.charging_min = self.energy_kwh = 0.0
        self.taken_min = self.starts_min = self.full_min = -1.0
        self.joined_min = self.plug_min = self.promised_min = self.known_min = -1.0
        self.waits_since_min = -1.0
        self.balks = self.reneges = self.diversions = self.interruptions = 0
        self.full = False
        self.tried: list[int] = []
        self.charge: Charge | None = None
