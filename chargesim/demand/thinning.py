"""Draw the demand of several scenarios at once where they differ in nothing but the number of wishes.

Wishes are drawn in layers with a mark `u` for thinning (`demand.draw`), so the wishes of a smaller stock, or of a smaller share at the
network, are among those of a larger one. Drawn once for the largest, the table is thinned to every other, bit for bit
as it would have been drawn for that one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chargesim.demand.demand_table import Table
from chargesim.demand.draw import DemandModel
from chargesim.demand.recorded import RecordedDemand

Demand = DemandModel | RecordedDemand


def days_of_all(models: Sequence[Demand], replication: int, days: int) -> Iterator[list[Table]]:
    """Give the demand tables of each model in turn, drawn once for all models that can share a draw.

    Parameters
    ----------
    models : sequence of DemandModel or RecordedDemand
    replication : int
    days : int
        Days from the first lead-in day on.

    Yields
    ------
    list of table of `WISH`
        For each model the tables of its days, equal to those of `model.day`.
    """
    thinned, drawn = thinned_models(models), None
    for model in models:
        if thinned is None or not isinstance(model, DemandModel):
            yield [model.day(replication, day) for day in range(days)]
            continue
        if drawn is None:
            drawn = [thinned.largest.day_with_layers(replication, day) for day in range(days)]
        yield [table[thinned.kept(table, layer, model)] for table, layer in drawn]


@dataclass(frozen=True)
class ThinnedModels:
    """Demand models that differ in the number of wishes only."""

    largest: DemandModel
    """of every class the most wishes of any of them"""

    def kept(self, table: Table, layer: NDArray[np.int64], model: DemandModel) -> NDArray[np.bool_]:
        """Return which rows of the largest model's table stand in that of another; the condition is that of the draw itself."""
        layers = np.zeros(1 + max((fleet.index for fleet in self.largest.fleets), default=0))
        for fleet in model.fleets:
            layers[fleet.index] = fleet.layers
        return np.asarray(table["u"] < layers[table["fleet"]] - layer)


def thinned_models(models: Sequence[Demand]) -> ThinnedModels | None:
    """Return the thinned of demand models; None for a single model, or where they differ in more than the number of wishes."""
    drawn = [model for model in models if isinstance(model, DemandModel)]
    if len(drawn) < max(2, len(models)):
        return None
    first, *others = (_without_number(model) for model in drawn)
    if not all(alike(first, other) for other in others):
        return None
    most = [
        max(one.wishes_per_day for one in same)
        for same in zip(*(model.fleets for model in drawn), strict=True)
    ]
    fleets = tuple(
        replace(fleet, wishes_per_day=wishes)
        for fleet, wishes in zip(drawn[0].fleets, most, strict=True)
    )
    return ThinnedModels(replace(drawn[0], fleets=fleets))


def alike(one: Any, other: Any) -> bool:
    """Tell whether two values are the same to the last bit, part by part, arrays among them."""
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray):
        if (
            one.dtype.names and one.dtype == other.dtype
        ):  # column by column: what lies between aligned columns is anything
            return all(alike(one[name], other[name]) for name in one.dtype.names)
        return bool(
            one.shape == other.shape
            and one.dtype == other.dtype
            and one.tobytes() == other.tobytes()
        )
    if is_dataclass(one):
        return all(
            alike(getattr(one, field.name), getattr(other, field.name)) for field in fields(one)
        )
    if isinstance(one, tuple | list):
        return len(one) == len(other) and all(map(alike, one, other))
    return bool(one == other)


def _without_number(model: DemandModel) -> DemandModel:
    return replace(
        model, fleets=tuple(replace(fleet, wishes_per_day=0.0) for fleet in model.fleets)
    )
