"""State the columns of the tables from which a city is built, and print them."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, create_model

from chargesim.network.columns import (
    Count,
    Fraction,
    Latitude,
    Longitude,
    Name,
    NonNegative,
    Positive,
)
from chargesim.network.network import SITE_COLUMNS, SITE_KINDS
from chargesim.scenario.buildup import Month
from chargesim.scenario.plan import Access
from chargesim.scenario.tables import TableRow


class DistrictRow(TableRow):
    """A district of a synthetic city; its seat is where its roads meet."""

    district: Name = Field(description="name of the district")
    area_class: Name = Field(alias="class", description="class of area, one of `outside.drive_min`")
    lat: Latitude = Field(description="latitude of the seat, WGS-84 [deg]")
    lon: Longitude = Field(description="longitude of the seat, WGS-84 [deg]")
    area_km2: Positive = Field(description="area [km2]")
    population_2020: NonNegative = Field(description="inhabitants of the 2020 census")
    urban_share: Fraction | None = Field(
        default=None, description="share of urban inhabitants; else `layout.urban_share`"
    )


class LinkRow(TableRow):
    """A road between the seats of two districts."""

    from_district: Name = Field(description="a district")
    to_district: Name = Field(description="another district")
    kind: Literal["urban", "trunk", "expressway"] = Field(description="class of road")
    km: Positive = Field(description="length [km]")
    free_kmh: Positive = Field(description="speed in free flow [km/h]")
    service_areas: Count = Field(default=0, description="service areas, both sides counted")


class GatewayRow(TableRow):
    """A place beyond the border with which a district trades trips."""

    district: Name = Field(description="the district from which a road leads there")
    place: Name = Field(description="name of the place")
    population: NonNegative = Field(description="its inhabitants")
    km: Positive = Field(description="road from the district's seat [km]")


class ZoneRow(TableRow):
    """A demand zone of a user's own table."""

    zone_id: Name = Field(description="name of the zone")
    lat: Latitude = Field(description="latitude, WGS-84 [deg]")
    lon: Longitude = Field(description="longitude, WGS-84 [deg]")
    district: Name = Field(description="name of its district")
    area_class: Name = Field(
        description="class of area, one per district, one of `outside.drive_min`"
    )
    population: NonNegative = Field(description="inhabitants")
    urban: Annotated[int, Field(ge=0, le=1)] = Field(description="1: urban, 0: rural")


class NodeRow(TableRow):
    """A junction of a user's own table of roads."""

    node: Name = Field(description="name of the junction, as in the table of roads")
    lat: Latitude = Field(description="latitude, WGS-84 [deg]")
    lon: Longitude = Field(description="longitude, WGS-84 [deg]")


class RoadRow(TableRow):
    """A road of a user's own table."""

    from_id: Name = Field(description="a zone, or a junction: any id that is no zone")
    to_id: Name = Field(description="the other end, likewise")
    km: Positive = Field(description="length [km]")
    free_kmh: Positive = Field(description="speed in free flow [km/h]")
    kind: Literal["local", "urban", "trunk", "expressway"] = Field(description="class of road")
    oneway: Annotated[int, Field(ge=0, le=1)] = Field(
        default=0, description="1: it leads from `from_id` to `to_id` alone; else both ways"
    )


class SiteRow(TableRow):
    """A site of a user's own table: what is only in such a table, or read in another form.

    `SITE_ROW` adds the columns of the site table that a user may give.
    """

    site_id: Name = Field(description="name of the site")
    kind: str = Field(description="kind of site")
    access: Access = Field(description="who may use it")
    district: Name = Field(description="name of its district")
    lat: Latitude = Field(description="latitude, WGS-84 [deg]")
    lon: Longitude = Field(description="longitude, WGS-84 [deg]")
    node: str | None = Field(
        default=None,
        description="zone or junction at which it lies; else the nearest of those with coordinates",
    )
    connection: str | None = Field(
        default=None, description="sites of one name share a grid connection; else its own"
    )
    swap_kind: str | None = Field(
        default=None, description="one of `swap.kinds`; else the first with the site's access"
    )
    opens: Month | None = Field(
        default=None, description="month at whose end a build-up has it open; else by its order"
    )
    opens_day: Annotated[int, Field(ge=0, le=366)] | None = Field(
        default=None, description="judged day at whose midnight it opens, 0 the first; else open"
    )

    @property
    def given(self) -> dict[str, Any]:
        """The values that the user gave, by column."""
        return {name: value for name, value in self if value is not None}


GIVEN_COLUMNS = {name: column for name, column in SITE_COLUMNS.items() if column.given is not None}
"""The columns of the site table that a user's own table may give under the same name."""


def _origin(source: Mapping[str, str]) -> str:
    """Return where the scenario gives a column, "" where no section does."""
    keys = [f"`{kind.section}.{source[kind.name]}`" for kind in SITE_KINDS if source.get(kind.name)]
    return f"; else {', '.join(keys)}" if keys else ""


def _given_fields() -> dict[str, Any]:
    """Return the fields of a user's row that the site table declares."""
    kinds: Any = Literal.__getitem__(tuple(kind.name for kind in SITE_KINDS))
    return {"kind": (kinds, Field(description="kind of site"))} | {
        name: (
            column.given | None,
            Field(default=None, description=column.meaning + _origin(column.source)),
        )
        for name, column in GIVEN_COLUMNS.items()
    }


SITE_ROW: type[SiteRow] = create_model("SITE_ROW", __base__=SiteRow, **_given_fields())
"""The columns of a user's own table of sites."""


def columns_table(model: type[TableRow]) -> str:
    """Return the columns of a table as Markdown: name, values, whether needed, meaning.

    Parameters
    ----------
    model : type
        `ZoneRow`, `RoadRow`, `SITE_ROW`, or another model of a table's rows.
    """
    schema = model.model_json_schema()
    lines = ["| column | values | needed | meaning |", "|---|---|---|---|"]
    for name, column in schema["properties"].items():
        if name == "line":
            continue
        needed = "yes" if name in schema["required"] else "no"
        lines.append(f"| {name} | {_values(column)} | {needed} | {column['description']} |")
    return "\n".join(lines) + "\n"


def _values(schema: dict[str, Any]) -> str:
    """Return the values of a column in words, from its JSON Schema."""
    schema = next((one for one in schema.get("anyOf", ()) if one["type"] != "null"), schema)
    if "enum" in schema:
        return ", ".join(schema["enum"])
    words = {
        "string": "text", "number": "number", "integer": "whole number", "boolean": "0 or 1",
    }[schema["type"]]  # fmt: skip
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        return f"{words}, {low:,.12g} to {high:,.12g}"
    ends = {
        "at least": low, "above": schema.get("exclusiveMinimum"), "at most": high,
    }  # fmt: skip
    return ", ".join([words, *(f"{end} {of:,.12g}" for end, of in ends.items() if of is not None)])
