"""Fit a scenario to a log of sessions, and hold it against later days."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chargesim.cli.messages import messages
from chargesim.cli.options import (
    AsJson,
    Changes,
    Engine,
    EngineOption,
    Figures,
    Jobs,
    ScenarioPath,
    app,
)
from chargesim.cli.studies import show

if TYPE_CHECKING:
    from datetime import date

Log = Annotated[
    Path,
    typer.Argument(
        metavar="LOG", help="a log from `chargesim import sessions`", show_default=False
    ),
]
_DATE = ["%Y-%m-%d"]


@app.command()
def fit(
    log: Log,
    until: Annotated[
        datetime,
        typer.Option(formats=_DATE, metavar="DATE", help="first day that is left out"),
    ],
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="the folder to make")],
    by_site: Annotated[
        bool,
        typer.Option(
            "--by-site/--one-profile",
            help="an hour-of-week profile for each site, or one for all",
        ),
    ] = True,
    figures: Figures = True,
    as_json: AsJson = False,
) -> None:
    """Fit arrivals and stays to a log; write a folder with a scenario that runs."""
    with messages(kept=False, did="written"):
        from chargesim.calibration.fit import fit_log
        from chargesim.calibration.folder import refuse_folder, write_fit
        from chargesim.view.fit import answer

        refuse_folder(out)
        written = write_fit(fit_log(log, until.date(), by_site), out)
        show(written, answer(written), figures=figures, as_json=as_json)


@app.command()
def backtest(
    scenario: ScenarioPath,
    log: Log,
    first: Annotated[
        datetime,
        typer.Option("--from", formats=_DATE, metavar="DATE", help="first day to hold it against"),
    ],
    set_: Changes = None,
    replications: Annotated[
        int, typer.Option(min=20, help="replications, each with its own draw of the fit")
    ] = 100,
    jobs: Jobs = 0,
    figures: Figures = True,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="its directory; default runs/backtest-<name>-<date>"),
    ] = None,
    engine: EngineOption = Engine.auto,
    as_json: AsJson = False,
) -> None:
    """Play a fitted scenario over later days of the log, and say what lies inside its bands."""
    with messages(kept=False):
        from chargesim.calibration.backtest import run_backtest
        from chargesim.scenario.reading import load
        from chargesim.view.backtest import answer

        loaded = load(scenario, set_ or [])
        day: date = first.date()
        folder = out or Path("runs") / f"backtest-{loaded.scenario.name}-{day}"
        found = run_backtest(
            loaded, log, day, folder,
            replications=replications, jobs=jobs, engine=engine.value, progress=not as_json,
        )  # fmt: skip
        show(found, answer(found), figures=figures, as_json=as_json)
