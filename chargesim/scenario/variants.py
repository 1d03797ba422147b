"""Expand a series into variants, each a scenario that is checked before anything runs."""

from dataclasses import dataclass

from chargesim.errors import InputError
from chargesim.scenario.faults import Fault, location_of
from chargesim.scenario.file_paths import display_path
from chargesim.scenario.keys import key_fault
from chargesim.scenario.model import Scenario
from chargesim.scenario.reading import LoadedScenario
from chargesim.scenario.series import Series, Value, folder_name
from chargesim.scenario.yaml_text import SourceLocation


@dataclass(frozen=True)
class Variant:
    """One line at one value; the value is None in a series without values."""

    line: str
    value: Value | None
    loaded: LoadedScenario

    @property
    def slug(self) -> str:
        """The name of its folder, for example ``cloud_0.25``."""
        return folder_name(self.line) + ("" if self.value is None else f"_{self.value}")


def series_of(loaded: LoadedScenario) -> Series:
    """Return the series of a scenario, which must have one."""
    series = loaded.scenario.series
    if series is None:
        raise InputError([f"{display_path(loaded.path)}: series: is missing, it is needed here"])
    return series


def expand(loaded: LoadedScenario) -> list[Variant]:
    """Return all variants of a series, line by line in the order of the values.

    Parameters
    ----------
    loaded : LoadedScenario
        A scenario with the section `series`.

    Raises
    ------
    InputError
        With the faults of all variants, each once, at the line of the key or of the value.
    """
    series = series_of(loaded)
    faults = unknown = _unknown_keys(loaded, series)
    variants = []
    for line in series.lines:
        for value in series.values or [None]:
            try:
                variants.append(variant(loaded, line, value, keys=not unknown))
            except InputError as error:
                faults = [*faults, *error.faults]
    if faults:
        raise InputError(list(dict.fromkeys(faults)))
    return variants


def variant(
    loaded: LoadedScenario, line: str, value: Value | None, *, keys: bool = True
) -> Variant:
    """Return one variant of a series, checked.

    Parameters
    ----------
    loaded : LoadedScenario
        A scenario with the section `series`.
    line : str
        One of its lines.
    value : int, float, str or None
        The value of the keys of the series.
    keys : bool
        False: leave out the keys of the series, which are known to be wrong.
    """
    series = series_of(loaded)
    changes = dict(series.lines[line])
    locations = {key: _location(loaded, "lines", line, key) for key in changes}
    if keys and value is not None:
        number = str(series.values.index(value)) if value in series.values else ""
        changes |= dict.fromkeys(series.keys, value)
        locations |= dict.fromkeys(series.keys, _location(loaded, "values", number))
    return Variant(line, value, loaded.replace({**changes, "series": None}, locations=locations))


def _unknown_keys(loaded: LoadedScenario, series: Series) -> list[str]:
    """Return the faults of the keys that take the values: the scenario must have them."""
    faults = []
    for number, dotted in enumerate(series.keys):
        key = tuple(dotted.split("."))
        words = key_fault(Scenario, loaded.resolved, key)
        if words is not None:
            faults.append(str(Fault(_location(loaded, "keys", str(number)), key, words)))
    return faults


def _location(loaded: LoadedScenario, *key: str) -> SourceLocation:
    """Return the file and line of a part of the series, or of the part around it."""
    return location_of(
        ("series", *key), loaded.locations, SourceLocation(display_path(loaded.path), 1)
    )
