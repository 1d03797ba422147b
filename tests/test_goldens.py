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
