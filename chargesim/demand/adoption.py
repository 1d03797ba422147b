"""Project the stock of NEVs from a production series, by a Bass or a logistic model.

Both models are fitted to the vehicles built in each year, not to their running total, whose errors
are correlated. The Bass model starts from nothing before the first year; what the logistic one has
before the first year counts to that year. Otherwise the two are one curve, so a choice between them
says little about how sure a projection is.

The stock of a city at the end of a year is the model's cumulative production since the first year,
times the share of it that runs there. A known year has the model's number too, not the counted one;
the residual states its error.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from chargesim.errors import InputError
from chargesim.scenario.file_paths import display_path, path_inside
from chargesim.scenario.fleets import Adoption
from chargesim.scenario.tables import TableRow, read_rows

Model = Literal["bass", "logistic"]
Floats = NDArray[np.float64]

LEAST_YEARS = 5
"""Two more than the parameters of either model."""
MOST_POTENTIAL = 20.0
"""Upper bound of the potential over the vehicles built so far; a growing series sets none."""
MOST_AHEAD = 25
"""Years past the series for which a stock is projected; then the first vehicles are scrapped."""


@dataclass(frozen=True)
class StockProjection:
    """A projected stock and how it came about.

    Attributes
    ----------
    stock : float
        Vehicles in the city at the end of `stock_year`.
    model : str
        `bass` or `logistic`.
    stock_year : int
        Year at whose end the stock is counted.
    parameters : mapping of str to float
        Bass: `potential` [vehicles], `innovation` and `imitation` [1/year]. Logistic: `potential`
        [vehicles], `growth` [1/year] and `midpoint` [year].
    series : tuple of (int, float)
        Years and vehicles built that were fitted.
    residual : float
        Root mean square of fitted less built [vehicles/year].
    cumulative : float
        Vehicles built from the first year of the fit to the end of `stock_year`, by the model.
    potential_at_bound : bool
        The series does not show where growth ends: the fit stopped at a bound of the potential.
    """

    stock: float
    model: Model
    stock_year: int
    parameters: Mapping[str, float]
    series: tuple[tuple[int, float], ...]
    residual: float
    cumulative: float
    potential_at_bound: bool


class _SeriesRow(TableRow):
    year: str = Field(min_length=1)
    scope: str = Field(min_length=1)
    value: float = Field(ge=0, le=1e12)


@dataclass(frozen=True)
class _Curve:
    """A model's cumulative share of its potential, with start and bounds of its parameters."""

    names: tuple[str, str]
    share: Callable[[Floats, float, float], Floats]
    """share of the potential, by years since the start of the first year and both parameters"""
    start: tuple[float, float]
    low: tuple[float, float]
    high: tuple[float, float]


def _bass_share(elapsed: Floats, innovation: float, imitation: float) -> Floats:
    decay = np.exp(-(innovation + imitation) * elapsed)
    return np.asarray((1 - decay) / (1 + imitation / innovation * decay))


def _logistic_share(elapsed: Floats, growth: float, midpoint: float) -> Floats:
    return np.asarray(1 / (1 + np.exp(-growth * (elapsed - midpoint))))


_CURVES: dict[Model, _Curve] = {
    "bass": _Curve(("innovation", "imitation"), _bass_share, (1e-3, 0.4), (1e-7, 1e-2), (0.1, 2.0)),
    "logistic": _Curve(
        ("growth", "midpoint"), _logistic_share, (0.4, 11.0), (1e-2, 0.0), (2.0, 50.0)
    ),
}


def project_stock(adoption: Adoption, folder: Path, model: Model) -> StockProjection:
    """Fit an adoption model and project the stock of the city.

    Parameters
    ----------
    adoption : Adoption
        The section of the scenario: series, years and local share.
    folder : Path
        Folder of the scenario, which holds the series.
    model : {"bass", "logistic"}
        Model of the cumulative production.

    Returns
    -------
    StockProjection
        The stock at the end of `adoption.stock_year`, with the fit.

    Raises
    ------
    InputError
        For a series without the scope, with gaps or too short, and for years that do not agree.
    """
    _check_years(adoption)
    series = _yearly(adoption, path_inside(folder, adoption.series))
    built = np.array([vehicles for _, vehicles in series])
    curve = _CURVES[model]
    unit = float(built.mean())  # the fit runs in units near 1
    x, at_bound = _fit(curve, built / unit)
    fitted = _built_by_year(curve, x, len(built)) * unit
    years = adoption.stock_year - adoption.first_year + 1
    cumulative = float(_built_by_year(curve, x, years).sum()) * unit
    shape = dict(zip(curve.names, x[1:].tolist(), strict=True))
    if "midpoint" in shape:
        shape["midpoint"] += adoption.first_year
    return StockProjection(
        stock=cumulative * adoption.local_share.value,
        model=model,
        stock_year=adoption.stock_year,
        parameters=MappingProxyType({"potential": float(x[0]) * unit, **shape}),
        series=series,
        residual=float(np.sqrt(np.mean((fitted - built) ** 2))),
        cumulative=cumulative,
        potential_at_bound=at_bound,
    )


