"""Check the exact message on each bad table in `tests/bad`, and that odd but right ones are read.

The folder of a file says which table of the small city it takes the place of.
"""

import contextlib
import random
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from network_files import copy_small_city
from ruamel.yaml import YAML

from chargesim.demand.recorded_columns import RecordedRow, columns_needed
from chargesim.errors import InputError
from chargesim.network.table_columns import ZoneRow
from chargesim.runs.case import build_case
from chargesim.scenario.reading import load
from chargesim.scenario.tables import read_columns, read_rows

BAD = Path(__file__).parent / "bad"
FILES = sorted(path.relative_to(BAD).as_posix() for path in BAD.glob("*/*.csv"))
EXPECTED = YAML(typ="safe").load((BAD / "expected.yaml").read_text(encoding="utf-8"))
PLACES = {
    "zones": "city.zones", "roads": "city.roads", "sites": "city.sites", "log": "recorded",
    "profiles": "tables.profiles",
}  # fmt: skip
"""The key that names a table, by folder."""


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    return copy_small_city(tmp_path_factory.mktemp("bad"))


def said(city, file):
    """Return what is said of a bad table, without the folder in front."""
    place = file.split("/")[0]
    (city / "bad.csv").write_bytes((BAD / file).read_bytes())
    with pytest.raises(InputError) as caught:
        build_case(load(city / "small_city.yaml", [f"{PLACES[place]}=bad.csv"]))
    return [fault.replace(f"{city}/", "") for fault in caught.value.faults]


def test_every_bad_table_has_its_message():
    assert sorted(EXPECTED) == FILES


@pytest.mark.parametrize("file", FILES)
def test_a_bad_table(city, file):
    assert said(city, file) == EXPECTED[file]


HEAD = "zone_id,lat,lon,district,area_class,population,urban"
ROWS = [
    ["1.10", "29.5", "106.5", "D", "core", "900.5", "1"],
    ["007", "-3.25", "7", "D", "core", "0", "0"],
]


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff{}\n{}\n{}\n",
        "{}\r\n{}\r\n{}\r\n",
        "{}\r{}\r{}",
        "\n\n{}\n\n{}\n,,,,,,\n , ,,\n{}\n\n",
        "{},,\n{},,\n{},\n",
        "sep=,\n{}\n{}\n{}\n",
    ],
    ids=["byte_order_mark", "crlf", "old_mac", "blank_rows", "columns_without_name", "sep"],
)
def test_what_spreadsheets_write_is_read(tmp_path, text):
    path = tmp_path / "z.csv"
    path.write_bytes(text.format(HEAD, *map(",".join, ROWS)).encode())
    rows = read_rows(path, ZoneRow)
    assert [(row.zone_id, row.lat, row.lon, row.population) for row in rows] == [
        ("1.10", 29.5, 106.5, 900.5), ("007", -3.25, 7.0, 0.0),
    ]  # fmt: skip


@pytest.mark.parametrize("divider", [", ", ";", "\t", '","'])
def test_dividers_with_decimal_commas_and_blanks(tmp_path, divider):
    """Where semicolons or tabs divide the cells, 29,5 is a number."""
    comma = divider in ";\t"
    lines = [divider.join(cells) for cells in (HEAD.split(","), *ROWS)]
    if comma:
        cells = [[ROWS[0][0], *(cell.replace(".", ",") for cell in ROWS[0][1:])], ROWS[1]]
        cells[1] = [cell.replace("-3.25", "-3,25") for cell in cells[1]]
        lines = [divider.join(HEAD.split(",")), *map(divider.join, cells)]
    if divider == '","':
        lines = [f'"{line}"' for line in lines]
    (tmp_path / "z.csv").write_text("\n".join(lines), encoding="utf-8")
    rows = read_rows(tmp_path / "z.csv", ZoneRow)
    assert [(row.zone_id, row.lat, row.population) for row in rows] == [
        ("1.10", 29.5, 900.5), ("007", -3.25, 0.0),
    ]  # fmt: skip


def test_a_long_table_is_read_at_once_as_a_short_one_is_row_by_row(tmp_path):
    """Above a mebibyte; one odd row in it leads back to the reading row by row."""
    path, count = tmp_path / "log.csv", 60_000
    lines = [f"{i}.5,R0{i % 9},taxi, 0.25,0.75" for i in range(count)]
    head = "wish_min,zone,vehicle_class,soc,target_soc"
    path.write_text("\n".join([head, *lines]), encoding="utf-8")
    at_once = read_columns(path, RecordedRow, columns_needed)
    path.write_text("\n".join([head, *lines[:30_000], ",,,,", *lines[30_000:]]), encoding="utf-8")
    by_row = read_columns(path, RecordedRow, columns_needed)
    assert np.array_equal(at_once.numbers["wish_min"], np.arange(count) + 0.5)
    for name in ("wish_min", "soc", "target_soc"):
        assert np.array_equal(at_once.numbers[name], by_row.numbers[name])
    assert np.array_equal(at_once.texts["zone"], by_row.texts["zone"])
    assert at_once.table.lines[[0, -1]].tolist() == [2, count + 1]
    assert by_row.table.lines[[0, -1]].tolist() == [2, count + 2]
    path.write_text("\n".join([head, *lines[:30_000], "1,R01,taxi,0.2", *lines[30_000:]]))
    with pytest.raises(InputError, match=r"log.csv:30002: has 4 cells, the header 5"):
        read_columns(path, RecordedRow, columns_needed)


