"""Print SALib's points, effects and indices for one case, read from standard input, as JSON.

A process of its own: SALib imports dill, which changes `pickle` for the whole process.
"""

import json
import sys

import numpy as np
from SALib.analyze import morris as morris_analysis
from SALib.analyze import sobol as sobol_analysis
from SALib.sample import morris as morris_sampling
from SALib.sample import sobol as sobol_sampling


def response(points):
    """Return a value for each point, with interactions."""
    weights = np.arange(1, points.shape[1] + 1)
    return np.exp(points @ weights / weights.sum()) + points[:, 0] * points[:, -1]


def main():
    """Compute everything that `chargesim.analysis.sensitivity` computes too."""
    case = json.load(sys.stdin)
    groups, seed = case["groups"], case["seed"]
    problem = {
        "num_vars": len(groups),
        "names": [f"input {i}" for i in range(len(groups))],
        "bounds": [[0.0, 1.0]] * len(groups),
        "groups": groups,
    }
    screened = morris_sampling.sample(problem, case["trajectories"], num_levels=4, seed=seed)
    effects = morris_analysis.analyze(problem, screened, response(screened), seed=seed)
    points = sobol_sampling.sample(problem, case["size"], calc_second_order=False, seed=seed)
    indices = sobol_analysis.analyze(
        problem, response(points), calc_second_order=False, num_resamples=500, seed=seed
    )
    figures = {
        "morris_points": screened,
        "mu_star": effects["mu_star"],
        "half": effects["mu_star_conf"],
        "sobol_points": points,
        "first": indices["S1"],
        "first_half": indices["S1_conf"],
        "total": indices["ST"],
        "total_half": indices["ST_conf"],
    }
    json.dump({name: np.asarray(values).tolist() for name, values in figures.items()}, sys.stdout)


if __name__ == "__main__":
    main()
