"""Compare the two engines by their syntax: modules and functions of the same names in the same
order."""

import ast
from pathlib import Path

import pytest

import chargesim

ENGINE = Path(chargesim.__file__).parent / "engine"
SIMPY, COMPILED = ENGINE / "simpy", ENGINE / "compiled"
TWINS = {
    "day_statistics.py": (ENGINE / "day_statistics.py", COMPILED / "day_statistics.py"),
    **{
        f"{name}.py": (SIMPY / f"{name}.py", COMPILED / f"{name}.py")
        for name in (
            "__init__", "cloud", "engine", "outages", "power", "site", "state", "station", "store",
            "swap_site", "vehicle",
        )
    },
}  # fmt: skip
"""Modules that tell the same; the statistics of the SimPy engine are those that both hand out."""

ALONE_MODULES = {
    "simpy/audit.py": "checks the SimPy engine alone; the compiled engine is checked against it",
    "simpy/car.py": "compiled: the records `CAR` and `WISH`",
    "simpy/outlets.py": "compiled: the records `OUTLET`",
    "simpy/events.py": "compiled: the schedule, and steps that are called",
    "compiled/arrays.py": "SimPy has objects",
    "compiled/kinds.py": "SimPy's classes know their kind by themselves",
    "compiled/linked_list.py": "SimPy has dictionaries",
    "compiled/prefetch.py": "Python has no say in what the processor fetches",
    "compiled/schedule.py": "SimPy has a schedule of its own",
    "compiled/steps.py": "SimPy's processes go on by themselves",
}
"""Modules of one engine, and why the other has none."""

BUILT = "compiled: `state` fills arrays"
ARRAYS = "SimPy: objects are built where they are"
OWN = "for processes of the user's own, which are SimPy's"
LISTS = "SimPy: a list of the free numbers"
LOOP = "SimPy has a loop and a schedule of its own"
CUT = "SimPy: a part of `story`"
ALONE = {
    "day_statistics.py": {
        "simpy": {
            "add_level": "compiled once, for both",
            "add_charge": "compiled once, for both",
            "turn_day": "the statistics are one object, whichever engine fills it",
            "joined": "the statistics are one object, whichever engine fills it",
        }
    },
    "engine.py": {
        "simpy": {
            "station": OWN,
            "drive_min": OWN,
            "at": OWN,
            "wait": OWN,
            "number": OWN,
            "schedule": "compiled: in `schedule`",
            "expect_wish": "compiled: wishes are in order and need no schedule",
            "vehicles": "compiled: `vehicle.appear` reads the table",
            "run_simpy": "the same as `run_compiled`",
        },
        "compiled": {
            "run_until": LOOP,
            "next_event": LOOP,
            "logged": "SimPy: a list",
            "use": "SimPy: objects grow by themselves",
            "begin": "SimPy: `World.__init__`",
            "judge_all": "SimPy: a set",
            "wish_comes_first": LOOP,
            "run_events": LOOP,
            "handle": LOOP,
            "run_compiled": "the same as `run_simpy`",
            "non_empty": "SimPy reads row by row",
        },
    },
    "power.py": {
        "simpy": {
            "add_outlets": BUILT,
            "add_outlet": OWN,
            "add": BUILT,
            "soc_in_statistics": "for `audit`",
            "soc_after": "for `audit`, and for `soc_now`",
        }
    },
    "site.py": {"compiled": {"take": LISTS, "take_lowest": LISTS}},
    "state.py": {
        "simpy": {"build_site": "compiled: all sites at once, as arrays"},
        "compiled": {
            "build_city": "SimPy: `City.__init__`",
            "grown": "SimPy: objects grow by themselves",
            "doubled": "SimPy: objects grow by themselves",
            "rules": ARRAYS,
            "sites": ARRAYS,
            "site_of_outlet": ARRAYS,
            "cabinets": ARRAYS,
            "groups": ARRAYS,
            "fill_groups": ARRAYS,
        },
    },
    "station.py": {
        "simpy": {
            "gun": OWN,
            "add_gun": OWN,
        },
        "compiled": {"used_at_cabinet": "SimPy: a Counter"},
    },
    "swap_site.py": {"simpy": {"packs": "for `audit`", "lacking_kwh": "for `audit`"}},
    "vehicle.py": {
        "simpy": {"story": "compiled: cut at its events"},
        "compiled": {
            "appear": CUT,
            "set_out": CUT,
            "arrive": CUT,
            "go_on": CUT,
        },
    },
}
"""Functions of one engine, and why the other has none."""
ALONE_CLASSES = {"Gun": OWN}


def functions(path):
    """Return the functions and methods of a module, in their order and without underscore."""
    found = []
    for top in ast.parse(path.read_text(encoding="utf-8")).body:
        if not (isinstance(top, ast.ClassDef) and top.name in ALONE_CLASSES):
            found += top.body if isinstance(top, ast.ClassDef) else [top]
    return [
        node.name.removeprefix("_")
        for node in found
        if isinstance(node, ast.FunctionDef)
        and not node.name.startswith("__")
        and not any("overload" in ast.unparse(each) for each in node.decorator_list)
    ]


def test_every_module_has_a_twin_or_a_reason():
    found = {f"{each.parent.name}/{each.name}" for pair in TWINS.values() for each in pair}
    found |= set(ALONE_MODULES)
    there = {
        f"{folder.name}/{each.name}" for folder in (SIMPY, COMPILED) for each in folder.glob("*.py")
    }
    assert found - there == {"engine/day_statistics.py"}
    assert there <= found


@pytest.mark.parametrize("module", TWINS)
def test_twins_have_the_same_functions_in_the_same_order(module):
    readable, compiled = (functions(path) for path in TWINS[module])
    alone = ALONE.get(module, {})
    for mine, other, reasons in (
        (readable, compiled, alone.get("simpy", {})),
        (compiled, readable, alone.get("compiled", {})),
    ):
        assert set(reasons) <= set(mine), "names of functions that are gone"
        assert not set(reasons) & set(other), "functions that have a twin"
    assert [name for name in readable if name not in alone.get("simpy", {})] == [
        name for name in compiled if name not in alone.get("compiled", {})
    ]


def test_a_function_of_one_engine_alone_and_another_order_are_noticed(tmp_path, monkeypatch):
    """Plant both in a copy of a module."""
    text = (COMPILED / "store.py").read_text(encoding="utf-8")
    first, *others = text.split("@njit\n")
    for fault in (
        text + "\n\ndef more(w, g):\n    return w\n",
        "@njit\n".join([first, others[1], others[0], *others[2:]]),
        "@njit\n".join([first, *others[1:]]),
    ):
        (tmp_path / "store.py").write_text(fault, encoding="utf-8")
        monkeypatch.setitem(TWINS, "store.py", (SIMPY / "store.py", tmp_path / "store.py"))
        with pytest.raises(AssertionError):
            test_twins_have_the_same_functions_in_the_same_order("store.py")