def _fit(curve: _Curve, built: Floats) -> tuple[Floats, bool]:
    """Return the potential and the parameters of shape that fit best by least squares."""
    total = float(built.sum())

    def error(x: Floats) -> Floats:
        return _built_by_year(curve, x, len(built)) - built

    from scipy.optimize import least_squares  # 0.12 s that a run with a given stock saves

    fit = least_squares(
        error,
        x0=(3 * total, *curve.start),
        bounds=((total, *curve.low), (MOST_POTENTIAL * total, *curve.high)),
        x_scale=(total, *curve.start),
        max_nfev=5000,
    )
    x = np.asarray(fit.x, dtype=np.float64)
    return x, bool(x[0] > 0.99 * MOST_POTENTIAL * total or x[0] < 1.01 * total)


def _built_by_year(curve: _Curve, x: Floats, years: int) -> Floats:
    """Return the vehicles built in each of the first years, by the model."""
    ends = np.arange(years + 1, dtype=np.float64)
    share = curve.share(ends, float(x[1]), float(x[2]))
    share[0] = 0.0  # what a logistic curve has before the first year counts to that year
    return np.asarray(float(x[0]) * np.diff(share))


def _check_years(adoption: Adoption) -> None:
    first, last, stock = adoption.first_year, adoption.last_year, adoption.stock_year
    faults = []
    if last < first + LEAST_YEARS - 1:
        faults.append(
            f"adoption.last_year: got {last}, needs at least {first + LEAST_YEARS - 1}; "
            f"a fit takes {LEAST_YEARS} years"
        )
    if stock < first:
        faults.append(
            f"adoption.stock_year: got {stock}, needs at least {first}, "
            "the first year of the series"
        )
    if stock > last + MOST_AHEAD:
        faults.append(
            f"adoption.stock_year: got {stock}, needs at most {last + MOST_AHEAD}, "
            f"{MOST_AHEAD} years past the series"
        )
    if faults:
        raise InputError(faults)


def _yearly(adoption: Adoption, path: Path) -> tuple[tuple[int, float], ...]:
    """Return the years of the fit with the vehicles built; other rows are passed over."""
    rows = read_rows(path, _SeriesRow)
    mine = [row for row in rows if row.scope == adoption.production_scope]
    if not mine:
        scopes = ", ".join(dict.fromkeys(row.scope for row in rows))
        raise InputError(
            [
                f"adoption.production_scope: got {adoption.production_scope!r}, "
                f"which is not a scope of {display_path(path)}; scopes: {scopes}"
            ]
        )
    wanted = [str(year) for year in range(adoption.first_year, adoption.last_year + 1)]
    whole = [row for row in mine if row.year in wanted]
    first = {int(row.year): row.line for row in reversed(whole)}
    faults = [
        f"{display_path(path)}:{row.line}: year: {row.year} of {row.scope!r} is in line "
        f"{first[int(row.year)]} already; keep one"
        for row in whole
        if row.line != first[int(row.year)]
    ]
    gaps = [year for year in wanted if int(year) not in first]
    if gaps:
        faults.append(
            f"{display_path(path)}: {adoption.production_scope!r} has no row for "
            f"{', '.join(gaps)}; "
            "every year of the fit needs one"
        )
    if not faults and sum(row.value for row in whole) <= 0:
        faults.append(
            f"{display_path(path)}: {adoption.production_scope!r} has no vehicles "
            f"in {wanted[0]} to {wanted[-1]}"
        )
    if faults:
        raise InputError(faults)
    return tuple(sorted((int(row.year), row.value) for row in whole))
