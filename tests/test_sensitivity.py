"""Compare our Morris and Sobol with SALib's, bit for bit, and with values known in closed form."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from chargesim.analysis.sensitivity import (
    morris_effects,
    morris_points,
    sobol_points,
    sobol_shares,
)


def response(points):
    weights = np.arange(1, points.shape[1] + 1)
    return np.exp(points @ weights / weights.sum()) + points[:, 0] * points[:, -1]


@pytest.mark.parametrize(
    ("groups", "trajectories", "size", "seed"),
    [
        (["b", "a", "a", "c"], 2, 8, 1),
        (["x", "y"], 3, 2, 42),
        ([f"g{i % 11}" for i in (*range(11), 3, 3, 7, 1, 0, 3)], 20, 64, 2025),
    ],
)
def test_all_figures_equal_salibs(groups, trajectories, size, seed):
    case = {"groups": groups, "trajectories": trajectories, "size": size, "seed": seed}
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("salib_figures.py"))],
        input=json.dumps(case),
        capture_output=True,
        text=True,
        check=True,
    )
    theirs = {name: np.array(values) for name, values in json.loads(done.stdout).items()}
    screened = morris_points(groups, trajectories, seed)
    points = sobol_points(groups, size, seed)
    assert np.array_equal(screened, theirs["morris_points"])
    assert np.array_equal(points, theirs["sobol_points"])
    effects = morris_effects(groups, screened, response(screened), seed)
    indices = sobol_shares(groups, response(points), seed)
    assert list(effects["group"]) == list(indices["group"]) == list(dict.fromkeys(groups))
    for name in ("mu_star", "half"):
        assert np.array_equal(effects[name], theirs[name]), name
    for name in ("first", "first_half", "total", "total_half"):
        assert np.array_equal(indices[name], theirs[name]), name


def test_nothing_of_salib_is_loaded_to_study_uncertainty():
    """Its dill would let `pickle`, and so the hash of an extension, accept what has no content."""
    code = "import sys, chargesim.experiment.uncertainty; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"SALib", "dill", "multiprocess"} & set(done.stdout.split())


def test_indices_of_a_product_are_those_of_the_closed_form():
    """For Y = x1 x2 with x uniform: V = 7/144, first 3/7 each, total 4/7 each."""
    points = sobol_points(["a", "b"], 4096, seed=3)
    found = sobol_shares(["a", "b"], points[:, 0] * points[:, 1], seed=3)
    assert found["first"].to_numpy() == pytest.approx([3 / 7] * 2, abs=0.01)
    assert found["total"].to_numpy() == pytest.approx([4 / 7] * 2, abs=0.01)


def test_points_that_vary_in_no_base_point_have_no_share():
    values = np.tile([1.0, 2.0, 1.0, 1.0], 8)  # A, two mixed points, B
    found = sobol_shares(["a", "b"], values, seed=1)
    assert (found[["first", "first_half", "total", "total_half"]] == 0).all(axis=None)
