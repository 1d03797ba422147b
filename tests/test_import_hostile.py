"""Test that the importers refuse what no honest file has: one message, no traceback, no output."""

import json
import os

import pytest
from import_files import imported, location, write
from typer.testing import CliRunner

from chargesim.cli import app
from chargesim.importers import source_file

HEAD = "id,lat,lon,guns\n"
DEEP_JSON = "[" * 100_000 + "]" * 100_000
LAUGHS = """<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>
<x><energyInfrastructureSite id="&b;"/></x>"""
OUTSIDE = """<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>
<x><energyInfrastructureSite id="s">&a;</energyInfrastructureSite></x>"""

HOSTILE = {
    "empty": (b"", "is empty"),
    "blank": (b" \n \n", "is empty"),
    "only a header": (HEAD, "no station is left of 0 records"),
    "binary": (b"id,lat\n\0\1\2", "binary"),
    "gzip": (b"\x1f\x8b\x08\x00abc", "gzip"),
    "zip or Excel": (b"PK\x03\x04abc", "Excel"),
    "not UTF-8": (HEAD.encode() + "Köln,50,7,1\n".encode("latin-1"), "not text in utf-8"),
    "an open quote": (HEAD + '"A,50,7,1\nB,50,7,1\n', "a quoted field does not end"),
    "no coordinates": ("id,guns\nA,1\n", "no column for the latitude"),
    "a column twice": ("id,lat,lon,lat,guns\nA,1,2,3,1\n", "'lat' is there twice"),
    "deep JSON": (DEEP_JSON, "nested too deeply"),
    "JSON deeper than allowed": ('{"a":' * 70 + "1" + "}" * 70, "nested too deeply"),
    "half a JSON": ('[{"id": "A"', "not valid JSON"),
    "NaN in JSON": ('[{"evses": [], "coordinates": {"latitude": NaN}}]', "NaN is no number"),
    "a number of 5,000 digits": ("[" + "9" * 5000 + "]", "not valid JSON"),
    "an empty list": ("[]", "no known format"),
    "JSON of something else": ('{"hello": "world"}', "no known format"),
    "no XML": ("<a><b></a>", "not valid XML"),
    "XML of something else": ("<a/>", "no station is left of 0 records"),
    "entities": (LAUGHS, "DOCTYPE"),
    "an entity of a file": (OUTSIDE, "DOCTYPE"),
    "all records faulty": (HEAD + "A,x,7,1\nB,50,,1\nC,50,7,-1\n", "no station is left of 3"),
}


