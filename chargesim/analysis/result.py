"""Hold a finished run for analysis: its network, its standard and the totals of replications."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from chargesim.analysis.looks import level_of_a_look
from chargesim.engine.replication_totals import ReplicationTotals
from chargesim.network.network import Network
from chargesim.scenario.observed import NOT_KNOWN, Anchor, GunUse
from chargesim.scenario.standard import Standard

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Bools = NDArray[np.bool_]

GROUPS: tuple[str, ...] = ("cars", "trucks")


@dataclass(frozen=True)
class JudgedDay:
    """A judged day and what sets it apart."""

    weekday: int
    """Monday is 0"""
    date: datetime.date | None = None
    """None without a calendar"""
    holiday: str = ""
    cold_spell: str = ""

    @property
    def occasion(self) -> str:
        """Holiday and cold spell in words; "" on an ordinary day."""
        return " and ".join(filter(None, (self.holiday, self.cold_spell)))


@dataclass(frozen=True)
class RunResult:
    """A run, ready to be judged.

    Raises ``ValueError`` when the parts do not fit together, so that no KPI comes from a wrong
    axis.
    """

    name: str
    """name of the scenario"""
    title: str
    """what is asked"""
    scope_text: str
    """what was simulated, for example ``one Wednesday after one lead-in day, 20 replications``"""
    label: str
    """how the site locations were made, printed under every figure"""
    network: Network
    fleets: tuple[str, ...]
    """axis C of the totals; the last is ``corridor``"""
    groups: tuple[str, ...]
    """``cars`` or ``trucks`` for each fleet"""
    thresholds_min: tuple[float, ...]
    """axis T of the totals [min of waiting]"""
    days: int
    """judged days"""
    replications: list[ReplicationTotals]
    standard: Standard
    share_text: str
    """one sentence that names the share at the network"""
    given: dict[str, float]
    """measures that the plan itself gives: covered_5km, covered_1km_core, guns_available"""
    planned_replications: int
    """at this look"""
    blackouts: int = 0
    """blackouts of districts in the scenario; the measures that the plan gives leave them out"""
    look: int = 1
    """which look at the study this is"""
    looks: int = 1
    """how many looks were planned; the error of the verdict is divided over them"""
    asked: GunUse = NOT_KNOWN
    """what the ledger asks of a gun"""
    anchors: tuple[Anchor, ...] = ()
    """observed use of other networks' guns"""
    recorded: bool = False
    """whether the demand is a recorded log, so the same in every replication"""
    calendar: tuple[JudgedDay, ...] = ()
    """the judged days; empty where no days are told apart"""
    day_factors: Mapping[str, Floats] = field(default_factory=dict)
    """[R, days] by group: the factor of each judged day's wishes, see `demand.days`"""

    def __post_init__(self) -> None:
        if len(self.groups) != len(self.fleets):
            raise ValueError(
                f"groups: got {len(self.groups)}, needs one for each of {len(self.fleets)} fleets"
            )
        unknown = sorted(set(self.groups) - set(GROUPS))
        if unknown:
            raise ValueError(f"groups: got {unknown[0]!r}, needs one of {', '.join(GROUPS)}")
        if not self.replications:
            raise ValueError("replications: got none, needs at least one finished replication")
        expected = ReplicationTotals.shapes(
            sites=len(self.network.sites),
            servers=int(self.network.sites.servers.sum()),
            connections=int(self.network.sites.connection.max(initial=-1)) + 1,
            fleets=len(self.fleets),
            districts=len(self.network.districts.name),
            thresholds=len(self.thresholds_min),
            days=self.days,
            quarters=96 * self.days,
        )
        for number, replication in enumerate(self.replications):
            _check_shapes(number, replication, expected)

    @property
    def interval_level(self) -> float:
        """Level of the two-sided intervals of the KPIs: 95 % over all looks together."""
        return level_of_a_look(self.looks)

    @property
    def demand_samples(self) -> int:
        """Independent samples of the demand: 1 for a recorded log, however often it is played."""
        return 1 if self.recorded else len(self.replications)

    @property
    def judged_days(self) -> int:
        """Judged days of all samples of the demand."""
        return self.days * self.demand_samples

    def threshold_index(self, minutes: float) -> int:
        """Return the index of a waiting time among the thresholds that were counted exactly.

        Parameters
        ----------
        minutes : float
            Threshold of waiting [min].
        """
        for index, threshold in enumerate(self.thresholds_min):
            if abs(threshold - minutes) < 1e-9:
                return index
        counted = ", ".join(f"{threshold:g}" for threshold in self.thresholds_min)
        raise ValueError(
            f"waits of at most {minutes:g} min were not counted in this run, only {counted} min"
        )


def _check_shapes(
    number: int, replication: ReplicationTotals, expected: dict[str, tuple[int, ...]]
) -> None:
    """Refuse arrays on wrong axes; one may be left out (empty), or be summed over the hours."""
    axes = ReplicationTotals.axes()
    for name, array in replication.arrays().items():
        shape, needs = array.shape, expected[name]
        summed = tuple(
            1 if axis == "hour" else length for axis, length in zip(axes[name], needs, strict=True)
        )
        if array.size and shape not in (needs, summed):
            raise ValueError(f"replication {number}: {name} has the shape {shape}, needs {needs}")
