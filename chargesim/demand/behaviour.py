"""Draw how a vehicle behaves: what it knows, whether it puts off, is late, fails or overstays."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chargesim.demand.demand_table import CLOUD, DISTANCE, POSTED, Table
from chargesim.demand.random_streams import generator
from chargesim.demand.tariff import put_off_min
from chargesim.exact_time import durations_min
from chargesim.scenario.fleets import Fleet, fleet_value
from chargesim.scenario.model import Scenario

Floats = NDArray[np.float64]

_COMPLIANCE, _FLEXIBLE, _INSTANT, _START, _LATE, _HOW_LATE = range(6)
_COLUMNS = 6
_OVERSTAY, _HOW_LONG = -2, -1
"""Columns of a stream of their own, behind the others."""


@dataclass(frozen=True)
class Behaviour:
    """The shares of a class of vehicles that know or do something."""

    posted_share: float
    connected_share: float
    compliance: float
    flexible_share: float
    flexible_min: float
    factors: tuple[float, ...]
    """price of the energy by hour of day, as a factor of the flat price"""
    failed_start_share: float
    late_share: float
    late_mean_min: float
    overstay_share: float
    overstay_mean_min: float

    @classmethod
    def of(cls, scenario: Scenario, fleet: Fleet, *, on_corridor: bool = False) -> "Behaviour":
        """Return the behaviour of a fleet; vehicles on a corridor put nothing off."""
        total, reservation = scenario.fleet, scenario.choice.reservation
        tariff = scenario.tariff
        return cls(
            posted_share=fleet_value(total.posted_share, fleet.posted_share),
            connected_share=fleet_value(total.connected_share, fleet.connected_share),
            compliance=fleet_value(total.compliance, fleet.compliance),
            flexible_share=0.0 if on_corridor else fleet.flexible_share.value,
            flexible_min=fleet.flexible_min.value,
            factors=tariff.factors() if tariff.energy_cny_kwh.value > 0 else (1.0,) * 24,
            failed_start_share=scenario.reliability.failed_start_share.value,
            late_share=reservation.late_share.value if reservation.enabled else 0.0,
            late_mean_min=reservation.late_min.value,
            overstay_share=fleet.overstay_share.value,
            overstay_mean_min=fleet.overstay_mean_min.value,
        )

    @property
    def puts_off(self) -> bool:
        """Whether any vehicle may put off its wish."""
        return self.flexible_share > 0 and self.flexible_min > 0 and len(set(self.factors)) > 1

    @property
    def overstays(self) -> bool:
        """Whether any vehicle stays at the gun when it is done."""
        return self.overstay_share > 0 and self.overstay_mean_min > 0

    @property
    def mean_overstay_min(self) -> float:
        """Mean overstay of all vehicles, most of them with none [min]."""
        return self.overstay_share * self.overstay_mean_min

    @property
    def is_plain(self) -> bool:
        """Whether no mechanism is on, so that no draws are needed beside those of the wishes."""
        return self.connected_share == 0 and not self.puts_off and self.failed_start_share == 0

    def draws(
        self, seed: int, replication: int, fleet: str, day: int, layer: int, count: int
    ) -> Floats:
        """Return the uniforms of a layer's vehicles, from streams that move no other draw."""
        # "conduct" names the stream: with another name every draw would be another one
        streams = (("conduct", 0 if self.is_plain else _COLUMNS), ("overstay", 2 * self.overstays))
        drawn = [
            generator(seed, replication, name, fleet, day, layer).random((count, columns))
            for name, columns in streams
            if columns
        ]
        return np.concatenate(drawn, axis=1) if drawn else np.zeros((count, 0))

    def fill(self, table: Table, u_guidance: Floats, u: Floats) -> None:
        """Fill in what a vehicle knows and does: `guidance` and the columns of minutes and tries.

        Parameters
        ----------
        table : table of `WISH`
        u_guidance : array, [vehicle]
            Uniforms of the posted share.
        u : array, [column, vehicle]
            Uniforms as drawn by `draws`, transposed.
        """
        table["guidance"] = self._guidance(u_guidance, u)
        if self.puts_off:
            flexible = np.flatnonzero(u[_FLEXIBLE] < self.flexible_share)
            table["put_off_min"][flexible] = put_off_min(
                table["wish_min"][flexible],
                u[_INSTANT, flexible],
                window_min=self.flexible_min,
                factors=np.array(self.factors),
            )
        if self.failed_start_share > 0:
            table["failed_starts"] = u[_START] < self.failed_start_share
        if self.connected_share > 0 and self.late_share > 0 and self.late_mean_min > 0:
            late = u[_LATE] < self.late_share
            table["late_min"][late] = durations_min(
                -self.late_mean_min * np.log1p(-u[_HOW_LATE, late])
            )

        if self.overstays:
            stays = u[_OVERSTAY] < self.overstay_share
            table["overstay_min"][stays] = durations_min(
                -self.overstay_mean_min * np.log1p(-u[_HOW_LONG, stays])
            )

    def _guidance(self, u_guidance: Floats, u: Floats) -> NDArray[np.int64]:
        """Return the levels of guidance.

        Whoever is connected stays so when the share rises; at a share of 0 the levels are, to the
        last bit, those of the posted share alone.
        """
        connected = self.connected_share
        rest = np.ones(len(u_guidance))
        if connected < 1:
            rest = (u_guidance - connected) / (1.0 - connected)
        level = np.where(rest < self.posted_share, POSTED, DISTANCE)
        if connected == 0:
            return level
        return np.where(
            u_guidance < connected, np.where(u[_COMPLIANCE] < self.compliance, CLOUD, POSTED), level
        )
