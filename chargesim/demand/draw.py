"""Draw the demand table of a day: when and where vehicles want energy, and what they are like.

Wishes are a non-homogeneous Poisson process per vehicle class: hour-of-week profile x zone weight.
They are drawn in layers of `LAYER_WISHES` a day, each with its own stream, so that two scenarios
that differ in stock or in share at the network share all the vehicles of their common layers; only
the last layer is thinned, by the mark `u`. A day has as many layers as its expected
wishes times the day's factors need (`demand.days`, `demand.calendar`).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from chargesim.demand.behaviour import Behaviour
from chargesim.demand.calendar import CalendarDay, DayCalendar
from chargesim.demand.curves import Curves
from chargesim.demand.days import AS_EXPECTED, DayFactors
from chargesim.demand.demand_table import WISH, Table, rows_of, wish_order
from chargesim.demand.ledger import CORRIDOR, Ledger, LedgerRow, SocRule, batteries_kwh
from chargesim.demand.random_streams import generator, vehicle_keys
from chargesim.errors import InputError
from chargesim.exact_time import durations_min, instants_min
from chargesim.network.network import STATION, SWAP, THROUGH_TRAFFIC, CandidateKey, Network
from chargesim.network.zone_weights import zone_weights
from chargesim.scenario.calendar import WEEKDAYS
from chargesim.scenario.model import Scenario

Floats = NDArray[np.float64]

LAYER_WISHES = 500.0
"""Expected wishes of a full layer on an average day."""
MOST_WISHES_PER_DAY = 10_000_000
"""Wishes of a day beyond which nothing is drawn: two hundred times the default case."""
_MINUTE, _ORIGIN, _CURVE, _SOC, _TARGET, _PATIENCE, _VALUE, _GUIDANCE, _CAPABLE, _MARK = range(10)
_COLUMNS = 10


@dataclass(frozen=True)
class FleetDraw:
    """What is needed to draw the wishes of one vehicle class."""

    name: str
    index: int
    wishes_per_day: float
    day_group: str
    """its days are those of this group"""
    weights: Floats
    """hour-of-week profile [weekday, hour], mean 1"""
    origins: NDArray[np.int64]
    origin_cdf: Floats
    rule: SocRule
    curves: NDArray[np.int64]
    curve_cdf: Floats
    curve_kwh: Floats
    capable_share: float
    pack_kwh: float
    consumption_kwh_km: float
    patience_mean: float
    patience_cv: float
    value_mean: float
    value_cv: float
    behaviour: Behaviour
    max_diversions: int
    station_list: int
    swap_list: int

    @property
    def layers(self) -> float:
        """Layers of wishes on an average day; the last is thinned to the fraction."""
        return self.wishes_per_day / LAYER_WISHES


@dataclass(frozen=True)
class DemandModel:
    """All vehicle classes of a scenario, ready to draw any day of any replication."""

    seed: int
    first_weekday: int
    """weekday of day 0, the first lead-in day; Monday is 0"""
    fleets: tuple[FleetDraw, ...]
    first_key: int = 0
    """number of the first lead-in day in the keys of the streams, below 0 before the scenario's;
    where it changes with the lead-in, a calendar day keeps its vehicles"""
    day_factors: DayFactors = AS_EXPECTED
    """how days differ"""
    calendar: DayCalendar | None = None
    """dates, seasons and holidays"""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the vehicle classes in the order of the table's column `fleet`."""
        return tuple(fleet.name for fleet in self.fleets)

    def expected_wishes(self, day: int) -> float:
        """Return the expected number of wishes on a day, over all replications."""
        here = self.calendar_day(day)
        return sum(
            fleet.wishes_per_day
            * float(fleet.weights[here.profile_weekday].mean())
            * here.factors.get(fleet.day_group, 1.0)
            for fleet in self.fleets
        )

    def calendar_day(self, day: int) -> CalendarDay:
        """Return what the calendar says of a day, counted from the first lead-in day."""
        if self.calendar is not None:
            return self.calendar.day(day)
        weekday = (self.first_weekday + day) % 7
        return CalendarDay(weekday, weekday)

    def layers(self, replication: int, day: int) -> list[float]:
        """Return how many layers of wishes each class has on a day; the last one is thinned."""
        here = self.calendar_day(day)
        factors = {
            group: self.day_factor(replication, day, group) * here.factors.get(group, 1.0)
            for group in {fleet.day_group for fleet in self.fleets}
        }
        return [fleet.layers * factors[fleet.day_group] for fleet in self.fleets]

    def day_factor(self, replication: int, day: int, group: str) -> float:
        """Return by how much a day of a replication differs from the expected one."""
        return self.day_factors.factor(self.seed, replication, group, self._key_day(day))

    def _key_day(self, day: int) -> int:
        """Return the number of a day in the keys of the streams."""
        return (self.first_key + day) % 2**32

    def day(self, replication: int, day: int) -> Table:
        """Return the demand table of one day, in the order of its instants.

        Parameters
        ----------
        replication, day : int
            Replication, and day counted from the first lead-in day.

        Returns
        -------
        table of `WISH`
            Times in min since the start of the scenario, multiples of 2**-20.
        """
        return self.day_with_layers(replication, day)[0]

    def day_with_layers(self, replication: int, day: int) -> tuple[Table, NDArray[np.int64]]:
        """Return the demand table of one day, and the layer of each of its rows.

        A model of the same classes with fewer wishes has a row too when the row's mark `u` is
        below that model's layers less the row's own, see `demand.thinning`.
        """
        here, key_day = self.calendar_day(day), self._key_day(day)
        parts = [
            _draw_fleet(self.seed, replication, day, key_day, here, fleet, layers)
            for fleet, layers in zip(self.fleets, self.layers(replication, day), strict=True)
        ]
        if not parts:
            return np.zeros(0, WISH), np.zeros(0, dtype=np.int64)
        table, layers = (np.concatenate([part[which] for part in parts]) for which in (0, 1))
        order = wish_order(table)
        return rows_of(table, order), layers[order]


