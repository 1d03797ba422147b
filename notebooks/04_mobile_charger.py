# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # A mobile charger, and an outage drill
#
# Would a van with a battery and a charging gun, sent to wherever the queue is longest, help a network that is short of guns? The package
# knows no such van. It is added here as a SimPy process of our own, and compared with the same city without it, vehicle by vehicle.
#
# The city is the small invented one with nearly three times its vehicles, so that its stations do have queues.

# %%
import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import chargesim as cs
from chargesim.analysis.intervals import t_interval
from chargesim.runs.replication import simulate

scenarios = next(
    folder / "scenarios"
    for folder in [Path.cwd(), *Path.cwd().parents]
    if (folder / "scenarios").is_dir()
)
folder = Path(tempfile.mkdtemp())
sc = cs.load(scenarios / "small_city.yaml").replace({"replications": 20, "fleet.stock": 10_000})

plain = cs.run(sc, out=folder / "plain")
plain.sites.query("kind == 'station'")[
    ["site", "district", "guns_or_bays", "utilisation", "arrivals_per_day"]
]

# %% [markdown]
# ## The van
#
# An extension is a function that takes the world of one replication (`chargesim.engine.simpy.engine.World`) and yields SimPy events:
# `world.wait(minutes)`, or `world.at(day=0, hour=18)` on the first judged day. `world.station("Riverside-3")` is a station with its `queue`
# and its `guns`, and `world.drive_min` the minutes between two sites. `add_gun` puts one more gun at a station, of the station's own kind
# but with a supply of its own: `gun.given_kwh` is what it has given, `gun.done` the event at which the vehicle at it leaves, and
# `gun.remove()` takes it away.
#
# The van looks every quarter of an hour for the longest queue at a public station, drives there from its depot, serves while somebody waits
# and its battery lasts, lets the last vehicle finish, drives back and recharges. Its figures are assumed; a gun of the station's kind (480
# kW) is generous.


# %%
def mobile_charger(world, stations, home, battery_kwh=200, least_kwh=80, depot_kw=120, log=None):
    """A van: look, drive to the longest queue, serve, drive back, recharge."""
    while True:
        yield world.wait(15 - world.env.now % 15)
        goal = max(stations, key=lambda name: len(world.station(name).queue))
        station, drive_min = world.station(goal), world.drive_min(home, goal)
        if not station.queue:
            continue
        found = len(station.queue)
        yield world.wait(drive_min)
        arrived_min, left_by_then = world.env.now, len(station.queue)
        gun = station.add_gun()
        while battery_kwh - gun.given_kwh > least_kwh:
            yield world.wait(1)
            if not station.queue and not gun.busy and world.env.now >= arrived_min + 10:
                break
        yield gun.done  # the vehicle at the gun finishes first
        gun.remove()
        stay_min = world.env.now - arrived_min
        if log is not None:
            log.append((goal, arrived_min, found, left_by_then, stay_min, gun.given_kwh))
        yield world.wait(drive_min + 60 * gun.given_kwh / depot_kw)


# %% [markdown]
# What it must know it is given with `functools.partial`: the public stations, and its home beside `Riverside-3`.

# %%
sites = plain.case.network.sites
public = tuple(
    name
    for name, access, guns in zip(sites.id, sites.access, sites.guns)
    if access == "public" and guns > 0
)
van = partial(mobile_charger, stations=public, home="Riverside-3")
helped = cs.run(sc, out=folder / "van", extensions=[van])

# %% [markdown]
# ## With the van and without it
#
# All vehicles are drawn before the simulation starts and the van draws nothing, so both runs have the same vehicles: differences can be
# taken pair by pair, replication by replication. For scale, a third run has the same gun stand at the busiest station all day, on the
# mains.

# %%
stations = plain.sites[plain.sites["kind"] == "station"]
busiest = stations.loc[stations["arrivals_per_day"].idxmax(), "site"]


def one_more_gun(world, station):
    """A gun more, from the start on."""
    yield world.wait(1)
    world.station(station).add_gun()


parked = cs.run(sc, out=folder / "parked", extensions=[partial(one_more_gun, station=busiest)])
named = {"the van": helped, f"a gun more at {busiest}": parked}


def by_replication(run):
    """Return the served share [%] and the mean wait of all that wished [min] of each replication."""
    sessions = run.sessions
    assert (sessions["wish_min"].to_numpy() == plain.sessions["wish_min"].to_numpy()).all(), (
        "not the same vehicles"
    )
    grouped = sessions.assign(served_pct=100.0 * (sessions["outcome"] == "served")).groupby(
        "replication"
    )
    return grouped[["served_pct", "wait_min"]].mean()


base = by_replication(plain)
differences = {name: by_replication(run) - base for name, run in named.items()}
lines = []
for name, difference in differences.items():
    for column, unit in (("served_pct", "% points"), ("wait_min", "min")):
        interval = t_interval(difference[column].to_numpy())
        lines.append(
            (name, column, base[column].mean(), interval.mean, interval.lower, interval.upper, unit)
        )
pd.DataFrame(
    lines, columns=["with", "what", "without it", "difference", "lower", "upper", "unit"]
).round(2)

# %%
figure, axes = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained", sharey=True)
figure.suptitle(
    "Change against the city as it is: each replication (blue), mean and 95 % interval (orange)",
    fontsize=11,
)
for ax, (column, label) in zip(
    axes, (("served_pct", "served share [% points]"), ("wait_min", "mean wait [min]"))
):
    for height, difference in enumerate(differences.values()):
        interval = t_interval(difference[column].to_numpy())
        ax.plot(
            difference[column],
            np.full(len(difference), height - 0.15),
            "o",
            color="#0072B2",
            alpha=0.4,
            markersize=5,
        )
        ax.plot([interval.lower, interval.upper], [height + 0.15] * 2, color="#D55E00", linewidth=3)
        ax.plot(interval.mean, height + 0.15, "o", color="#D55E00", markersize=8)
    ax.axvline(0, color="#767676", linewidth=1)
    ax.set(
        xlabel=f"change of the {label}",
        ylim=(1.5, -0.5),
        yticks=range(len(named)),
        yticklabels=list(named),
    )
    ax.spines[["top", "right"]].set_visible(False)

