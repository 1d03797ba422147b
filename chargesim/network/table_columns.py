"""State the columns of the tables from which a city is built."""

from typing import Annotated, Literal

from pydantic import Field

from chargesim.scenario.buildup import Month
from chargesim.scenario.city import AreaClass
from chargesim.scenario.csv_tables import CsvRow
from chargesim.scenario.plan import Access

Name = Annotated[str, Field(min_length=1)]
Latitude = Annotated[float, Field(ge=-90, le=90)]
Longitude = Annotated[float, Field(ge=-180, le=180)]
Positive = Annotated[float, Field(gt=0)]
NonNegative = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0, le=100_000)]


class DistrictRow(CsvRow):
    """A district: seat, area, inhabitants of the census."""

    district: Name
    area_class: Annotated[AreaClass, Field(alias="class")]
    lat: Latitude
    lon: Longitude
    area_km2: Positive
    population_2020: NonNegative
    urban_share: Share | None = None


class LinkRow(CsvRow):
    """A road between two seats."""

    from_district: Name
    to_district: Name
    kind: Literal["urban", "trunk", "expressway"]
    km: Positive
    free_kmh: Positive
    service_areas: Count = 0


class GatewayRow(CsvRow):
    """A place beyond the border with which a district trades trips."""

    district: Name
    place: Name
    population: NonNegative
    km: Positive


class ZoneRow(CsvRow):
    """A demand zone of a user's own table."""

    zone_id: Name
    lat: Latitude
    lon: Longitude
    district: Name
    area_class: AreaClass
    population: NonNegative
    urban: Annotated[int, Field(ge=0, le=1)]


class RoadRow(CsvRow):
    """A two-way road of a user's own table; an id that is no zone is a junction."""

    from_id: Name
    to_id: Name
    km: Positive
    free_kmh: Positive
    kind: Literal["local", "urban", "trunk", "expressway"]


class SiteRow(CsvRow):
    """A site of a user's own table; what is left out comes from the scenario's stations or swap kind.

    `guns` counts all guns where `companions` is given; where that is left out, it counts the ultra-fast ones, and the
    scenario's companions stand beside them. Rows with the same `connection` share its `site_kw`; of their stores the
    first row's counts. A row with `store_kwh` or `store_kw` has a store even where `stations.store.enabled` is false.
    `opens` is the month at whose end a build-up has the site open, `opens_day` the judged day, 0 for the first, at whose
    midnight it opens.
    """

    site_id: Name
    kind: Literal["station", "swap"]
    access: Access
    district: Name
    lat: Latitude
    lon: Longitude
    node: str | None = None
    guns: Count | None = None
    gun_kw: Positive | None = None
    gun_a: Positive | None = None
    companions: Count | None = None
    companion_kw: Positive | None = None
    companion_a: Positive | None = None
    guns_per_cabinet: Annotated[int, Field(ge=1)] | None = None
    cabinet_kw: Positive | None = None
    site_kw: Positive | None = None
    connection: str | None = None
    store_kwh: NonNegative | None = None
    store_kw: NonNegative | None = None
    price_cny_kwh: NonNegative | None = None
    swap_kind: str | None = None
    bays: Annotated[int, Field(ge=1)] | None = None
    slots: Annotated[int, Field(ge=1)] | None = None
    slot_kw: Positive | None = None
    packs: Annotated[int, Field(ge=1)] | None = None
    pack_type: str | None = None
    swap_min: Positive | None = None
    hand_out_soc: Share | None = None
    opens: Month | None = None
    opens_day: Annotated[int, Field(ge=0, le=366)] | None = None
