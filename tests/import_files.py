"""Write small files of stations and logs for tests of the importers, and run an import on them."""

import csv
import json
from pathlib import Path

import pytest

from chargesim.importers.stations import StationOptions, import_stations

SHARED = Path(__file__).parent.parent.parent / "shared" / "data"
"""Files that others published; they are no part of the project."""


def shared(name):
    """Return a published file; where it is not there the test is skipped, and says so."""
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"NOT TESTED: the published file {path} is not here")
    return path


def write(folder, name, content):
    """Write a text, bytes or plain data as JSON."""
    path = folder / name
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
        path.write_text(text, encoding="utf-8")
    return path


def imported(path, out=None, **options):
    """Import stations; return what is said, and the rows of the table."""
    out = out or path.with_name("sites.csv")
    done = import_stations(path, out, StationOptions(**options))
    with out.open(encoding="utf-8", newline="") as file:
        return done, list(csv.DictReader(file))


def location(name="L1", **changes):
    """Return an OCPI location of two EVSEs: one of 150 kW in W, one of three phases."""
    connectors = [
        {"id": "1", "power_type": "DC", "max_voltage": 920, "max_amperage": 200,
         "max_electric_power": 150_000},
        {"id": "2", "power_type": "AC_3_PHASE", "max_voltage": 230, "max_amperage": 32},
    ]  # fmt: skip
    return {
        "country_code": "DE",
        "party_id": "ABC",
        "id": name,
        "publish": True,
        "city": "Musterstadt",
        "coordinates": {"latitude": "50.770774", "longitude": "6.104965"},
        "evses": [
            {"uid": "a", "status": "AVAILABLE", "connectors": connectors},
            {"uid": "b", "status": "OUTOFORDER", "connectors": connectors[1:]},
        ],
        **changes,
    }
