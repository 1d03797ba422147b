"""Check shared grid connections and the use of two kinds of gun by hand."""

import dataclasses

import numpy as np
import pytest
from factories_analysis import empty_totals, make_network, make_result

from chargesim.analysis.kpis import kpi_frame, kpi_value


def value(kpis, name, scope="city", key="all"):
    return float(kpi_value(kpis, name, scope, key)["mean"])


def with_columns(**columns):
    """Return a network whose sites have other columns."""
    network = make_network()
    return dataclasses.replace(network, sites=dataclasses.replace(network.sites, **columns))


def test_sites_behind_one_connection_load_it_together():
    """The last site, a swap site, shares the 630 kW of the first, a station: 15 connections carry
    16 sites."""
    plain = make_network().sites
    connection, site_kw = np.arange(len(plain)), plain.site_kw.copy()
    connection[-1], site_kw[-1] = 0, 630.0
    network = with_columns(connection=connection, site_kw=site_kw)
    run = empty_totals(network)
    run.peak_kw[[0, -1]], run.connection_peak_kw[0] = (400.0, 200.0), 500.0
    kpis = kpi_frame(make_result([run, run], network=network))
    assert value(kpis, "transformer_load") == pytest.approx(500 / 630 / 15)
    assert value(kpis, "transformer_load", "kind", "station") == pytest.approx(500 / 630 / 12)
    assert value(kpis, "transformer_load", "kind", "swap") == pytest.approx(500 / 630 / 4)
    assert value(kpis, "share_transformers_above_90pct") == 0
    assert value(kpis, "site_peak_mw", "kind", "station") == pytest.approx(
        0.4
    )  # a site's own peak stays its own


def test_energy_over_the_rated_power_of_both_kinds_of_gun():
    """Two stations get 6 companions of 180 kW each, beside their ultra-fast guns of 480 kW."""
    plain = make_network().sites
    companions = np.where(np.arange(len(plain)) < 2, 6, 0)
    network = with_columns(
        guns=plain.guns + companions,
        companions=companions,
        companion_kw=np.where(companions > 0, 180.0, 0.0),
    )
    run = empty_totals(network)
    run.energy_kwh[0, 13] = 96.0
    kpis = kpi_frame(make_result([run, run], network=network))
    assert value(kpis, "energy_utilisation") == pytest.approx(
        96 / (24 * (480 * plain.guns.sum() + 12 * 180))
    )
    assert value(kpis, "kwh_per_pile_day") == pytest.approx(96 / (plain.guns.sum() + 12))
