"""Reach the arrays of a run from one record of their addresses.

A compiled function that takes thirty arrays passes two hundred numbers at every call, and counts
thirty references; one that takes a record passes its address. `addresses` makes the record; the
array of the cars is `arrays.cars(w)`. The arrays must live as long as the record is used:
`state.City` holds them.
"""

from typing import Any

import numpy as np
from numba import carray, njit, types  # type: ignore[attr-defined]
from numba.core.types import Type
from numba.extending import intrinsic

from chargesim.demand.demand_table import OUTAGE, WISH
from chargesim.engine import choice
from chargesim.engine.choice import CANDIDATE, CITY
from chargesim.engine.compiled.state import (
    CAR,
    CLOCK,
    EVENT,
    GROUP,
    OUTLET,
    RULES,
    SERVER,
    SITE,
    City,
)
from chargesim.engine.session_log import SESSION

ADDRESSES = np.dtype(
    [
        (f"{name}_{part}", "i8")
        for name in City._fields
        for part in ("at", "rows", "columns", "layers")
    ],
    align=True,
)
"""Of each array its address and its shape; a shape is filled up with ones."""


def addresses(city: City) -> Any:
    """Return the record of the addresses of all arrays."""
    record: list[int] = []
    for name, array in zip(City._fields, city, strict=True):
        if not array.flags.c_contiguous:
            raise ValueError(f"{name}: needs an array whose entries lie one after the other")
        record += (array.ctypes.data, *(*array.shape, 1, 1)[:3])
    return np.array([tuple(record)], dtype=ADDRESSES)[0]


@intrinsic
def _pointer(_typing: Any, address: Type) -> Any:
    """Return an address as a pointer."""

    def make(_context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], _context.get_value_type(signature.return_type))

    return types.voidptr(address), make


def _array(name: str, dtype: Any, dimensions: int) -> Any:
    """Return the function that reaches an array."""
    at, rows, columns, layers = (f"{name}_{part}" for part in ("at", "rows", "columns", "layers"))
    pointer: Any = _pointer
    if dimensions == 1:
        return njit(lambda w: carray(pointer(w[at]), (w[rows],), dtype))
    if dimensions == 2:
        return njit(lambda w: carray(pointer(w[at]), (w[rows], w[columns]), dtype))
    return njit(lambda w: carray(pointer(w[at]), (w[rows], w[columns], w[layers]), dtype))


def _index(array: Any, field: str) -> Any:
    """Return the function that reads an index out of a record, as eight bytes.

    Records hold indices of four bytes. Numba would compile a function once for these and once for
    others.
    """
    return njit(lambda w, i: np.int64(array(w)[i][field]), inline="always")


clock = _array("clock", CLOCK, 1)
rules = _array("rules", RULES, 1)
heap = _array("heap", EVENT, 1)
table = _array("table", WISH, 1)
cars = _array("cars", CAR, 1)
wishes = _array("wishes", WISH, 1)
tried = _array("tried", np.int64, 2)
sites = _array("sites", SITE, 1)
servers = _array("servers", SERVER, 1)
outlets = _array("outlets", OUTLET, 1)
groups = _array("groups", GROUP, 1)
group_outlets = _array("group_outlets", np.int64, 1)
cabinet_kw = _array("cabinet_kw", np.float64, 1)
module_kw = _array("module_kw", np.float64, 1)
used_kw = _array("used_kw", np.float64, 1)
rising_in = _array("rising_in", np.int64, 1)
sharing = _array("sharing", np.int64, 2)
sharing_kw = _array("sharing_kw", np.float64, 2)
empty = _array("empty", np.float64, 2)
outages = _array("outages", OUTAGE, 1)
log = _array("log", SESSION, 1)
posted_min = _array("posted_min", np.float64, 1)
foreseen_min = _array("foreseen_min", np.float64, 1)
candidates = _array("candidates", CANDIDATE, 3)
known = _array("known", choice.KNOWN_SITE, 1)
city = _array("city", CITY, 1)
edge_soc = _array("edge_soc", np.float64, 2)
outside_min = _array("outside_min", np.float64, 1)
step_kw = _array("step_kw", np.float64, 3)
busy_min = _array("busy_min", np.float64, 2)
all_occupied_min = _array("all_occupied_min", np.float64, 2)
occupied_min = _array("occupied_min", np.float64, 2)
charging_min = _array("charging_min", np.float64, 2)
energy_kwh = _array("energy_kwh", np.float64, 2)
store_kwh = _array("store_kwh", np.float64, 2)
down_min = _array("down_min", np.float64, 2)
queue_min = _array("queue_min", np.float64, 2)
ready_min = _array("ready_min", np.float64, 2)
arrivals = _array("arrivals", np.int64, 2)
pack_found = _array("pack_found", np.int64, 2)
losses = _array("losses", np.int64, 2)
noted_kwh = _array("noted_kwh", np.float64, 1)
queue_check_min = _array("queue_check_min", np.float64, 2)

site_of_car = _index(cars, "site")
site_that_knows = _index(cars, "known")
site_that_holds = _index(cars, "held")
car_at_server = _index(servers, "car")
server_count = _index(sites, "servers")
group_of_site = _index(sites, "group")
group_of_outlet = _index(outlets, "group")
site_of_outlet = _index(outlets, "site")
