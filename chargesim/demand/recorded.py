"""Read recorded wishes from a log, which replaces the drawn demand."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from chargesim.demand.curves import Curves
from chargesim.demand.demand_table import Table, empty_table, rows_of, sort_table
from chargesim.demand.draw import DemandModel, FleetDraw
from chargesim.demand.random_streams import mixed_keys, stable_hash
from chargesim.errors import InputError
from chargesim.exact_time import durations_min, instants_min
from chargesim.network.network import Network
from chargesim.scenario.file_paths import display_path
from chargesim.scenario.model import Scenario

REQUIRED = ("wish_min", "zone", "vehicle_class", "soc", "target_soc")
OPTIONAL = ("curve", "patience_min")


@dataclass(frozen=True)
class RecordedDemand:
    """Recorded wishes: the same in every replication, but each replication has tastes of its own.

    Where a vehicle likes to charge follows from its key, and this from what the log says of the
    wish and from the replication, never from the order of the rows.
    """

    table: Table
    """`wish_min` counts from the start of the first lead-in day; keys without a replication"""
    names: tuple[str, ...]

    def day(self, replication: int, day: int) -> Table:
        """Return the wishes of one day, with the keys of the replication."""
        low, high = np.searchsorted(self.table["wish_min"], [day * 1440.0, (day + 1) * 1440.0])
        table = rows_of(self.table, np.arange(low, high))
        table["key"] = mixed_keys(table["key"], stable_hash(f"recorded/{replication}"))
        return sort_table(table)

    def expected_wishes(self, day: int) -> float:
        """Return the number of wishes on a day."""
        return float(len(self.day(0, day)))


def read_recorded(
    path: Path,
    scenario: Scenario,
    network: Network,
    drawn: DemandModel,
    curves: Curves,
    fleets: tuple[str, ...],
) -> RecordedDemand:
    """Read a log of wishes (CSV or Parquet).

    Parameters
    ----------
    path : Path
        Columns `wish_min` (min since the start of the first lead-in day), `zone`, `vehicle_class`,
        `soc`, `target_soc` (above `soc`); optional `curve` (else the commonest of the fleet) and
        `patience_min`, `overstay_min` (else the fleet's mean).

    Raises
    ------
    InputError
        With one line per faulty column, naming the first row.
    """
    frame = _read(path)
    missing = [name for name in REQUIRED if name not in frame]
    if missing:
        raise InputError(
            [f"{display_path(path)}:1: {name}: this column is missing" for name in missing]
        )
    zones = {name: row for row, name in enumerate(network.zones.id)}
    fleet_index = {fleet.name: fleet for fleet in drawn.fleets}
    _refuse_faults(path, frame, zones, fleet_index, curves)
    table = empty_table(len(frame))
    table["wish_min"] = instants_min(frame["wish_min"].to_numpy(float))
    table["origin"] = frame["zone"].astype(str).map(zones).to_numpy()
    classes = frame["vehicle_class"].to_numpy()
    for name, fleet in fleet_index.items():
        mine = np.flatnonzero(classes == name)
        if len(mine) == 0:
            continue
        _fill_fleet(table, mine, frame.iloc[mine], fleet, fleets.index(name), curves)
    table["patience_min"] = durations_min(table["patience_min"])
    stays = table["overstay_min"] > 0
    table["overstay_min"][stays] = durations_min(table["overstay_min"][stays])
    table["tolerance_min"] = table["patience_min"]
    table["soc"], table["target_soc"] = frame["soc"], frame["target_soc"]
    table["key"] = [stable_hash(f"recorded/{scenario.seed}/{text}") for text in _contents(frame)]
    return RecordedDemand(sort_table(table), fleets)


def _contents(frame: pd.DataFrame) -> list[str]:
    """Return what a log says of each wish; of equal rows each has a number, whatever their order.

    Numbers in full, so that a CSV and a Parquet file of the same log agree.
    """
    columns = [
        [repr(float(value)) for value in frame[name]]
        if name in ("wish_min", "soc", "target_soc", "patience_min")
        else [str(value) for value in frame[name]]
        for name in (*REQUIRED, *OPTIONAL)
        if name in frame
    ]
    texts = pd.Series(["/".join(parts) for parts in zip(*columns, strict=True)])
    numbers = texts.groupby(texts).cumcount()
    return [f"{text}/{number}" for text, number in zip(texts, numbers, strict=True)]


def _refuse_faults(
    path: Path,
    frame: pd.DataFrame,
    zones: dict[str, int],
    fleets: dict[str, FleetDraw],
    curves: Curves,
) -> None:
    """Raise with one line per faulty column."""
    wish_min, soc, target_soc, patience_min, overstay_min = (
        pd.to_numeric(frame[name], errors="coerce") if name in frame else pd.Series(dtype=float)
        for name in ("wish_min", "soc", "target_soc", "patience_min", "overstay_min")
    )
    comparable = soc.between(0, 1) & target_soc.between(0, 1)
    checks = [
        ("wish_min", np.isfinite(wish_min) & (wish_min >= 0), "a number of at least 0"),
        ("zone", frame["zone"].astype(str).isin(zones), "the id of a zone of the network"),
        ("vehicle_class", frame["vehicle_class"].isin(list(fleets)), f"one of {', '.join(fleets)}"),
        ("soc", soc.between(0, 1), "a share from 0 to 1"),
        ("target_soc", target_soc.between(0, 1), "a share from 0 to 1"),
        ("target_soc", ~comparable | (target_soc > soc), "more than the soc of its row"),
    ]
    if "curve" in frame:
        checks.append(("curve", frame["curve"].isin(curves.id), f"one of {', '.join(curves.id)}"))
    if "patience_min" in frame:
        checks.append(("patience_min", patience_min > 0, "more than 0 min"))
    if "overstay_min" in frame:
        checks.append(
            ("overstay_min", np.isfinite(overstay_min) & (overstay_min >= 0), "0 min or more")
        )
    faults = [
        fault
        for column, good, needs in checks
        for fault in _column_fault(path, frame, column, good, needs)
    ]
    if faults:
        raise InputError(faults)


def _fill_fleet(
    table: Table,
    mine: NDArray[np.int64],
    frame: pd.DataFrame,
    fleet: FleetDraw,
    index: int,
    curves: Curves,
) -> None:
    """Fill in what the log leaves open: the fleet's commonest curve and means, no swapping."""
    common = int(fleet.curves[np.argmax(np.diff(fleet.curve_cdf, prepend=0.0))])
    curve = (
        frame["curve"].map(curves.index).to_numpy()
        if "curve" in frame
        else np.full(len(mine), common)
    )
    table["fleet"][mine], table["curve"][mine] = index, curve
    table["battery_kwh"][mine] = curves.battery_kwh[curve]
    table["station_list"][mine], table["swap_list"][mine] = fleet.station_list, -1
    table["consumption_kwh_km"][mine] = fleet.consumption_kwh_km
    table["overstay_min"][mine] = frame.get("overstay_min", fleet.behaviour.mean_overstay_min)
    table["patience_min"][mine] = frame.get("patience_min", fleet.patience_mean)
    table["value_of_time_cny_h"][mine], table["max_diversions"][mine] = (
        fleet.value_mean,
        fleet.max_diversions,
    )


def _read(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise InputError([f"{display_path(path)}: no such file"])
    try:
        frame = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    except (ValueError, OSError, UnicodeDecodeError) as error:
        form, reason = path.suffix.lstrip(".") or "CSV", str(error).splitlines()[0]
        raise InputError([f"{display_path(path)}: cannot be read as {form} ({reason})"]) from None
    if frame.empty:
        raise InputError(
            [f"{display_path(path)}: has no rows; at least one recorded wish is needed"]
        )
    return frame


def _column_fault(
    path: Path, frame: pd.DataFrame, column: str, good: "pd.Series[bool]", needs: str
) -> list[str]:
    """Return a line that names the first bad row of a column, none where all are good."""
    bad = ~good.fillna(False).to_numpy(bool)
    if not bad.any():
        return []
    row = int(np.argmax(bad))
    value = frame[column].iloc[row]
    value = value.item() if isinstance(value, np.generic) else value
    more = f" (and {int(bad.sum()) - 1} more rows)" if bad.sum() > 1 else ""
    return [f"{display_path(path)}:{row + 2}: {column}: got {value!r}, needs {needs}{more}"]
