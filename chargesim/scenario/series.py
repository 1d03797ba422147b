"""Describe a series: variants of one scenario on the same vehicles, and their figure."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from chargesim.scenario.assumption import Section, raise_faults
from chargesim.scenario.buildup import month_number, month_text

Panel = Literal["kpi", "criteria", "load", "supply", "hours"]
Value = int | float | str
"""A value of a series: a number, or a month as YYYY-MM."""

MOST_VARIANTS = 200
SAME_FOR_ALL = ("name", "seed", "replications", "looks", "series")
"""Keys that no variant may set, so that all variants meet the same vehicles."""
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


class Shown(Section):
    """One panel of the figure.

    `kpi`: a KPI over the values of the series, with its interval. `criteria`: the failures of each
    criterion over its allowance. `load`: power from the grid by quarter of an hour. `hours`: a KPI
    by hour of day. `supply`: open stations and vehicles.
    """

    panel: Panel = Field(default="kpi", description="what is drawn")
    kpi: str | None = Field(
        default=None, description="KPI as in kpis.csv, for the panels kpi and hours"
    )
    scope: str = Field(default="city", description="scope of the KPI, as in kpis.csv")
    key: str = Field(default="", description="key in the scope, as in kpis.csv; empty for the city")
    label: str = Field(default="", description="axis label; by default the KPI's name and unit")

    @model_validator(mode="after")
    def _named(self) -> Self:
        if (self.kpi is not None) != (self.panel in ("kpi", "hours")):
            raise ValueError(
                f"the panel {self.panel} {'needs a' if self.kpi is None else 'takes no'} kpi"
            )
        if self.panel != "kpi" and (self.scope != "city" or self.key):
            raise ValueError(f"the panel {self.panel} takes neither scope nor key")
        if (self.scope == "city") != (self.key in ("", "all")):
            raise ValueError(
                f"key: got {self.key!r}, the scope {self.scope} "
                f"{'takes no key' if self.scope == 'city' else 'needs one'}"
            )
        return self

    @property
    def place(self) -> tuple[str, str]:
        """Scope and key as in kpis.csv."""
        return self.scope, self.key or "all"


class Series(Section):
    """Variants of the scenario: every line at every value.

    All of `keys` take each of `values`; each line sets keys of its own. All variants meet the same
    vehicles.
    """

    question: str = Field(description="question that the figure answers; its title")
    axis: str = Field(default="", description="label of the axis of values")
    keys: list[str] = Field(
        default_factory=list, description="dotted keys that take the values, as in --set"
    )
    values: list[Any] = Field(
        default_factory=list, description="numbers or months YYYY-MM, in rising order"
    )
    refine: bool = Field(
        default=False,
        description="true: add values where a criterion changes between two neighbours",
    )
    lines: dict[str, dict[str, Any]] = Field(
        default={"plan": {}},
        min_length=1,
        description="variants at each value: name and the keys that it sets",
    )
    show: list[Shown] = Field(min_length=1, description="panels of the figure, in order")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        raise_faults([*self._wrong_values(), *self._wrong_lines()])
        return self

    @property
    def monthly(self) -> bool:
        """Whether the values are months."""
        return bool(self.values) and isinstance(self.values[0], str)

    def _wrong_values(self) -> list[str]:
        """Return what is wrong with keys and values."""
        faults = []
        if bool(self.keys) != bool(self.values):
            faults.append("keys and values belong together; give both or neither")
        if len(self.values) * len(self.lines) > MOST_VARIANTS:
            faults.append(
                f"values x lines: {len(self.values) * len(self.lines)} variants, "
                f"at most {MOST_VARIANTS}"
            )
        if self.refine and len(self.values) < 2:
            faults.append("refine: needs at least two values")
        if any(shown.panel == "supply" for shown in self.show) and not self.values:
            faults.append("show: the panel supply needs values")
        numbers = all(
            isinstance(value, int | float) and not isinstance(value, bool) for value in self.values
        )
        months = all(isinstance(value, str) and _MONTH.fullmatch(value) for value in self.values)
        if not numbers and not months:
            faults.append("values: needs numbers only, or months YYYY-MM only")
        elif any(not before < after for before, after in pairwise(self.values)):
            faults.append("values: needs rising order, each once")
        return faults

    def _wrong_lines(self) -> list[str]:
        """Return what is wrong with the lines, and with the keys that they set."""
        faults = []
        if not self.values and len(self.lines) < 2:
            faults.append("lines: a series without values needs at least two lines")
        faults += _unfit_folders(list(self.lines))
        faults += [
            f"keys: {words}; keep one" for words in _doubled([(key, key) for key in self.keys])
        ]
        faults += [
            f"keys: {key} is the same for all variants"
            for key in self.keys
            if key.split(".")[0] in SAME_FOR_ALL
        ]
        for line, changes in self.lines.items():
            given = [(leaf, key) for key, value in changes.items() for leaf in _leaves(key, value)]
            faults += [f"lines: {line}: {words}; keep one" for words in _doubled(given)]
            for key in changes:
                if key.split(".")[0] in SAME_FOR_ALL:
                    faults.append(f"lines: {line} sets {key}, which is the same for all variants")
                if any(
                    f"{key}.".startswith(f"{other}.") or f"{other}.".startswith(f"{key}.")
                    for other in self.keys
                ):
                    faults.append(f"lines: {line} sets {key}, which takes the values")
        return faults


def _unfit_folders(lines: Sequence[str]) -> list[str]:
    """Return what is wrong with the names of lines as names of folders."""
    faults, first = [], dict[str, str]()
    for line in lines:
        folder = folder_name(line)
        if not folder:
            faults.append(f"lines: {line!r} has no letter and no digit")
        elif folder in first:
            faults.append(
                f"lines: {first[folder]!r} and {line!r} differ in signs or capitals only; "
                "their folders would have one name"
            )
        else:
            first[folder] = line
    return faults


def _leaves(key: str, value: Any) -> Iterator[str]:
    """Yield the dotted keys that a change sets: itself, or those within its mapping."""
    if isinstance(value, dict):
        for name, entry in value.items():
            yield from _leaves(f"{key}.{name}", entry)
    else:
        yield key


def _doubled(given: Sequence[tuple[str, str]]) -> list[str]:
    """Return a text for each key that is set twice; each key comes with the key that sets it."""
    faults, setter = [], dict[str, str]()
    for leaf, key in sorted(given, key=lambda one: one[0].count(".")):
        parts = leaf.split(".")
        other = next(
            (
                setter[above]
                for end in range(1, len(parts) + 1)
                if (above := ".".join(parts[:end])) in setter
            ),
            None,
        )
        if other is None:
            setter[leaf] = key
        else:
            faults.append(
                f"{leaf} is set twice"
                if other == key
                else f"{leaf} is set twice, under {other} and under {key}"
            )
    return faults


def folder_name(text: str) -> str:
    """Return a text as the name of a folder: letters, digits, dots and hyphens."""
    return re.sub(r"[^\w.]+", "-", text).strip("-.").lower()


def between(before: Value, after: Value, values: list[Any]) -> Value | None:
    """Return the value halfway between two neighbours, None if they are near enough.

    Parameters
    ----------
    before, after : int, float or str
        Neighbours; months YYYY-MM or numbers.
    values : list
        The first values of the series: months go down to the single month, numbers to a quarter of
        their spacing; whole numbers stay whole.
    """
    if isinstance(before, str) or isinstance(after, str):
        first, last = month_number(str(before)), month_number(str(after))
        return month_text((first + last) // 2) if last - first > 1 else None
    spacing = min(value for value in values if value >= after) - max(
        value for value in values if value <= before
    )
    if after - before <= spacing / 4 * (1 + 1e-9):
        return None
    if all(isinstance(value, int) for value in (*values, before, after)):
        middle = int(before + after) // 2
        return middle if middle > before else None
    return round((before + after) / 2, 12)
