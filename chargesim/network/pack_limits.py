"""Read the charge limits of swap packs by SOC and temperature, and scale them to a pack type."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from chargesim.errors import InputError
from chargesim.scenario.file_paths import display_path, path_inside
from chargesim.scenario.plan import Swap
from chargesim.scenario.tables import TableRow, duplicate_faults, read_rows


class LimitRow(TableRow):
    """A row of the table: the power that a pack takes from this SOC on, at a temperature."""

    pack: Annotated[str, Field(min_length=1)]
    temperature_c: Annotated[float, Field(ge=-60, le=80)]
    soc_from: Annotated[float, Field(ge=0, lt=1)]
    power_kw: Annotated[float, Field(ge=0.01, le=1e5)]


@dataclass(frozen=True)
class PackLimits:
    """Power that packs of one type take; step i holds from edge i to edge i + 1."""

    kwh: float
    edge_soc: NDArray[np.float64]
    step_kw: NDArray[np.float64]


def read_pack_limits(swap: Swap, folder: Path) -> dict[str, PackLimits]:
    """Return the limits of every pack type of a scenario at its pack temperature.

    The table names packs by their nominal energy, for example ``75kWh``; power is scaled by energy.
    """
    path = path_inside(folder, swap.charge_limits)
    rows = read_rows(path, LimitRow, lambda rows: _steps_twice(path, rows))
    packs, faults = {}, []
    for name, kind in swap.pack_types.items():
        mine = sorted(
            (row for row in rows if row.pack == kind.limits), key=lambda row: row.soc_from
        )
        if not mine:
            packs_there = ", ".join(sorted({row.pack for row in rows}))
            faults.append(
                f"swap.pack_types.{name}.limits: {kind.limits!r} is not in {display_path(path)} "
                f"(it has {packs_there})"
            )
            continue
        mine_now = [row for row in mine if row.temperature_c == swap.pack_temperature_c]
        if not mine_now:
            known = ", ".join(f"{value:g}" for value in sorted({row.temperature_c for row in mine}))
            faults.append(
                f"swap.pack_temperature_c: {swap.pack_temperature_c:g} "
                f"is not in {display_path(path)} "
                f"for {kind.limits!r} (it has {known})"
            )
            continue
        nominal_kwh = float(kind.limits.lower().removesuffix("kwh"))
        packs[name] = PackLimits(
            kwh=kind.kwh.value,
            edge_soc=np.array([*(row.soc_from for row in mine_now), 1.0]),
            step_kw=np.array([row.power_kw for row in mine_now]) * kind.kwh.value / nominal_kwh,
        )
    if faults:
        raise InputError(faults)
    return packs


def _steps_twice(path: Path, rows: list[LimitRow]) -> list[str]:
    """Return a fault for each step of a limit that an earlier line has too."""
    steps = [(row.line, f"{row.pack} {row.temperature_c:g} {row.soc_from:g}") for row in rows]
    return duplicate_faults(path, "soc_from", steps, "keep one")
