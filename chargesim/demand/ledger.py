"""Account for the energy that the fleets ask of the network, line by line.

Per fleet: stock x active share x km a day x kWh per km x season factor = energy a day; x share
taken in public x calibration x share at this network = energy asked of this network, ultra-fast and
swap together; / mean energy of a session = sessions a day. The mean is that of the drawn, truncated
distributions, so ledger and demand table agree. A build-up gives the stock and the shares at the
guns of its month.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from chargesim.demand.adoption import project_stock
from chargesim.demand.buildup import as_of_month, buildup_of
from chargesim.demand.curves import Curves
from chargesim.errors import InputError
from chargesim.scenario.buildup import month_number
from chargesim.scenario.city import Corridors
from chargesim.scenario.fleets import Fleet
from chargesim.scenario.model import Scenario

CORRIDOR = "corridor"
_GRID = 200


@dataclass(frozen=True)
class LedgerRow:
    """The ledger line of one fleet, or of the corridors, whose stock is not known."""

    fleet: str
    group: str
    stock: float
    active_share: float
    km_per_day: float
    consumption_kwh_km: float
    energy_kwh_per_day: float
    public_share: float
    public_factor: float
    """calibration of the public energy, 1 for the corridors"""
    on_corridors_kwh_per_day: float
    """public energy that its vehicles take at service areas, in the corridors' line and not here"""
    public_kwh_per_day: float
    share_at_network: float
    swap_target_share: float
    """share of the network's energy expected to be swapped, a calibration target"""
    network_kwh_per_day: float
    session_kwh: float
    sessions_per_day: float
    capable_share: float
    """share of the wishes that come from swap-capable vehicles"""
    sources: str


@dataclass(frozen=True)
class Ledger:
    """The demand ledger of a scenario."""

    rows: tuple[LedgerRow, ...]
    stock: float
    stock_text: str
    share_at_network: float
    """share of the fleets' public energy that is asked of this network, without the corridors"""

    @property
    def sessions_per_day(self) -> float:
        """Sessions of all rows on an average day."""
        return sum(row.sessions_per_day for row in self.rows)

    @property
    def network_kwh_per_day(self) -> float:
        """Energy asked of the network on an average day [kWh]."""
        return sum(row.network_kwh_per_day for row in self.rows)

    @property
    def swap_kwh_per_day(self) -> float:
        """Energy expected to be swapped on an average day, a calibration target [kWh]."""
        return sum(row.network_kwh_per_day * row.swap_target_share for row in self.rows)


