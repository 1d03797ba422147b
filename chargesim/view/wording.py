"""Word numbers of a verdict as a planner reads them."""

import math

from chargesim.analysis.criteria import CriterionVerdict


def amount(value: float, unit: str) -> str:
    """Return a value with its unit; an infinite wait is the wait of those who were never served.

    Parameters
    ----------
    value : float
        The value in `unit`.
    unit : str
        ``share`` is shown in per cent, below 0.1 % with two digits that count; any other unit is
        written behind the number.
    """
    if math.isnan(value):
        return "-"
    if math.isinf(value):
        return "endless" if value > 0 else "unknown"
    if unit.startswith("share"):
        if value < 5e-7 or value > 1 - 5e-7:
            return f"{100 * value:.0f} %"
        digits = (
            1 - math.floor(math.log10(100 * value))
            if value < 0.001
            else 2
            if value > 0.995 or value < 0.01
            else 1
        )
        return f"{100 * value:.{digits}f} %"
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f} {unit_name(unit)}"


def kpi_name(kpi: str, unit: str) -> str:
    """Return the name of a KPI without the unit at its end, for example ``wait p95``."""
    return kpi.removesuffix(f"_{unit.lower().replace('/', '_per_')}").replace("_", " ")


def percent(level: float) -> str:
    """Return the level of an interval, for example ``98.75 %``."""
    return f"{100 * level:.4g} %"


def bounds(item: CriterionVerdict) -> str:
    """Return the one-sided bounds of a criterion, for example ``93.9 to 94.1 %``."""
    return interval(item.lower, item.upper, item.unit)


def interval(lower: float, upper: float, unit: str) -> str:
    """Return two bounds in one unit; ``equal in all`` replications when they are the same.

    Parameters
    ----------
    lower, upper : float
        The bounds in `unit`.
    unit : str
        As for `amount`.
    """
    if math.isnan(lower):
        return "-"
    if lower == upper:
        return "equal in all" if math.isfinite(lower) else "endless"
    low, high = amount(lower, unit), amount(upper, unit)
    tail = " %" if unit.startswith("share") else f" {unit_name(unit)}"
    return f"{low.removesuffix(tail) if high.endswith(tail) else low} to {high}"


def threshold(item: CriterionVerdict) -> str:
    """Return what a criterion asks for, for example ``at least 90 %``."""
    text = (
        f"{100 * item.threshold:g} %" if item.unit == "share" else f"{item.threshold:g} {item.unit}"
    )
    return f"{item.sense} {text}"


def unit_name(unit: str) -> str:
    """Return a unit as one says it: ``a day`` instead of ``1/day``."""
    return unit.replace("1/day", "a day").replace("/day", " a day")