FRAME = {
    "wish_min": [1.0, 2.0], "zone": ["1.10", "007"], "vehicle_class": ["taxi", "taxi"],
    "soc": [0.2, 0.3], "target_soc": [0.8, 0.9],
}  # fmt: skip


def test_a_parquet_log_has_texts_for_ids_and_numbers_of_any_size(tmp_path):
    path = tmp_path / "log.parquet"
    table = pa.table(
        FRAME
        | {
            "zone": pa.array(["1.10", "007"]).dictionary_encode(),
            "wish_min": pa.array([1, 2], type=pa.int16()),
            "swap": pa.array([True, None]),
            "site": pa.array([7, None], type=pa.int64()),
            "curve": pa.array([None, None], type=pa.null()),
        }
    )
    pq.write_table(table, path)
    log = read_columns(path, RecordedRow, columns_needed)
    assert not any(bad.any() for _, bad, _ in log.faults)
    assert log.texts["zone"].tolist() == ["1.10", "007"]
    assert log.texts["site"].tolist() == ["7", ""]
    assert log.numbers["swap"].tolist()[0] == 1 and np.isnan(log.numbers["swap"][1])
    assert log.numbers["wish_min"].tolist() == [1, 2]


@pytest.mark.parametrize(
    ("column", "values", "fault"),
    [
        ("soc", pa.array([True, False]), "soc: is a column of bool, needs numbers"),
        ("wish_min", pa.array([1, 2], pa.timestamp("us")),
         "wish_min: is a column of timestamp[us], needs numbers"),
        ("patience_min", pa.array([1, 2], pa.duration("s")),
         "patience_min: is a column of duration[s], needs numbers"),
        ("soc", pa.array(["0.2", "0.3"]), "soc: is a column of string, needs numbers"),
        ("zone", pa.array([1.1, 2.0]), "zone: is a column of double, needs texts"),
        ("zone", pa.array([["a"], ["b"]]),
         "zone: is a column of list<element: string>, needs texts"),
        ("zone", pa.array(["a\x1b", "b"]), "zone: holds a control character (U+001B); delete it"),
        ("zone", pa.array(["a" * 5000, "b"]), "zone: has 5,000 characters; a cell may have 4,096"),
        ("wish_minute", pa.array([1.0, 2.0]),
         "wish_minute: unknown column; known are wish_min, zone, vehicle_class, soc, target_soc, "
         "duration_min, site, swap, curve, patience_min, max_diversions, overstay_min"),
    ],
)  # fmt: skip
def test_columns_of_a_parquet_log_that_are_of_another_type(tmp_path, column, values, fault):
    path = tmp_path / "log.parquet"
    pq.write_table(pa.table(FRAME | {column: values}), path)
    with pytest.raises(InputError) as caught:
        read_columns(path, RecordedRow, columns_needed)
    assert caught.value.faults == [f"{path}: {fault}"]


def test_faulty_cells_of_a_parquet_log_are_named_by_row(tmp_path):
    path = tmp_path / "log.parquet"
    endless = {"wish_min": [1.0, np.inf], "soc": [0.2, -0.5], "target_soc": [np.nan, 0.9]}
    pq.write_table(pa.table(FRAME | endless), path)
    log = read_columns(path, RecordedRow, columns_needed)
    with pytest.raises(InputError) as caught:
        log.refuse(log.faults)
    assert caught.value.faults == [
        f"{path}: row 2: wish_min: got inf, needs a finite number",
        f"{path}: row 2: soc: got -0.5, needs 0..1",
        f"{path}: row 1: target_soc: got nan, needs a finite number",
    ]


def test_a_table_of_zones_may_be_parquet(city):
    frame = pd.read_csv(city / "small/zones.csv")
    frame.to_parquet(city / "small/zones.parquet")
    built = build_case(load(city / "small_city.yaml", ["city.zones=small/zones.parquet"]))
    assert built.network.zones.id == tuple(frame["zone_id"])


SPOILS = (
    b'"', b",", b";", b"\n", b"\r", b"\t", b"\0", b"\xff", b"1e999", b"nan", b"-", b" ", b"1,5",
    b"\xef\xbb\xbf", b"\xe2\x80\xae", b"PAR1", b"true", b'""', b"sep=;\n", b"\x1b",
)  # fmt: skip
"""What is put into tables at any place."""


@pytest.mark.parametrize("kind", ["zones", "log", "parquet"])
def test_a_table_spoilt_at_any_place_is_read_or_refused(city, tmp_path, kind):
    """A fixed seed and 300 tables of each kind; a longer trial had 31,000 and no crash."""
    rng, path = random.Random(kind), tmp_path / "t.csv"
    frame = pd.DataFrame(FRAME)
    whole = {
        "zones": (city / "small/zones.csv").read_bytes(),
        "log": frame.to_csv(index=False).encode() * 2,
        "parquet": frame.to_parquet(),
    }[kind]
    for _ in range(300):
        data = bytearray(whole)
        for _ in range(rng.randint(1, 4)):
            place, other = rng.randrange(len(data) + 1), rng.randrange(len(data) + 1)
            spoil = rng.choice([rng.choice(SPOILS), data[other : other + 40], rng.randbytes(1)])
            data[place : place + rng.choice([0, 0, 1, 9])] = spoil
        path.write_bytes(data)
        with contextlib.suppress(InputError):
            if kind == "zones":
                read_rows(path, ZoneRow)
            else:
                log = read_columns(path, RecordedRow, columns_needed)
                log.refuse(log.faults)
