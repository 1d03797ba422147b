"""Declare the command line as a whole, and the arguments and options of its commands."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help="Plan ultra-fast charging and battery swapping for a city: does a plan meet the demand, "
    "how sure are we, where does it break?",
    no_args_is_help=True,
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
    """The effect of more of a factor on the service."""

    worse = "worse"
    better = "better"


def own_folder(text: str) -> Path:
    """Return the folder that an option names; ~ is the home folder."""
    from chargesim.errors import InputError
    from chargesim.scenario.file_paths import folder_of

    try:
        return folder_of(text)
    except InputError as error:
        raise typer.BadParameter(error.faults[0]) from None


def complete_scenario(incomplete: str) -> list[str]:
    """Return the scenario files and folders here, and the shipped scenarios, that begin so."""
    from chargesim.scenario.shipped import shipped_names

    folder, _, begun = incomplete.rpartition("/")
    here = sorted(Path(folder or "/" if incomplete.startswith("/") else folder or ".").glob("*"))
    above = f"{folder}/" if "/" in incomplete else ""
    found = [
        f"{above}{path.name}{'/' if path.is_dir() else ''}"
        for path in here
        if path.name.startswith(begun) and (path.suffix == ".yaml" or path.is_dir())
    ]
    return found + [name for name in shipped_names() if name.startswith(incomplete)]


def complete_start(incomplete: str) -> list[str]:
    """Return the names from which `new` can start that begin so."""
    from chargesim.scenario.new_folder import startable_names

    return [name for name in startable_names() if name.startswith(incomplete)]


ScenarioPath = Annotated[
    Path,
    typer.Argument(
        metavar="SCENARIO",
        help="scenario file (YAML), or the name of a shipped one",
        show_default=False,
        autocompletion=complete_scenario,
    ),
]
Changes = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="change a key of the scenario, e.g. fleet.stock=1200000; may be repeated",
    ),
]
Jobs = Annotated[int, typer.Option(min=0, help="processes at the same time; 0: one per core")]
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
    typer.Option(
        metavar="DIR", parser=own_folder, help="its directory; default runs/<command>-<name>-<hash>"
    ),
]

RootSeed = Annotated[int | None, typer.Option(min=0, help="root seed of the run")]
Replications = Annotated[
    int | None,
    typer.Option(min=2, help="independent replications; judged once, unless --looks asks for more"),
]
Looks = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=10,
        help="looks of the verdict, each at twice the replications, until all is decided",
    ),
]
PrecisionOption = Annotated[
    str | None,
    typer.Option(
        "--precision",
        metavar="KPI=HALF_WIDTH",
        help="run on until this KPI's interval is so narrow (5%: of its mean); decides no verdict",
    ),
]
Budget = Annotated[
    int | None,
    typer.Option(
        min=2, help="replications at most for --precision; default 8 times the first look"
    ),
]
RequireVerdict = Annotated[
    bool, typer.Option("--require-verdict", help="exit code 0 meets, 3 fails, 4 inconclusive")
]
Days = Annotated[int | None, typer.Option(min=1, help="days that are judged, e.g. 7 for a week")]
SessionsOption = Annotated[
    Sessions,
    typer.Option(
        "--sessions",
        help="keep a row per session; auto: up to 2 million in all, none in a series",
    ),
]
RunOut = Annotated[
    Path | None,
    typer.Option(
        "--out", metavar="DIR", parser=own_folder, help="run directory; default runs/<name>-<hash>"
    ),
]
Verbose = Annotated[
    bool,
    typer.Option("--verbose", help="print bounds, key figures, checks and how it was run, too"),
]
Debug = Annotated[
    bool,
    typer.Option("--debug", help="check packs, places, SOC and energy at every event; slow"),
]
