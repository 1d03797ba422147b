# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#       jupytext_version: 1.19.6
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # A city of your own, from raw files to a verdict
#
# A list of stations and a log of sessions become a scenario, a verdict, and a table that says how far to trust it. The raw files here are invented, so that
# the notebook runs anywhere. Put your own in their place.

# %%
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

import chargesim as cs

folder = Path(tempfile.mkdtemp())


def chargesim(*words):
    """Run a command of chargesim in the folder, and print what it says."""
    command = [sys.executable, "-m", "chargesim", *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    print(done.stdout or done.stderr)


# %% [markdown]
# ## A list of stations
#
# The columns have names of their own; a map says what they are.

# %%
stations = pd.DataFrame(
    {
        "code": ["north", "south"],
        "breite": [56.47, 56.45],
        "laenge": [-2.97, -2.95],
        "schnell": [2, 3],
    }
)
stations.to_csv(folder / "stations.csv", index=False)
(folder / "stations.yaml").write_text(
    """site_id: code
lat: breite
lon: laenge
guns:
  - {count: schnell, kw: 50}
""",
    encoding="utf-8",
)
chargesim("import", "stations", "stations.csv", "--map", "stations.yaml", "--out", "sites.csv")

# %% [markdown]
# ## A log of sessions
#
# Twenty weeks at both hubs, busier by day than by night. Who finds all guns busy leaves, and leaves no trace in the log.

# %%
rng = np.random.default_rng(1)
minutes = 20 * 7 * 1440
rows = []
for hub, guns, per_day in (("north", 2, 18.0), ("south", 3, 30.0)):
    free_at = [0.0] * guns
    for start in np.sort(rng.uniform(0, minutes, rng.poisson(2 * per_day * minutes / 1440))):
        by_day = 7 <= start / 60 % 24 < 22
        gun = int(np.argmin(free_at))
        if rng.random() > (0.75 if by_day else 0.08) or free_at[gun] > start:
            continue
        free_at[gun] = start + rng.lognormal(np.log(24), 0.45)
        rows.append((hub, f"{hub}-{gun}", start, free_at[gun]))
log = pd.DataFrame(rows, columns=["hub", "gun", "start", "end"]).sort_values("start")
for column in ("start", "end"):
    log[column] = pd.Timestamp("2026-01-05") + pd.to_timedelta(log[column].round(), unit="min")
log.to_csv(folder / "log.csv", index=False)
(folder / "log.yaml").write_text(
    "timezone: Europe/London\nstart: start\nend: end\nsite: hub\ngun: gun\n", encoding="utf-8"
)
chargesim("import", "sessions", "log.csv", "--map", "log.yaml", "--out", "log.parquet")

# %% [markdown]
# ## Fit it
#
# The first fifteen weeks make a scenario that runs: arrivals by hour of the week, their level, stays, and who waits.

# %%
chargesim("fit", "log.parquet", "--until", "2026-04-20", "--out", "twohubs", "--no-figures")

# %% [markdown]
# ## Ask it

# %%
sc = cs.load(folder / "twohubs" / "twohubs.yaml")
run = cs.run(sc, out=folder / "run", jobs=1)
run.verdict.verdict, [(one.name, one.estimate, one.verdict) for one in run.verdict.criteria]

# %%
cs.plot.utilisation(run)

# %% [markdown]
# ## How far to trust it
#
# The last five weeks were not used. What happened in them stands beside the band that the fit foresaw.

# %%
chargesim(
    "backtest", "twohubs/twohubs.yaml", "log.parquet", "--from", "2026-04-20", "--no-figures"
)  # fmt: skip

# %% [markdown]
# Dundee, Perth and EPFL, from their public files: `docs/backtest.md`. A fitted city that comes with the program: `chargesim run dundee_rapid`.
