"""Check the quantile rule of the histograms."""

import math

import numpy as np
import pytest

from chargesim.analysis.histogram import BIN_FACTOR, quantile_min, share_at_most
from chargesim.engine.replication_totals import BINS, bin_edges_min


def filled(counts: dict[int, int]) -> np.ndarray:
    bins = np.zeros(BINS, dtype=np.int64)
    for place, count in counts.items():
        bins[place] = count
    return bins


def test_zero_bin_is_exact() -> None:
    bins = filled({0: 95, 40: 5})
    assert quantile_min(bins, 0.95) == 0.0
    assert quantile_min(bins, 0.96) > 0.0


def test_inside_a_bin_the_share_is_linear_in_the_logarithm() -> None:
    edges = bin_edges_min()
    low, high = edges[39], edges[40]
    assert quantile_min(filled({40: 100}), 0.25) == pytest.approx(
        low * (high / low) ** 0.25, rel=1e-6
    )
    assert quantile_min(filled({40: 100}), 1.0) == pytest.approx(high, rel=1e-6)
    assert high / low == pytest.approx(BIN_FACTOR)


def test_first_bin_is_linear_and_the_last_is_a_lower_bound() -> None:
    assert quantile_min(filled({1: 100}), 0.5) == pytest.approx(bin_edges_min()[1] / 2, rel=1e-6)
    assert quantile_min(filled({BINS - 1: 100}), 0.5) == 480.0


def test_unserved_are_infinite() -> None:
    bins = filled({0: 90, 30: 5})
    assert quantile_min(bins, 0.95, unserved=5) == pytest.approx(bin_edges_min()[30], rel=1e-6)
    assert quantile_min(bins, 0.95, unserved=6) == math.inf
    assert math.isnan(quantile_min(filled({}), 0.5))
    assert quantile_min(filled({}), 0.5, unserved=3) == math.inf


def test_quantile_of_known_distribution_is_within_a_bin() -> None:
    waits = np.random.default_rng(3).exponential(8.0, 20_000)
    bins = np.bincount(np.searchsorted(bin_edges_min(), waits, side="left"), minlength=BINS)
    for share in (0.2, 0.5, 0.95):
        exact = float(np.quantile(waits, share))
        assert exact / BIN_FACTOR < quantile_min(bins, share) < exact * BIN_FACTOR


def test_quantiles_of_many_histograms_at_once() -> None:
    bins = np.stack([filled({0: 10}), filled({40: 10})])
    both = quantile_min(bins, 0.5, unserved=np.array([0, 0]))
    assert both.tolist() == [0.0, float(quantile_min(bins[1], 0.5))]


def test_share_at_most_counts_the_unserved() -> None:
    shares = share_at_most(filled({0: 50, 10: 30}), unserved=20)
    assert (shares[0], shares[9], shares[10], shares[-1]) == (0.5, 0.5, 0.8, 0.8)


def test_wrong_number_of_bins_is_refused() -> None:
    with pytest.raises(ValueError, match="bins: got 3, needs 66"):
        quantile_min(np.zeros(3), 0.5)
