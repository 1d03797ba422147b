"""Declare the command line as a whole, and the arguments and options that commands share."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help="Plan ultra-fast charging and battery swapping for a city: does a plan meet the demand, how sure are we, where does it break?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


class Sessions(StrEnum):
    """Whether a run keeps a row per session."""

    auto = "auto"
    all = "all"
    none = "none"


class Engine(StrEnum):
    """The engine that runs a scenario; it changes no result."""

    auto = "auto"
    simpy = "simpy"
    compiled = "compiled"


class Direction(StrEnum):
    """What more of an input does to the service."""

    worse = "worse"
    better = "better"


ScenarioPath = Annotated[
    Path, typer.Argument(metavar="SCENARIO", help="scenario file (YAML)", show_default=False)
]
Changes = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="change a key of the scenario, e.g. fleet.stock=1200000; may be repeated",
    ),
]
Jobs = Annotated[int, typer.Option(min=0, help="processes side by side; 0: one per core")]
Figures = Annotated[bool, typer.Option("--figures/--no-figures", help="draw the figures")]
AsJson = Annotated[
    bool, typer.Option("--json", help="print one JSON object on stdout and nothing else there")
]
EngineOption = Annotated[
    Engine, typer.Option("--engine", help="auto: SimPy for small runs, else compiled; same results")
]
Weekday = Annotated[str | None, typer.Option(help="the judged day; Wednesday by default")]
Out = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="its directory; default runs/<command>-<name>-<hash>"),
]
