"""Export a finished run to formats that other programs read."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from chargesim.cli.messages import messages
from chargesim.cli.options import app


class ExportFormat(StrEnum):
    """A format that other programs read."""

    geojson = "geojson"
    graphml = "graphml"
    netcdf = "netcdf"


@app.command()
def export(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="a run directory", show_default=False)],
    format_: Annotated[
        ExportFormat,
        typer.Option(
            "--format",
            help="geojson: sites with their KPIs; graphml: roads, zones and sites; "
            "netcdf: site x hour x replication",
        ),
    ],
    out: Annotated[Path, typer.Option(metavar="FILE", help="the file to write")],
) -> None:
    """Write the sites, the roads or the hours of a finished run for a GIS or another program."""
    with messages(did="written"):
        from chargesim.runs.export import export_run

        export_run(run, format_.value, out)
        typer.echo(f"Written: {out}")
