"""Test that demand drawn once for many scenarios is what each would draw, bit for bit."""

import numpy as np
import pytest
from factories import SCENARIOS

from chargesim.demand.demand_table import WISH
from chargesim.demand.thinning import alike, days_of_all, shared_draw
from chargesim.runs.case import build_case
from chargesim.scenario.reading import load

BUSY = [
    "fleet.connected_share=0.4",
    "tariff.enabled=true",
    "choice.reservation.enabled=true",
    "reliability.failed_start_share=0.1",
]


def models(key, levels, changes=()):
    loaded = load(SCENARIOS / "small_city.yaml", list(changes))
    return [build_case(loaded.replace({key: level})).task.demand for level in levels]


@pytest.mark.parametrize(
    ("key", "levels"),
    [("fleet.share_at_network", (0.05, 0.2, 0.4)), ("fleet.stock", (9_000, 0, 2_345.6))],
)
@pytest.mark.parametrize("changes", [(), BUSY])
def test_thinning_equals_drawing_anew_to_the_last_bit(key, levels, changes):
    each = models(key, levels, changes)
    assert shared_draw(each) is not None
    lengths = set()
    for model, tables in zip(each, days_of_all(each, 3, 3), strict=True):
        for day, table in enumerate(tables):
            assert alike(table, model.day(3, day))
        lengths.add(sum(map(len, tables)))
    assert len(lengths) == len(levels)  # the levels are not all the same


def test_only_what_changes_the_number_alone_is_drawn_once():
    assert shared_draw(models("fleets.private_car.patience_min", (10, 20))) is None
    assert shared_draw(models("fleets.private_car.soc_mean", (0.3, 0.35))) is None
    assert shared_draw(models("stations.gun_kw", (120, 480))) is not None
    assert shared_draw(models("stations.gun_kw", (120,))) is None


def test_what_cannot_be_drawn_once_is_drawn_anew():
    each = models("fleets.private_car.patience_min", (10, 20))
    for model, tables in zip(each, days_of_all(each, 0, 2), strict=True):
        assert alike(tables, [model.day(0, day) for day in range(2)])
    first, second = (
        next(days)[0] for days in (days_of_all(each[:1], 0, 1), days_of_all(each[1:], 0, 1))
    )
    assert not np.array_equal(first["patience_min"], second["patience_min"])


def test_alike_looks_into_every_part():
    one, other = models("fleet.stock", (3_000, 3_000))
    assert one is not other and alike(one, other)
    assert not alike(*models("fleet.stock", (3_000, 3_001)))
    assert not alike(np.zeros(2), np.zeros(3))
    rows = np.zeros(2, dtype=WISH)
    rows["key"][1] = 7
    assert not alike(np.zeros(2, dtype=WISH), rows)
    assert not alike((1.0, np.zeros(2)), (1.0, np.array([0.0, 1.0])))
