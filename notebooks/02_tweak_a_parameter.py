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
# # Tweak a parameter
#
# What does one change of a plan bring? Run it with and without the change, on the same vehicles, and look at the difference
# replication by replication: noise that both runs share falls out of it.
#
# The city is the small invented one with nearly three times its vehicles, so that there are queues.

# %%
import tempfile
from pathlib import Path

import chargesim as cs

scenarios = next(
    folder / "scenarios"
    for folder in [Path.cwd(), *Path.cwd().parents]
    if (folder / "scenarios").is_dir()
)
folder = Path(tempfile.mkdtemp())
sc = cs.load(scenarios / "small_city.yaml").replace({"replications": 10, "fleet.stock": 10_000})
as_planned = cs.run(sc, out=folder / "as_planned", jobs=1)

# %% [markdown]
# ## One change
#
# The guns get a quarter of their power. Any key of the scenario can be changed; `chargesim schema` lists them all.

# %%
weak = cs.run(sc.replace({"stations.gun_kw": 120}), out=folder / "weak", jobs=1)
compared = cs.compare(
    as_planned, weak, names=["as planned", "guns of 120 kW"], out=folder / "compared"
)
print(compared.sentence)

# %% [markdown]
# The vehicles are the same, down to the battery with which each arrives; the notes say so, and say what was changed.

# %%
print(*compared.comparison.notes, sep="\n")

# %% [markdown]
# Each figure with its paired 95 % interval, those that differ for sure and by most first. `vrf` tells what the pairing is worth: so many
# times the replications would two independent runs need for the same interval. `sure` is Holm's correction over the whole table.

# %%
compared.table[
    ["title", "mean_than", "mean", "difference", "lower", "upper", "unit", "vrf", "sure"]
].head(12)

# %%
cs.plot.compare_use_by_hour(compared)

# %%
cs.plot.compare_heat_map(compared)

# %% [markdown]
# ## A change of the demand
#
# With more vehicles the demand is another one, but all vehicles of the first run are in the second as well; the notes count them.

# %%
more = cs.run(sc.replace({"fleet.stock": 12_000}), out=folder / "more", jobs=1)
compared = cs.compare(
    as_planned,
    weak,
    more,
    names=["as planned", "guns of 120 kW", "2,000 more vehicles"],
    out=folder / "all",
)
print(compared.sentence)
print(*compared.comparison.notes, sep="\n")

# %%
cs.plot.compare_load_duration(compared).figure