# %% [markdown]
# The means hide that not everybody gains: a vehicle that is drawn to a shorter queue may leave a longer one to others.

# %%
before, after = (run.sessions["outcome"] == "served" for run in (plain, helped))
days = len(base)
print(
    f"served thanks to the van: {(after & ~before).sum() / days:.1f} vehicles a day; no longer served: {(before & ~after).sum() / days:.1f}"
)

# %% [markdown]
# ## Why so little
#
# To look over the van's shoulder, `simulate` runs a replication in memory, in this process, and the van writes a list. (In `cs.run` a list
# would stay empty when worker processes do the work, or when the run stands finished in its directory already.)

# %%
seen = []
for replication in range(5):  # of two days each, with the lead-in
    simulate(replace(plain.case.task, extensions=(partial(van, log=seen),)), replication)
visits = pd.DataFrame(
    seen,
    columns=["station", "arrived_min", "queue_seen", "queue_on_arrival", "stay_min", "given_kwh"],
)
assert visits["given_kwh"].max() <= 200
print(f"{len(visits) / 10:.1f} trips a day, {visits['given_kwh'].mean():.0f} kWh a trip")
print(
    f"{(visits['queue_on_arrival'] == 0).mean():.0%} of them find no queue on arrival, {(visits['given_kwh'] == 0).mean():.0%} serve nobody"
)
visits.groupby("station")[["queue_seen", "queue_on_arrival", "stay_min", "given_kwh"]].mean().round(
    1
)

# %% [markdown]
# So the van helps, clearly but little: about 0.7 points of the served share. Some nine vehicles a day are served that were not, and some
# five are no longer. The reason is not its battery, of which a trip uses a tenth. It chases queues that are gone: nearly always a single
# vehicle waits, for minutes, and after the drive more than half of the queues have dissolved. Hilltown, 35 minutes away, gets the least
# from it. The same gun standing all day where the queues form gives about four times as much.
#
# That does not say that mobile chargers are of no use. In this city, sent by this rule from this depot, a van is a dear way to build a gun;
# where queues last for hours, as at a service area on a holiday, the answer may be another. Of the wait little can be said: it falls by a
# few seconds with the van, and with the gun its interval reaches over zero, since more vehicles stay and those wait too.
#
# ## An outage drill
#
# At 18:00 of the judged day all guns of the busiest station fail for an hour. A vehicle at one keeps its charge; it goes first in the
# queue, or elsewhere.


# %%
def drill(world, station, hour=18, minutes=60):
    """Let all guns of a station fail for some minutes of the judged day."""
    yield world.at(day=0, hour=hour)
    for gun in world.station(station).guns:
        gun.fail()
    yield world.wait(minutes)
    for gun in world.station(station).guns:
        gun.restore()


drilled = cs.run(sc, out=folder / "drill", extensions=[partial(drill, station=busiest)])
evening = {}
for name, run in (("as it is", plain), ("drill", drilled)):
    sessions = run.sessions
    hit = sessions[
        (plain.sessions["site"] == busiest) & ((sessions["wish_min"] // 60 % 24).isin([17, 18]))
    ]
    evening[name] = {
        f"vehicles in {days} days": len(hit),
        "served [%]": 100 * (hit["outcome"] == "served").mean(),
        "served there [%]": 100 * ((hit["outcome"] == "served") & (hit["site"] == busiest)).mean(),
        "mean wait [min]": hit["wait_min"].mean(),
        "interrupted [%]": 100 * (hit["interruptions"] > 0).mean(),
    }
print(f"those who wish between 17 and 19 h and whose last stop was {busiest} without the drill")
pd.DataFrame(evening).T.round(1)

# %%
change = t_interval((by_replication(drilled) - base)["served_pct"].to_numpy())
print(
    f"served of the whole day: {change.mean:+.2f} % points ({change.lower:+.2f} to {change.upper:+.2f})"
)

# %% [markdown]
# An hour without its two guns costs the city less than a point of the day's served share, but it falls on few: of those who would have
# ended at the station in these two hours half go unserved instead of one in seven, and only a fifth are served elsewhere. The neighbour,
# with its one gun, cannot take them.
#
# ## What an extension may do, and what not
#
# * It may read all of the world and change it through the methods of its sites; what else it changes, it answers for. `debug=True` in
#   `cs.run` checks at every event that no vehicle, gun, pack or energy is made or lost.
# * It draws no random numbers, or from a generator whose seed is in its code or given to it; otherwise the same run is not the same twice.
# * It waits with `world.wait` and `world.at`, which round to the exact time of the engine (multiples of 2**-20 minute). At an instant an
#   extension goes before the events of the model.
# * A run is named by the scenario and by the extension: its code, the values that it was given, and the functions and values of yours that
#   it names. So a run with it has a directory of its own, and a change of it starts a new one. Files that it reads are not looked at: give
#   it what is in them.
# * The statistics count service and energy of an added gun as the station's, so the load of the van appears at the station, and use is over the
#   plan's guns. In a blackout the station serves nobody, at an added gun neither.
# * Extensions are Python and come from Python alone. `chargesim run` takes no code and a scenario file can name none, so running somebody
#   else's scenario runs nothing of theirs.
