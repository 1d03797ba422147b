"""Read a map of columns: which column of a file holds what, as a small YAML file says it."""

from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from chargesim.errors import InputError
from chargesim.scenario.keys import nearest_name
from chargesim.scenario.yaml_text import SourceLocation, read_document

Column = Annotated[str, Field(min_length=1)]
Columns = Column | Annotated[list[Column], Field(min_length=1)]
"""A column, or several whose texts belong together."""
Value = Column | float
"""A column by its name, or a number that holds for all rows."""


class GunColumns(BaseModel):
    """Where the number and the power of some guns are."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    count: Value = Field(description="their number")
    kw: Value | None = Field(default=None, description="power of each [kW]")


class StationMap(BaseModel):
    """Which columns (or properties of GeoJSON) a table of stations has."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    site_id: Column | None = Field(default=None, description="name of the site")
    lat: Column | None = Field(default=None, description="latitude [deg]")
    lon: Column | None = Field(default=None, description="longitude [deg]")
    guns: Value | list[GunColumns] | None = Field(
        default=None, description="number of guns, or a list of {count, kw} for guns of many powers"
    )
    gun_kw: Value | None = Field(default=None, description="power of a gun [kW]")
    district: Column | None = Field(default=None, description="district")


class SessionMap(BaseModel):
    """Which columns a log of sessions has, and how its times are written."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    timezone: str = Field(description="zone of the times, such as Europe/London or UTC")
    city_timezone: str | None = Field(
        default=None, description="zone in which the log is written; by default that of the times"
    )
    start: Columns = Field(
        description="when the session began: a column, or those of date and time"
    )
    end: Columns | None = Field(default=None, description="when it ended, likewise")
    duration_min: Column | None = Field(
        default=None, description="in place of `end`: how long it was [min]"
    )
    dates: Literal["year_first", "day_first", "month_first"] | None = Field(
        default=None, description="order of a date; by default the one that fits all rows"
    )
    kwh: Column | None = Field(default=None, description="energy [kWh]")
    wh: Column | None = Field(default=None, description="in place of `kwh`: energy [Wh]")
    site: Column | None = Field(default=None, description="site")
    gun: Columns | None = Field(
        default=None, description="gun, or several columns that name it together"
    )
    soc_start: Column | None = Field(default=None, description="SOC at the start [0..1 or %]")
    soc_end: Column | None = Field(default=None, description="SOC at the end [0..1 or %]")
    gun_kw: Value | None = Field(default=None, description="power of a gun [kW]")
    longest_h: float = Field(
        default=72.0, gt=0, le=8760, description="a longer session counts as faulty [h]"
    )


M = TypeVar("M", StationMap, SessionMap)


def read_map(path: Path, model: type[M]) -> M:
    """Read a map of columns.

    Raises
    ------
    InputError
        With a line for each unknown or faulty key.
    """
    document = read_document(path)
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        faults = []
        for one in error.errors(include_url=False):
            key = str(one["loc"][0]) if one["loc"] else ""
            place = document.locations.get((key,), SourceLocation(str(path), 1))
            faults.append(f"{place}: {key}: {_words(key, one['type'], one['msg'], model)}")
        raise InputError(list(dict.fromkeys(faults))) from None


def _words(key: str, kind: str, message: str, model: type[Any]) -> str:
    """Return what is wrong with a key."""
    if kind == "extra_forbidden":
        near = nearest_name(key, list(model.model_fields))
        known = ", ".join(model.model_fields)
        return f"unknown key; {f'did you mean {near}?' if near else f'known: {known}'}"
    if kind == "missing":
        return f"is missing; {model.model_fields[key].description}"
    words = message.replace("Input should be ", "needs ")
    return f"{words[0].lower()}{words[1:]}; {model.model_fields[key].description}"


def check_columns(name: str, wanted: dict[str, Any], columns: list[str]) -> None:
    """Refuse a map that names a column that the file does not have.

    Parameters
    ----------
    name : str
        The file.
    wanted : dict
        Column or columns by key of the map; numbers and None are passed over.
    columns : list of str
        Those of the file.
    """
    faults = []
    for key, value in wanted.items():
        for column in value if isinstance(value, list) else [value]:
            if isinstance(column, str) and column not in columns:
                near = nearest_name(column, columns)
                hint = f"did you mean {near!r}?" if near else f"it has {', '.join(columns[:20])}"
                faults.append(f"{name}: {key}: has no column {column!r}; {hint}")
    if faults:
        raise InputError(faults)