@dataclass(frozen=True)
class SocRule:
    """How the SOC at the wish and the target SOC of a fleet are drawn: truncated normal."""

    soc_mean: float
    soc_sd: float
    target_mean: float
    target_sd: float
    soc_low: float
    soc_high: float
    target_low: float
    least_gain: float

    @classmethod
    def of(cls, scenario: Scenario, fleet: Fleet, corridors: Corridors | None = None) -> "SocRule":
        """Return the rule of a fleet; corridors have a mean and a least SOC of their own."""
        total = scenario.fleet
        here = corridors if corridors is not None else fleet
        return cls(
            soc_mean=here.soc_mean.value,
            soc_sd=fleet.soc_sd.value,
            target_mean=fleet.target_soc_mean.value,
            target_sd=fleet.target_soc_sd.value,
            soc_low=total.soc_low.value if corridors is None else corridors.soc_low.value,
            soc_high=min(total.soc_high.value, 1 - total.least_gain.value),
            target_low=total.target_low.value,
            least_gain=total.least_gain.value,
        )

    def draw(
        self, u_soc: NDArray[np.float64], u_target: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return SOC at the wish and target SOC, at least SOC + least gain, for two uniforms."""
        soc = truncated_normal(u_soc, self.soc_mean, self.soc_sd, self.soc_low, self.soc_high)
        target = truncated_normal(u_target, self.target_mean, self.target_sd, self.target_low, 1.0)
        return soc, np.maximum(target, soc + self.least_gain)

    def mean_gain(self) -> float:
        """Return the mean gain of SOC of a session, by the midpoint rule over both uniforms."""
        grid = (np.arange(_GRID) + 0.5) / _GRID
        soc, target = self.draw(np.repeat(grid, _GRID), np.tile(grid, _GRID))
        return float(np.mean(target - soc))


def truncated_normal(
    u: NDArray[np.float64], mean: float, sd: float, low: float, high: float
) -> NDArray[np.float64]:
    """Return quantiles of a normal distribution cut to [low, high].

    `mean` and `sd` are those before the cut.
    """
    a, b = ndtr((low - mean) / sd), ndtr((high - mean) / sd)
    return np.clip(mean + sd * ndtri(a + u * (b - a)), low, high)


def capable_share(fleet: Fleet, own_kwh: float, pack_kwh: float) -> float:
    """Return the share of a fleet's wishes at the network that come from swap-capable vehicles.

    All vehicles of a fleet take the same energy in public; only the capable ones swap; charging at
    ultra-fast guns is spread evenly over both. So of the energy at the network the capable ones
    take (swap share + capable share x fast share) / (swap share + fast share). Their share of the
    wishes is larger where their packs are smaller than the others' batteries.

    Parameters
    ----------
    fleet : Fleet
    own_kwh, pack_kwh : float
        Mean battery of the vehicles that cannot swap, and the pack of those that can [kWh].
    """
    asked = fleet.fast_share.value + fleet.swap_share.value
    if asked == 0 or fleet.pack_type is None:
        return 0.0
    energy = (
        fleet.swap_share.value + fleet.swap_capable_share.value * fleet.fast_share.value
    ) / asked
    return energy / pack_kwh / (energy / pack_kwh + (1 - energy) / own_kwh)


def build_ledger(scenario: Scenario, folder: Path, curves: Curves) -> Ledger:
    """Return the demand ledger of a scenario; `folder` holds its tables."""
    faults = [
        f"fleets.{name}.curves: {curve!r} is not in {scenario.tables.curves} "
        f"(it has {', '.join(curves.id)})"
        for name, fleet in scenario.fleets.items()
        for curve in fleet.curves
        if curve not in curves.id
    ]
    if faults:
        raise InputError(faults)
    scenario = as_of_month(scenario)
    mix = sum(fleet.electric for fleet in scenario.fleets.values())
    stock, stock_text = _total_stock(scenario, folder, mix)
    factor = stock / mix if mix > 0 else 0.0
    rows = [
        _fleet_row(scenario, name, fleet, curves, fleet.electric * factor)
        for name, fleet in scenario.fleets.items()
    ]
    if scenario.corridors is not None:
        rows = _without_corridors(scenario.corridors, rows, _corridor_row(scenario, curves))
    rows = _scaled_to_network_share(scenario, rows)
    public = sum(row.public_kwh_per_day for row in rows)
    share = sum(row.network_kwh_per_day for row in rows) / public if public > 0 else 0.0
    if scenario.corridors is not None:
        rows.append(_corridor_row(scenario, curves))
    return Ledger(tuple(rows), stock, stock_text, share)


def _total_stock(scenario: Scenario, folder: Path, mix: float) -> tuple[float, str]:
    total, buildup = scenario.fleet, buildup_of(scenario)
    if buildup is not None:
        stock = buildup.stock(month_number(buildup.month))
        return stock, f"at the end of {buildup.month}, by the milestones of the build-up"
    if total.stock_from != "given":
        assert scenario.adoption is not None  # checked by the scenario
        year = scenario.adoption.stock_year
        projection = project_stock(scenario.adoption, folder, total.stock_from)
        text = f"projected by the {total.stock_from} model for the end of {year}"
        return projection.stock, text
    if total.stock is not None:
        return total.stock.value, f"given as a total ({total.stock.source})"
    return mix, "sum of the fleets"


def batteries_kwh(scenario: Scenario, fleet: Fleet, curves: Curves) -> tuple[float, float]:
    """Return a fleet's mean battery of vehicles that cannot swap, and the pack of the others.

    Both in kWh; 0 where no vehicle can swap.
    """
    own = sum(
        share.value * float(curves.battery_kwh[curves.index(name)])
        for name, share in fleet.curves.items()
    )
    if fleet.pack_type is None:
        return own, 0.0
    return own, scenario.swap.pack_types[fleet.pack_type].kwh.value


def _fleet_row(
    scenario: Scenario, name: str, fleet: Fleet, curves: Curves, stock: float
) -> LedgerRow:
    consumption = fleet.consumption_kwh_km.value * scenario.fleet.season_factor.value
    energy = stock * fleet.active_share.value * fleet.km_per_day.value * consumption
    factor = scenario.fleet.public_energy_factor.value
    public = energy * fleet.public_share.value * factor
    asked = fleet.fast_share.value + fleet.swap_share.value
    own_kwh, pack_kwh = batteries_kwh(scenario, fleet, curves)
    capable = capable_share(fleet, own_kwh, pack_kwh)
    mean_kwh = (capable * pack_kwh + (1 - capable) * own_kwh) * SocRule.of(
        scenario, fleet
    ).mean_gain()
    parts = (
        "active_share",
        "km_per_day",
        "consumption_kwh_km",
        "public_share",
        "fast_share",
        "swap_share",
    )
    return LedgerRow(
        fleet=name,
        group=fleet.group,
        stock=stock,
        active_share=fleet.active_share.value,
        km_per_day=fleet.km_per_day.value,
        consumption_kwh_km=consumption,
        energy_kwh_per_day=energy,
        public_share=fleet.public_share.value,
        public_factor=factor,
        on_corridors_kwh_per_day=0.0,
        public_kwh_per_day=public,
        share_at_network=asked,
        swap_target_share=fleet.swap_share.value / asked if asked > 0 else 0.0,
        network_kwh_per_day=public * asked,
        session_kwh=mean_kwh,
        sessions_per_day=public * asked / mean_kwh,
        capable_share=capable,
        sources="; ".join(
            [
                f"stock: {_stock_source(fleet)}",
                *(f"{part}: {getattr(fleet, part).source}" for part in parts),
            ]
        ),
    )


def _stock_source(fleet: Fleet) -> str:
    """Return where a fleet's stock comes from, in numbers where it follows electrification."""
    if fleet.electrification is None or fleet.vehicles is None:
        return fleet.stock.source
    share, sources = (
        fleet.electrification,
        f"vehicles: {fleet.vehicles.source}, electrification: {fleet.electrification.source}",
    )
    text = f"{share.value:.2f}" if round(share.value, 2) == share.value else f"{share.value:.4g}"
    return f"{fleet.electric:,.0f} = {fleet.vehicles.value:,.0f} x {text} electric ({sources})"


def _without_corridors(
    corridors: Corridors, rows: list[LedgerRow], corridor: LedgerRow
) -> list[LedgerRow]:
    """Take what a fleet's vehicles charge at service areas on an ordinary day out of its line."""
    ordinary = corridor.public_kwh_per_day / corridors.holiday_factor.value
    local_kwh = ordinary * corridors.local_share.value
    return [
        _with_public_energy(row, max(0.0, row.public_kwh_per_day - local_kwh), local_kwh)
        if row.fleet == corridors.fleet
        else row
        for row in rows
    ]


def _with_public_energy(row: LedgerRow, public_kwh: float, on_corridors_kwh: float) -> LedgerRow:
    """Return a line with another public energy, of which the same share is asked here."""
    asked = public_kwh * row.share_at_network
    return replace(
        row,
        on_corridors_kwh_per_day=on_corridors_kwh,
        public_kwh_per_day=public_kwh,
        network_kwh_per_day=asked,
        sessions_per_day=asked / row.session_kwh,
    )


def _scaled_to_network_share(scenario: Scenario, rows: list[LedgerRow]) -> list[LedgerRow]:
    """Scale the fleets' shares so that together they ask for the scenario's share."""
    wanted = scenario.fleet.share_at_network
    public = sum(row.public_kwh_per_day for row in rows)
    asked = sum(row.network_kwh_per_day for row in rows)
    if wanted is None or asked == 0:
        return rows
    factor = wanted.value * public / asked
    too_much = [row for row in rows if row.share_at_network * factor > 1 + 1e-12]
    if too_much:
        most = min(
            asked / public / row.share_at_network for row in rows if row.share_at_network > 0
        )
        names = ", ".join(row.fleet for row in too_much)
        raise InputError(
            [
                f"fleet.share_at_network: {wanted.value:g} would ask more than all public energy "
                f"of {names}; at most {most:.3f} with this mix"
            ]
        )
    return [
        replace(
            row,
            share_at_network=row.share_at_network * factor,
            network_kwh_per_day=row.network_kwh_per_day * factor,
            sessions_per_day=row.sessions_per_day * factor,
        )
        for row in rows
    ]


def _corridor_row(scenario: Scenario, curves: Curves) -> LedgerRow:
    corridors = scenario.corridors
    assert corridors is not None
    fleet = scenario.fleets[corridors.fleet]
    charges = (
        corridors.vehicles_at_service_areas_per_day.value
        * corridors.nev_share_of_traffic.value
        * corridors.charge_share.value
        * corridors.holiday_factor.value
    )
    sessions = charges * corridors.share_at_network.value
    mean_kwh = (
        batteries_kwh(scenario, fleet, curves)[0]
        * SocRule.of(scenario, fleet, corridors).mean_gain()
    )
    consumption = (
        fleet.consumption_kwh_km.value
        * scenario.fleet.season_factor.value
        * corridors.consumption_factor.value
    )
    parts = (
        "vehicles_at_service_areas_per_day",
        "nev_share_of_traffic",
        "charge_share",
        "share_at_network",
        "local_share",
    )
    return LedgerRow(
        fleet=CORRIDOR,
        group=fleet.group,
        stock=float("nan"),
        active_share=float("nan"),
        km_per_day=float("nan"),
        consumption_kwh_km=consumption,
        energy_kwh_per_day=float("nan"),
        public_share=1.0,
        public_factor=1.0,
        on_corridors_kwh_per_day=0.0,
        public_kwh_per_day=charges * mean_kwh,
        share_at_network=corridors.share_at_network.value,
        swap_target_share=0.0,
        network_kwh_per_day=sessions * mean_kwh,
        session_kwh=mean_kwh,
        sessions_per_day=sessions,
        capable_share=0.0,
        sources="; ".join(f"{part}: {getattr(corridors, part).source}" for part in parts),
    )
