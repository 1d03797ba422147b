"""Check the load of grid connections that several sites share, and the use of two kinds of gun, by hand."""

import dataclasses

import numpy as np
import pytest
from factories_analysis import empty_accumulators, make_network, make_result

from chargesim.analysis.kpis import kpi_frame, kpi_value


def value(kpis, name, scope="city", key="all"):
    return float(kpi_value(kpis, name, scope, key)["mean"])


def with_columns(**columns):
    """Return a network whose sites have other columns."""
    network = make_network()
    return dataclasses.replace(network, sites=dataclasses.replace(network.sites, **columns))


def shared(rows):
    """Let the last site, a swap site, share the connection and the 630 kW of the first, a station."""
    plain = make_network().sites
    connection, site_kw = np.arange(len(plain)), plain.site_kw.copy()
    connection[-1], site_kw[-1] = 0, 630.0
    network = with_columns(connection=connection, site_kw=site_kw)
    run = empty_accumulators(network)
    for site, hour, kw in rows:
        run.peak_kw[site, hour] = kw
    return network, kpi_frame(make_result([run, run], network=network))


def test_sites_of_a_connection_add_up_hour_by_hour():
    """300 and 200 kW in one hour are 500 kW; 400 kW alone in another hour is less. 15 connections carry 16 sites."""
    network, kpis = shared([(0, 2, 300.0), (-1, 2, 200.0), (0, 9, 400.0)])
    assert len(network.sites) == 16
    assert value(kpis, "transformer_load") == pytest.approx(500 / 630 / 15)
    assert value(kpis, "transformer_load", "kind", "station") == pytest.approx(500 / 630 / 12)
    assert value(kpis, "transformer_load", "kind", "swap") == pytest.approx(500 / 630 / 4)
    assert value(kpis, "share_transformers_above_90pct") == 0
    assert value(kpis, "site_peak_mw", "kind", "station") == pytest.approx(0.4)  # a site's own peak stays its own


def test_a_shared_connection_carries_no_more_than_its_power():
    """Highest quarters of one hour that are not the same quarter would add up to more than the connection has."""
    _, kpis = shared([(0, 2, 500.0), (-1, 2, 400.0)])
    assert value(kpis, "transformer_load") == pytest.approx(1 / 15)
    assert value(kpis, "share_transformers_above_90pct") == pytest.approx(1 / 15)
    assert value(kpis, "share_transformers_above_90pct", "kind", "swap") == pytest.approx(1 / 4)


def test_energy_over_the_rated_power_of_both_kinds_of_gun():
    """Two stations get 6 companions of 180 kW each, beside their ultra-fast guns of 480 kW."""
    plain = make_network().sites
    companions = np.where(np.arange(len(plain)) < 2, 6, 0)
    network = with_columns(guns=plain.guns + companions, companions=companions, companion_kw=np.where(companions > 0, 180.0, 0.0))
    run = empty_accumulators(network)
    run.energy_kwh[0, 13] = 96.0
    kpis = kpi_frame(make_result([run, run], network=network))
    assert value(kpis, "energy_utilisation") == pytest.approx(96 / (24 * (480 * plain.guns.sum() + 12 * 180)))
    assert value(kpis, "kwh_per_pile_day") == pytest.approx(96 / (plain.guns.sum() + 12))
