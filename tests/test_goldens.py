"""Hold what the commands answer to the tables that were frozen in tests/goldens."""

import pytest
from golden_cases import CASES
from golden_tables import HERE, ask, differing, read_table, same_machine, table_of

SHOWN = 12


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=case.name, marks=[pytest.mark.slow] if case.slow else [])
        for case in CASES.values()
    ],
)
def test_answers_are_the_frozen_ones(case, tmp_path):
    exact = same_machine()
    answer = ask(case, tmp_path)
    lines = differing(read_table(HERE / f"{case.golden}.csv"), table_of(case, answer), exact=exact)
    how = (
        "to the last bit"
        if exact
        else "within 1e-9, since processor or libraries are others than those in machine.json"
    )
    told = "\n".join(lines[:SHOWN])
    assert not lines, (
        f"{case.name}: {len(lines)} values differ, compared {how}:\n{told}\n{answer.stderr[-500:]}"
    )


def test_every_table_belongs_to_a_case():
    assert {path.stem for path in HERE.glob("*.csv")} == {case.golden for case in CASES.values()}


def test_every_change_is_told():
    golden = {
        ("kpis.csv", "peak_mw|city|all", "mean"): "0.1",
        ("kpis.csv", "hour", "sha256"): "ab",
        ("levels.csv", "1", "state"): "meets",
    }
    near = {
        **golden,
        ("kpis.csv", "peak_mw|city|all", "mean"): "0.1000000000000001",
        ("kpis.csv", "hour", "sha256"): "cd",
    }
    assert differing(golden, golden, exact=True) == differing(golden, near, exact=False) == []
    assert differing(golden, near, exact=True) == [
        "kpis.csv / peak_mw|city|all / mean: '0.1' in the golden table, now '0.1000000000000001'",
        "kpis.csv / hour / sha256: 'ab' in the golden table, now 'cd'",
    ]
    other = {
        ("levels.csv", "1", "state"): "fails",
        ("kpis.csv", "peak_mw|city|all", "mean"): "0.1",
        ("new", "", "n"): "1",
    }
    assert [line.split(":")[0] for line in differing(golden, other, exact=False)] == [
        "kpis.csv / hour / sha256", "levels.csv / 1 / state", "new /  / n",
    ]  # fmt: skip
