"""Import what others publish: stations, roads, and logs of sessions."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from chargesim.cli.messages import messages, plain_console, print_json
from chargesim.cli.options import AsJson, app

imports = typer.Typer(
    no_args_is_help=True, help="Turn files that others publish into tables of a scenario."
)
app.add_typer(imports, name="import")


class StationFormat(StrEnum):
    """A format of station lists."""

    auto = "auto"
    csv = "csv"
    geojson = "geojson"
    ocpi = "ocpi"
    tcec102 = "tcec102"
    afdc = "afdc"
    ocm = "ocm"
    irve = "irve"
    datex2 = "datex2"


class RoadFormat(StrEnum):
    """A format of road networks."""

    auto = "auto"
    graphml = "graphml"
    gmns = "gmns"
    tntp = "tntp"
    shapefile = "shapefile"
    geojson = "geojson"


class Crs(StrEnum):
    """A coordinate system."""

    wgs84 = "wgs84"
    gcj02 = "gcj02"
    bd09 = "bd09"


File = Annotated[Path, typer.Argument(metavar="FILE", help="the file", show_default=False)]
Encoding = Annotated[str, typer.Option(help="of CSV and JSON: utf-8, cp1252, gb18030")]


@imports.command(name="stations")
def import_stations(
    file: File,
    out: Annotated[Path, typer.Option(metavar="CSV", help="the table of sites to write")],
    format_: Annotated[
        StationFormat, typer.Option("--format", help="auto: found from the content")
    ] = StationFormat.auto,
    crs: Annotated[
        Crs | None,
        typer.Option(help="coordinates of the file; default wgs84, of tcec102 gcj02"),
    ] = None,
    min_kw: Annotated[
        float | None, typer.Option(min=0, help="keep guns of this power and more alone [kW]")
    ] = None,
    assume_kw: Annotated[
        float | None, typer.Option(min=1, help="power of guns without one [kW]")
    ] = None,
    district: Annotated[
        str | None, typer.Option(help="district of all sites; default as in the file, or `city`")
    ] = None,
    map_: Annotated[
        Path | None,
        typer.Option("--map", metavar="YAML", help="which column holds what (csv, geojson)"),
    ] = None,
    encoding: Encoding = "utf-8",
    as_json: AsJson = False,
) -> None:
    """Read charging stations from a file and write them as a table of sites."""
    with messages(did="written"):
        from chargesim.importers.stations import StationOptions
        from chargesim.importers.stations import import_stations as read

        options = StationOptions(
            format_.value, crs and crs.value, min_kw, assume_kw, district, map_, encoding
        )
        done = read(file, out, options)
        if as_json:
            print_json(done.to_dict())
            return
        from chargesim.view.import_report import print_stations

        print_stations(plain_console(), done)


@imports.command(name="roads")
def import_roads(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="the file, or the folder of GMNS", show_default=False),
    ],
    out: Annotated[
        Path, typer.Option(metavar="FOLDER", help="where roads.csv, nodes.csv, zones.csv go")
    ],
    format_: Annotated[
        RoadFormat, typer.Option("--format", help="auto: found from the content")
    ] = RoadFormat.auto,
    crs: Annotated[
        str | None,
        typer.Option(help="coordinates of the file: wgs84, gcj02, bd09, EPSG:32648, ..."),
    ] = None,
    zones: Annotated[
        int | None, typer.Option(min=1, help="make so many zones, by clustering of the nodes")
    ] = None,
    population: Annotated[
        Path | None,
        typer.Option(metavar="CSV", help="make zones of lat, lon, population at the next nodes"),
    ] = None,
    inhabitants: Annotated[float | None, typer.Option(min=1, help="of all zones together")] = None,
    district: Annotated[str, typer.Option(help="district of zones that have none")] = "city",
    area_class: Annotated[str, typer.Option(help="class of districts that have none")] = "core",
    join_km: Annotated[
        float, typer.Option(min=0, help="join links in a row up to this length [km]; 0: none")
    ] = 1.0,
    expressways: Annotated[
        bool, typer.Option("--expressways", help="motorways get through traffic and ramps")
    ] = False,
    nodes: Annotated[
        Path | None, typer.Option(metavar="FILE", help="coordinates of the nodes (tntp)")
    ] = None,
    encoding: Encoding = "utf-8",
    as_json: AsJson = False,
) -> None:
    """Read roads from a file and write them as tables of roads, nodes and zones."""
    with messages(did="written"):
        from chargesim.importers.road_zones import ZoneOptions
        from chargesim.importers.roads import RoadOptions
        from chargesim.importers.roads import import_roads as read

        of_zones = ZoneOptions(zones, population, inhabitants, district, area_class)
        options = RoadOptions(format_.value, crs, nodes, join_km, expressways, encoding, of_zones)
        done = read(file, out, options)
        if as_json:
            print_json(done.to_dict())
            return
        from chargesim.view.import_report import print_roads

        print_roads(plain_console(), done)


@imports.command(name="sessions")
def import_sessions(
    file: File,
    map_: Annotated[
        Path, typer.Option("--map", metavar="YAML", help="which column holds what, and the zone")
    ],
    out: Annotated[Path, typer.Option(metavar="PARQUET", help="the log to write")],
    encoding: Encoding = "utf-8",
    as_json: AsJson = False,
) -> None:
    """Read a log of charging sessions, clean it and write it; say what was changed."""
    with messages(did="written"):
        from chargesim.importers.sessions import import_sessions as read

        done = read(file, map_, out, encoding)
        if as_json:
            print_json(done.to_dict())
            return
        from chargesim.view.import_report import print_sessions

        print_sessions(plain_console(), done)