@pytest.mark.parametrize(("content", "said"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_is_one_message(tmp_path, content, said):
    path = write(tmp_path, "input", content)
    done = CliRunner().invoke(
        app, ["import", "stations", str(path), "--out", str(tmp_path / "out.csv")]
    )
    assert done.exit_code == 1, done.output
    assert isinstance(done.exception, SystemExit)
    assert said in done.stderr
    assert str(path) in done.stderr
    assert [one.name for one in tmp_path.iterdir()] == ["input"]


VALUES = ["", "x", "nan", "inf", "-1e400", "1e400", "9" * 400, "0x10", "1_000", "٣", "=1+1", "[]"]


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("place", [1, 2, 3, 4])
def test_a_hostile_value_spoils_its_record_alone(tmp_path, place, value):
    row = ["bad", "50", "7", "1", "50"]
    row[place] = value
    text = "id,lat,lon,guns,kw\ngood,50,7,1,50\n" + ",".join(row) + "\n"
    done, rows = imported(write(tmp_path, "t.csv", text))
    if place == 4:  # the power alone: not given, and said where it is no number
        assert len(rows) == 2
        assert rows[1]["gun_kw"] == ""
    else:
        assert [row["site_id"] for row in rows] == ["good"]
        assert done.report.count("faulty") == 1


ODD = [
    None, 1, "x", [], {}, {"coordinates": None},
    {"coordinates": {"latitude": True, "longitude": 1}},
    {"coordinates": {"latitude": [1], "longitude": {}}}, location(evses=None), location(evses="x"),
    location(evses=[None]), location(evses=[{"connectors": [None]}]), location(evses=[{}]),
    location(evses=[{"connectors": [{"max_electric_power": "1e999"}]}]), location(name={"a": 1}),
    location(evses=[{"status": [], "connectors": [{"power_type": {}}]}]), location(city=[[]]),
]  # fmt: skip


def test_odd_objects_are_faulty_records(tmp_path):
    done, rows = imported(write(tmp_path, "ocpi.json", [location("good"), *ODD]), format="ocpi")
    assert rows[0]["site_id"] == "good"
    refused = done.report.count("faulty") + done.report.count("left out")
    assert len(rows) + refused == done.report.records == len(ODD) + 1


@pytest.mark.parametrize("name", ["tcec102", "ocm", "datex2", "geojson"])
def test_odd_objects_in_every_json_format(tmp_path, name):
    wrapped = {
        "tcec102": lambda some: {"Data": {"StationInfos": some}},
        "ocm": lambda some: some,
        "datex2": lambda some: {"energyInfrastructureSite": some},
        "geojson": lambda some: {"type": "FeatureCollection", "features": some},
    }
    keys = ("AddressInfo", "EquipmentInfos", "Connections", "StationLat", "StationLng", "geometry",
            "energyInfrastructureStation", "properties", "StationType", "UsageTypeID")  # fmt: skip
    values = (None, 1, "x", [], {}, [None], [[]], [{}], {"Latitude": {}}, True, 1e300, -0.0)
    if name == "geojson":
        wrapped[name] = lambda some: {"type": "FeatureCollection", "crs": [], "features": some}
    odd = [*values, *({key: value} for key in keys for value in values)]
    done = CliRunner().invoke(
        app,
        ["import", "stations", str(write(tmp_path, "t.json", wrapped[name](odd))), "--out",
         str(tmp_path / "out.csv"), "--format", name],
    )  # fmt: skip
    assert done.exit_code == 1, done.output
    assert isinstance(done.exception, SystemExit)
    assert "no station is left" in done.stderr or "no column" in done.stderr


def test_rows_with_too_few_or_many_fields_are_reported(tmp_path):
    done, rows = imported(write(tmp_path, "t.csv", HEAD + "A,50,7,1\nB,50,7\nC,50,7,1,9\n"))
    assert [row["site_id"] for row in rows] == ["A"]
    assert [line.record for line in done.report.lines] == [3, 4]


def test_a_file_that_is_too_large_is_refused_unread(tmp_path, monkeypatch):
    path = tmp_path / "big.json"
    with path.open("wb") as file:
        file.truncate(201 * 10**6)
    done = CliRunner().invoke(app, ["import", "stations", str(path), "--out", "x.csv"])
    assert done.exit_code == 1
    assert "has 201 MB; at most 200 MB" in done.stderr
    monkeypatch.setattr(source_file, "MAX_CONTAINERS", 5)
    some = write(tmp_path, "some.json", [location()])
    done = CliRunner().invoke(app, ["import", "stations", str(some), "--out", "x.csv"])
    assert "more than 5 objects" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["missing.csv", "--out", "x.csv"], "missing.csv: no such file"),
        ([".", "--out", "x.csv"], "is a folder"),
        (["t.csv", "--out", "t.csv"], "is the input"),
        (["t.csv", "--out", "."], "is a folder"),
        (["t.csv", "--out", "t.csv/x.csv"], "cannot be written"),
        (["t.csv", "--out", "x.csv", "--format", "ocpi"], "begins as CSV, and ocpi is JSON"),
        (["t.csv", "--out", "x.csv", "--encoding", "no-such"], "is not known"),
        (["t.csv", "--out", "x.csv", "--map", "missing.yaml"], "missing.yaml: no such file"),
    ],
)
def test_wrong_use_is_one_message(tmp_path, monkeypatch, words, said):
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "t.csv", HEAD + "A,50,7,1\n")
    done = CliRunner().invoke(app, ["import", "stations", *words])
    assert done.exit_code == 1, done.output
    assert said in done.stderr
    assert os.listdir() == ["t.csv"]


def test_another_encoding_may_be_named(tmp_path):
    path = write(tmp_path, "t.csv", (HEAD + "重庆,29.5,106.5,2\n").encode("gb18030"))
    _, rows = imported(path, encoding="gb18030")
    assert rows[0]["site_id"] == "重庆"


def test_the_answer_names_twenty_records_and_counts_the_rest(tmp_path):
    text = HEAD + "A,50,7,1\n" + "".join(f"B{n},x,7,1\n" for n in range(25))
    path = write(tmp_path, "t.csv", text)
    words = ["import", "stations", str(path), "--out", str(tmp_path / "o.csv")]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0
    lines = [line for line in done.stdout.splitlines() if f"{path}: line " in line]
    assert len(lines) == 20
    assert lines[0].strip() == f"{path}: line 3: latitude is no number of degrees, got x"
    assert "and 5 more" in done.stdout
    data = json.loads(CliRunner().invoke(app, [*words, "--json"]).stdout)
    assert data["report"]["faulty"]["records"] == 25
