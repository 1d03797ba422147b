"""Start a scenario of one's own from a shipped one, and list those."""

from pathlib import Path
from typing import Annotated

import typer

from chargesim.cli.messages import messages, print_json
from chargesim.cli.options import AsJson, app, complete_start


@app.command()
def new(
    name: Annotated[
        Path,
        typer.Argument(metavar="NAME", help="the folder to make; the scenario gets its name"),
    ],
    source: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="SCENARIO",
            help="blank, small_city, chongqing_2025, or another shipped scenario",
            autocompletion=complete_start,
        ),
    ] = "blank",
) -> None:
    """Make a folder with a commented scenario and its tables, ready to check, change and run."""
    with messages(did="made"):
        from chargesim.scenario.file_paths import display_path
        from chargesim.scenario.new_folder import new_folder

        made = new_folder(name, source)
        file = display_path(made.scenario)
        typer.echo(f"{file}: a copy of {source}, to be changed.")
        for parent in made.parents:
            typer.echo(f"{display_path(parent)}: gives all that {file} does not say.")
        typer.echo(f"Tables: {', '.join(display_path(table) for table in made.tables)}")
        typer.echo(f"Next: chargesim check {file}")


@app.command()
def scenarios(as_json: AsJson = False) -> None:
    """List the scenarios that come with the program, with the question that each asks."""
    with messages(did="listed"):
        from chargesim.scenario.shipped import shipped_titles

        titles = shipped_titles()
        if as_json:
            print_json(titles)
            return
        width = max(map(len, titles))
        for name, title in titles.items():
            typer.echo(f"{name:{width}}  {title}")
        typer.echo(
            "\n`chargesim run NAME` runs one; `chargesim new FOLDER --from NAME` makes a copy to "
            "change, `chargesim new FOLDER` a small template for a city of your own."
        )