def build_demand(
    scenario: Scenario,
    network: Network,
    ledger: Ledger,
    curves: Curves,
    profiles: dict[str, Floats],
) -> DemandModel:
    """Return the demand model of a scenario on its network."""
    _check(scenario, ledger, profiles)
    rows = {row.fleet: row for row in ledger.rows}
    names = [*scenario.fleets, *([CORRIDOR] if scenario.corridors is not None else [])]
    fleets = [
        _fleet_draw(scenario, network, rows[name], index, curves, profiles)
        for index, name in enumerate(names)
    ]
    first = (WEEKDAYS.index(scenario.horizon.first_day) - scenario.horizon.lead_in_days) % 7
    return DemandModel(
        seed=scenario.seed,
        first_weekday=first,
        fleets=tuple(fleet for fleet in fleets if fleet is not None),
        day_factors=DayFactors.of(scenario),
        calendar=DayCalendar.of(scenario, len(curves.id)),
    )


def _check(scenario: Scenario, ledger: Ledger, profiles: dict[str, Floats]) -> None:
    """Refuse unknown profiles, and more wishes than fit."""
    named = {f"fleets.{name}": fleet.profile for name, fleet in scenario.fleets.items()}
    if scenario.corridors is not None:
        named["corridors"] = scenario.corridors.profile
    faults = [
        f"{section}.profile: {profile!r} is not in {scenario.tables.profiles} "
        f"(it has {', '.join(profiles)})"
        for section, profile in named.items()
        if profile not in profiles
    ]
    if not faults and ledger.sessions_per_day > MOST_WISHES_PER_DAY:
        faults.append(
            f"fleet.stock and the shares ask for {ledger.sessions_per_day:.3g} wishes a day; "
            f"at most {MOST_WISHES_PER_DAY:,.0f} fit"
        )
    if faults:
        raise InputError(faults)


def _fleet_draw(
    scenario: Scenario,
    network: Network,
    row: LedgerRow,
    index: int,
    curves: Curves,
    profiles: dict[str, Floats],
) -> FleetDraw | None:
    """Return the draw of the ledger's fleet or corridors, None for corridors without weight."""
    corridors = scenario.corridors if row.fleet == CORRIDOR else None
    if corridors is not None:
        fleet, profile = scenario.fleets[corridors.fleet], corridors.profile
        stations = THROUGH_TRAFFIC
        origins, weights = _corridor_origins(network)
        if weights.sum() <= 0:
            return None
    else:
        fleet = scenario.fleets[row.fleet]
        profile, stations = fleet.profile, CandidateKey(STATION, frozenset(fleet.access))
        origins, weights = _zone_origins(scenario, network, row.fleet)
    curve_rows = np.array([curves.index(curve) for curve in fleet.curves])
    keys = network.candidates.keys
    swap_key = CandidateKey(SWAP, stations.access, fleet.pack_type or "")
    can_swap = corridors is None and swap_key in keys
    return FleetDraw(
        name=row.fleet,
        index=index,
        wishes_per_day=row.sessions_per_day,
        day_group=CORRIDOR if corridors is not None else fleet.group,
        weights=profiles[profile],
        origins=origins,
        origin_cdf=np.cumsum(weights) / weights.sum(),
        rule=SocRule.of(scenario, fleet, corridors),
        curves=curve_rows,
        curve_cdf=np.cumsum([share.value for share in fleet.curves.values()]),
        curve_kwh=curves.battery_kwh[curve_rows],
        capable_share=row.capable_share,
        pack_kwh=batteries_kwh(scenario, fleet, curves)[1],
        consumption_kwh_km=row.consumption_kwh_km,
        patience_mean=fleet.patience_min.value,
        patience_cv=fleet.patience_cv.value,
        value_mean=fleet.value_of_time_cny_h.value,
        value_cv=fleet.value_of_time_cv.value,
        behaviour=Behaviour.of(scenario, fleet, on_corridor=corridors is not None),
        max_diversions=fleet.max_diversions,
        station_list=keys.index(stations),
        swap_list=keys.index(swap_key) if can_swap else -1,
    )


