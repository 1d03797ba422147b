"""Draw the demand of several scenarios at once where they differ only in the number of wishes.

Wishes are drawn in layers with a mark `u` for thinning (`demand.draw`), so the wishes of a smaller
stock, or of a smaller share at the network, are among those of a larger one. The table is drawn
once for the largest and thinned to every other, bit for bit as that one would draw it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chargesim.demand.arrivals import ArrivalDemand
from chargesim.demand.demand_table import Table
from chargesim.demand.draw import DemandModel
from chargesim.demand.recorded import RecordedDemand

LogDemand = RecordedDemand | ArrivalDemand
Demand = DemandModel | LogDemand


def days_of_all(models: Sequence[Demand], replication: int, days: int) -> Iterator[list[Table]]:
    """Give the demand tables of each model in turn, drawn once where models can share a draw.

    Parameters
    ----------
    models : sequence of Demand
    replication : int
    days : int
        Days from the first lead-in day on.

    Yields
    ------
    list of table of `WISH`
        For each model the tables of its days, equal to those of `model.day`.
    """
    shared, drawn = shared_draw(models), None
    for model in models:
        if shared is None or not isinstance(model, DemandModel):
            yield [model.day(replication, day) for day in range(days)]
            continue
        if drawn is None:
            drawn = [shared.largest.day_with_layers(replication, day) for day in range(days)]
        yield [
            table[shared.kept(table, layer, model.layers(replication, day))]
            for day, (table, layer) in enumerate(drawn)
        ]


@dataclass(frozen=True)
class SharedDraw:
    """A draw from which the demand of every one of several models is thinned."""

    largest: DemandModel
    """has the most wishes of any of them in every class"""

    def kept(
        self, table: Table, layer: NDArray[np.int64], layers: Sequence[float]
    ) -> NDArray[np.bool_]:
        """Return which rows of the largest model's table a model keeps, as its own draw would.

        Parameters
        ----------
        table, layer
            A day of the largest model, see `DemandModel.day_with_layers`.
        layers : sequence of float
            Layers of each class of the model on that day.
        """
        by_index = np.zeros(1 + max((fleet.index for fleet in self.largest.fleets), default=0))
        for fleet, own in zip(self.largest.fleets, layers, strict=True):
            by_index[fleet.index] = own
        return np.asarray(table["u"] < by_index[table["fleet"]] - layer)


def shared_draw(models: Sequence[Demand]) -> SharedDraw | None:
    """Return the shared draw of models that differ only in the number of wishes.

    None for a single model, or where they differ in more.
    """
    drawn = [model for model in models if isinstance(model, DemandModel)]
    if len(drawn) < max(2, len(models)):
        return None
    first, *others = (_without_wishes(model) for model in drawn)
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
    return SharedDraw(replace(drawn[0], fleets=fleets))


def alike(one: Any, other: Any) -> bool:
    """Tell whether two values are equal to the last bit, part by part, arrays included."""
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray):
        # column by column, since the bytes between aligned columns are undefined
        if one.dtype.names and one.dtype == other.dtype:
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


def _without_wishes(model: DemandModel) -> DemandModel:
    return replace(
        model, fleets=tuple(replace(fleet, wishes_per_day=0.0) for fleet in model.fleets)
    )
