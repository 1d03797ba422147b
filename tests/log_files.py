"""Make logs of sessions whose truth is known: arrivals, stays, and drivers who leave or wait."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

FIRST = pd.Timestamp("2024-01-01")  # a Monday
SHAPE = np.array([.2] * 6 + [.8, 1.6, 1.4, 1.2, 1.1, 1.2, 1.3, 1.3, 1.2, 1.3, 1.7, 2., 1.8, 1.3, .9,
                  .7, .4, .2])  # fmt: skip
SHAPE = np.tile(SHAPE / SHAPE.mean(), 7) * np.repeat([1.05, 1.05, 1.05, 1.05, 1.1, 0.9, 0.8], 24)
SHAPE /= SHAPE.mean()


@dataclass(frozen=True)
class Truth:
    """What a log is drawn from."""

    per_day: float = 40.0
    guns: int = 3
    stay_min: float = 30.0
    wait_share: float = 0.0
    step: float = 0.0
    """standard deviation of the weekly step of the log level"""


def sessions(truth, days, seed, site="Hub", connector="2"):
    """Return the sessions of a site, minute by minute as logs have them; and the arrivals."""
    rng = np.random.default_rng(seed)
    weeks = -(-days // 7)
    walk = np.cumsum(np.append(0.0, truth.step * rng.standard_normal(weeks)))[:weeks]
    rate = truth.per_day / 24 * np.exp(np.repeat(walk, 168)) * np.tile(SHAPE, weeks)
    count = rng.poisson(rate[: 24 * days])
    arrive = np.sort(np.repeat(np.arange(24 * days), count) * 60.0 + 60 * rng.random(count.sum()))
    stay = truth.stay_min * rng.gamma(4.0, 0.25, len(arrive))
    waits = rng.random(len(arrive)) < truth.wait_share
    free, rows = np.zeros(truth.guns), []
    for when, minutes, stays_on in zip(arrive, stay, waits, strict=True):
        gun = int(np.argmin(free))
        if free[gun] > when and not stays_on:
            continue
        begin = max(when, free[gun])
        free[gun] = begin + minutes
        rows.append((begin, minutes, f"{site}-{gun}/{connector}"))
    begin, minutes, guns = zip(*rows, strict=True)
    start = np.floor(np.array(begin))
    end = np.maximum(start + 1, np.floor(np.array(begin) + np.array(minutes)))
    frame = pd.DataFrame({"start": FIRST + pd.to_timedelta(start, unit="min"), "site": site})
    frame["duration_min"], frame["gun"] = end - start, list(guns)
    frame["start"] = frame["start"].astype("datetime64[us]").dt.tz_localize("UTC")
    return frame, arrive


def write_log(path, *frames):
    """Write sessions as `import sessions` does."""
    log = pd.concat(frames).sort_values("start", ignore_index=True)
    log["end"] = log["start"] + pd.to_timedelta(log["duration_min"], unit="min")
    log.to_parquet(path, index=False)
    return path