def _zone_origins(
    scenario: Scenario, network: Network, fleet: str
) -> tuple[NDArray[np.int64], Floats]:
    weights = zone_weights(
        scenario.fleets[fleet], network.zones, network.districts, scenario.fleet.rural_weight.value
    )
    if weights.sum() <= 0:
        present = ", ".join(sorted(set(network.districts.area_class)))
        raise InputError(
            [
                f"fleets.{fleet}.area_weights: no zone gets any weight; "
                f"the city has the classes {present}"
            ]
        )
    return np.arange(len(weights)), weights


def _corridor_origins(network: Network) -> tuple[NDArray[np.int64], Floats]:
    return len(network.zones.id) + np.arange(len(network.corridors.id)), network.corridors.weight


def _draw_fleet(
    seed: int,
    replication: int,
    day: int,
    key_day: int,
    here: CalendarDay,
    fleet: FleetDraw,
    layers: float,
) -> tuple[Table, NDArray[np.int64]]:
    """Return the wishes of one class on one day, and the layer of each.

    The uniforms are drawn layer by layer, the columns are made from all of them at once.
    """
    expected = LAYER_WISHES / 24 * fleet.weights[here.profile_weekday]
    hours, uniforms, marks, keys, counts = [], [], [], [], []
    for layer in range(int(np.ceil(layers))):
        rng = generator(seed, replication, "wish", fleet.name, key_day, layer)
        count = rng.poisson(expected)
        draws = rng.random((int(count.sum()), _COLUMNS))
        hour = np.repeat(np.arange(24), count)
        key = vehicle_keys(seed, replication, fleet.name, key_day, layer, len(hour))
        more = fleet.behaviour.draws(seed, replication, fleet.name, key_day, layer, len(hour))
        kept = draws[:, _MARK] < layers - layer
        hours.append(hour[kept])
        uniforms.append(draws[kept])
        marks.append(more[kept])
        keys.append(key[kept])
        counts.append(len(hours[-1]))
    if not hours:
        return np.zeros(0, WISH), np.zeros(0, dtype=np.int64)
    u = _by_column(uniforms)
    table = _columns(fleet, day, np.concatenate(hours), u, np.concatenate(keys))
    table["curve"] += here.curve_shift
    table["consumption_kwh_km"] *= here.consumption_factor
    fleet.behaviour.fill(table, u[_GUIDANCE], _by_column(marks))
    return table, np.repeat(np.arange(len(counts)), counts)


def _by_column(layers: list[Floats]) -> Floats:
    """Join the layers' uniforms, [vehicle, column], and turn them to [column, vehicle]."""
    return np.ascontiguousarray(np.concatenate(layers).T)


def _columns(
    fleet: FleetDraw, day: int, hour: NDArray[np.int64], u: Floats, key: NDArray[np.uint64]
) -> Table:
    table = np.zeros(len(hour), WISH)
    wish_min = day * 1440.0 + 60.0 * (hour + u[_MINUTE])
    table["wish_min"] = instants_min(wish_min)
    table["origin"] = fleet.origins[
        np.minimum(
            np.searchsorted(fleet.origin_cdf, u[_ORIGIN], side="right"), len(fleet.origins) - 1
        )
    ]
    table["fleet"] = fleet.index
    curve = np.minimum(
        np.searchsorted(fleet.curve_cdf, u[_CURVE], side="right"), len(fleet.curves) - 1
    )
    capable = u[_CAPABLE] < fleet.capable_share
    table["curve"] = fleet.curves[curve]
    table["battery_kwh"] = np.where(capable, fleet.pack_kwh, fleet.curve_kwh[curve])
    table["station_list"] = fleet.station_list
    table["swap_list"] = np.where(capable, fleet.swap_list, -1)
    table["soc"], table["target_soc"] = fleet.rule.draw(u[_SOC], u[_TARGET])
    table["consumption_kwh_km"] = fleet.consumption_kwh_km
    patience = lognormal(u[_PATIENCE], fleet.patience_mean, fleet.patience_cv)
    table["patience_min"] = durations_min(patience)
    table["tolerance_min"] = table["patience_min"]
    table["value_of_time_cny_h"] = lognormal(u[_VALUE], fleet.value_mean, fleet.value_cv)
    table["max_diversions"] = fleet.max_diversions
    table["u"] = u[_MARK]
    table["key"] = key
    return table


def lognormal(u: Floats, mean: float, cv: float) -> Floats:
    """Return quantiles of a lognormal distribution, by mean and coefficient of variation (cv).

    A cv of 0 gives a constant.
    """
    if cv == 0:
        return np.full(len(u), mean)
    variance = np.log1p(cv * cv)
    values: Floats = np.exp(
        np.log(mean) - variance / 2 + np.sqrt(variance) * ndtri(np.maximum(u, 1e-300))
    )
    return values
