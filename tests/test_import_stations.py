"""Test the importers of station lists on small files of each format, written here."""

import csv

import numpy as np
import pytest
from import_files import imported, location, shared, write

from chargesim.errors import InputError
from chargesim.importers.china_crs import gcj02_of_wgs84
from chargesim.importers.formats import FORMATS
from chargesim.network.table_columns import SITE_ROW
from chargesim.scenario.tables import read_rows


def reasons(done, what):
    return dict(done.report.reasons(what))


def test_ocpi_counts_evses_and_takes_the_strongest_connector(tmp_path):
    done, rows = imported(write(tmp_path, "ocpi.json", {"data": [location()], "status_code": 1000}))
    (row,) = rows
    assert (row["site_id"], row["guns"], row["gun_kw"], row["companions"]) == (
        "L1",
        "2",
        "150.0",
        "1",
    )
    assert float(row["companion_kw"]) == pytest.approx(230 * 32 * 3 / 1000)
    assert (row["lat"], row["lon"], row["district"]) == ("50.770774", "6.104965", "Musterstadt")
    assert (row["kind"], row["access"]) == ("station", "public")
    assert done.known_mw == pytest.approx(0.172, abs=0.001)


@pytest.mark.parametrize(
    ("connector", "kw"),
    [
        ({"power_type": "AC_1_PHASE", "max_voltage": 230, "max_amperage": 16}, 3.68),
        ({"power_type": "AC_2_PHASE", "max_voltage": 230, "max_amperage": 16}, 7.36),
        ({"power_type": "AC_3_PHASE", "max_voltage": 400, "max_amperage": 32}, 22.17),
        ({"power_type": "DC", "max_voltage": 500, "max_amperage": 125}, 62.5),
        ({"power_type": "DC", "voltage": 400, "amperage": 125}, 50.0),
        ({"power_type": "DC", "max_voltage": 400, "max_amperage": 125,
          "max_electric_power": 22_000}, 22.0),
        ({"power_type": "DC", "max_voltage": 400, "max_amperage": 125,
          "max_electric_power": 22}, 50.0),
        ({"power_type": "DC"}, None),
        ({"max_voltage": 400, "max_amperage": 125}, None),
    ],
)  # fmt: skip
def test_ocpi_power(tmp_path, connector, kw):
    one = location(evses=[{"status": "AVAILABLE", "connectors": [connector]}])
    _, rows = imported(write(tmp_path, "ocpi.json", [one]))
    found = rows[0].get("gun_kw")
    assert found is None if kw is None else float(found) == pytest.approx(kw, abs=0.01)


@pytest.mark.parametrize("power", [150, "abc"])
def test_an_ocpi_power_that_cannot_be_used_is_reported(tmp_path, power):
    connector = {"power_type": "DC", "max_voltage": 400, "max_amperage": 125}
    evse = {"status": "AVAILABLE", "connectors": [connector | {"max_electric_power": power}]}
    done, rows = imported(write(tmp_path, "ocpi.json", [location(evses=[evse])]))
    assert float(rows[0]["gun_kw"]) == 50.0
    (line,) = [one for one in done.report.lines if one.what == "changed"]
    assert line.reason.startswith("max_electric_power is no power in W")


def test_ocpi_leaves_out_what_is_not_there_or_not_public(tmp_path):
    planned = {"status": "PLANNED", "connectors": []}
    there = location("there")
    there["evses"].append(planned)
    some = [there, location("private", publish=False), location("empty", evses=[planned]), 7]
    done, rows = imported(write(tmp_path, "ocpi.json", some))
    assert [(row["site_id"], row["guns"]) for row in rows] == [("there", "2")]
    assert (done.report.count("left out"), done.report.count("faulty")) == (2, 1)


def test_tcec_102_is_gcj_02_and_public_alone(tmp_path):
    lat, lon = np.array([29.56, 29.60]), np.array([106.55, 106.50])
    north, east = gcj02_of_wgs84(lat, lon)
    connectors = [{"ConnectorID": str(n), "ConnectorType": 4, "Power": 180.0} for n in (1, 2)]

    def info(name, place, **changes):
        return {
            "StationID": name, "StationName": "站", "StationType": 1, "StationStatus": 50,
            "AreaCode": "500103", "StationLat": north[place], "StationLng": east[place],
            "EquipmentInfos": [{"EquipmentID": "e", "EquipmentType": 1, "Power": 360,
                                "ConnectorInfos": connectors}], **changes,
        }  # fmt: skip

    undivided = [{"Power": 240, "ConnectorInfos": [{"ConnectorID": "a"}, {"ConnectorID": "b"}]}]
    by_current = [{"ConnectorInfos": [{"VoltageUpperLimits": 750, "Current": 250}]}]
    infos = [
        info("S1", 0),
        info("S2", 1, EquipmentInfos=undivided),
        info("S3", 1, EquipmentInfos=by_current),
        info("bus", 1, StationType=100),
        info("building", 1, StationStatus=1),
    ]
    data = {"Ret": 0, "Msg": "", "Data": {"PageNo": 1, "ItemSize": 5, "StationInfos": infos}}
    done, rows = imported(write(tmp_path, "t.json", data))
    assert (done.crs, done.format) == ("gcj02", "T/CEC 102 station infos")
    assert [(row["site_id"], row["guns"], float(row["gun_kw"])) for row in rows] == [
        ("S1", "2", 180.0),
        ("S2", "2", 120.0),
        ("S3", "1", 187.5),
    ]
    assert float(rows[0]["lat"]) == pytest.approx(lat[0], abs=2e-6)
    assert float(rows[0]["lon"]) == pytest.approx(lon[0], abs=2e-6)
    assert reasons(done, "left out") == {"is for buses, not public": 1, "is being built": 1}
    assert done.report.count("assumed") == 1


def test_tcec_102_that_is_still_encrypted_is_refused(tmp_path):
    with pytest.raises(InputError, match="encrypted"):
        imported(write(tmp_path, "t.json", {"Ret": 0, "Data": "il7B0BSEjFdzpyKzfOFpvg=="}))


AFDC = """\ufeffFuel Type Code,Status Code,Access Code,City,EV Level1 EVSE Num,EV Level2 EVSE Num,\
EV DC Fast Count,EV Connector Types,Latitude,Longitude,ID
CNG,E,public,Utica,,,,,43.1,-75.2,1
ELEC,E,public,Utica,,2,,J1772,43.1,-75.2,2
ELEC,E,public,Utica,,2,4,J1772 J1772COMBO CHADEMO,43.1,-75.2,3
ELEC,E,public,Utica,,,1,CHADEMO,43.1,-75.2,4
ELEC,P,public,Utica,,2,,J1772,43.1,-75.2,5
ELEC,E,private,Utica,,2,,J1772,43.1,-75.2,6
ELEC,E,public,Utica,,,,J1772,43.1,-75.2,7
ELEC,E,public,Utica,,two,,J1772,43.1,-75.2,8
"""


def test_afdc_takes_fuel_elec_and_assumes_a_power_by_level(tmp_path):
    done, rows = imported(write(tmp_path, "afdc.csv", AFDC))
    found = [(row["site_id"], row["guns"], row["gun_kw"], row["companions"]) for row in rows]
    assert found == [("2", "2", "7.2", ""), ("3", "6", "150.0", "2"), ("4", "1", "50.0", "")]
    assert done.report.count("assumed") == len(rows)
    assert done.report.count("left out") == 4
    assert done.report.count("faulty") == 1
    assert done.report.records == 8


def test_open_charge_map_counts_points_not_connections(tmp_path):
    def poi(number, connections, points=None, **changes):
        place = {"Latitude": 51.5, "Longitude": -0.1 - number / 100, "Town": "London"}
        return {"ID": number, "AddressInfo": place, "Connections": connections,
                "NumberOfPoints": points, **changes}  # fmt: skip

    three = {"Voltage": 230, "Amps": 32, "CurrentTypeID": 20, "Quantity": 2}
    pois = [
        poi(1, [{"PowerKW": 50, "Quantity": 1}, {"PowerKW": 43, "Quantity": 1}], points=1),
        poi(2, [three], points=4),
        poi(3, [{"PowerKW": 120}]),
        poi(4, [{"PowerKW": 50, "Quantity": 1}], UsageTypeID=6),
        poi(5, [{"PowerKW": 50, "Quantity": 1}], StatusTypeID=150),
        poi(6, []),
        poi(7, [{"PowerKW": 22_000, "Quantity": 1}]),
    ]
    done, rows = imported(write(tmp_path, "ocm.json", pois))
    assert [(row["site_id"], row["guns"], float(row["gun_kw"])) for row in rows] == [
        ("1", "1", 50.0),
        ("2", "4", 22.08),
        ("3", "1", 120.0),
        ("7", "1", 22.0),
    ]
    assert reasons(done, "left out") == {
        "is for staff and visitors, not public": 1,
        "is planned": 1,
        "has no gun": 1,
    }


IRVE = """id_station_itinerance,nom_station,coordonneesXY,nbre_pdc,id_pdc_itinerance,\
puissance_nominale,condition_acces,code_insee_commune
FRA1P1,A,"[2.35,48.85]",3,FRA1E1,22,Accès libre,75056
FRA1P1,A,"[2.35,48.85]",3,FRA1E2,22.0,Accès libre,75056
FRA1P1,A,"[2.35,48.85]",3,FRA1E3,150000,Accès libre,75056
FRB1P1,B,"[2.40, 48.80]",1,FRB1E1,"7,4",Accès libre,75056
FRC1P1,C,"[2.40,48.80]",1,FRC1E1,7,Accès réservé,75056
FRA1P1,A,"[3.35,48.85]",3,FRA1E4,22,Accès libre,75056
,D,"[2.40,48.80]",1,FRD1E1,7,Accès libre,75056
FRE1P1,E,48.80,1,FRE1E1,7,Accès libre,75056
"""


def test_irve_joins_the_rows_of_a_station(tmp_path):
    done, rows = imported(write(tmp_path, "irve.csv", IRVE))
    assert [(row["site_id"], row["guns"], row["gun_kw"]) for row in rows] == [
        ("FRA1P1", "3", "150.0"),
        ("FRB1P1", "1", "7.4"),
    ]
    assert (rows[0]["companions"], rows[0]["companion_kw"]) == ("2", "22.0")
    assert (rows[0]["lat"], rows[0]["lon"]) == ("48.85", "2.35")
    faulty = reasons(done, "faulty")
    assert faulty["its id is there already"] == 1
    assert faulty["has no id of its station"] == 1
    assert faulty["coordonneesXY is no pair [longitude,latitude]"] == 1
    assert done.report.count("left out") == 1


@pytest.mark.parametrize(
    "text",
    [
        "id_station,Xlongitude,Ylatitude,nbre_pdc,id_pdc,puiss_max,code_insee\n"
        "S,2.35,48.85,1,P,22,75056\n",
        "id_station_itinerance,station_latitude,station_longitude,nbre_pdc,id_pdc_itinerance,"
        "puissance_nominale_kw\nS,48.85,2.35,1,P,22\n",
    ],
    ids=["version 1", "version 3"],
)
def test_irve_of_other_versions(tmp_path, text):
    done, (row,) = imported(write(tmp_path, "irve.csv", text))
    assert done.format == "IRVE charging points"
    assert (row["lat"], row["lon"], row["guns"], row["gun_kw"]) == ("48.85", "2.35", "1", "22.0")


def test_geojson_points_with_known_names_and_tags(tmp_path):
    def feature(place, kind="Point", **properties):
        geometry = {"type": kind, "coordinates": place}
        return {"type": "Feature", "id": properties.pop("id", None) or "n/1", "geometry": geometry,
                "properties": properties}  # fmt: skip

    some = [
        feature([10.0, 53.5], id="n/1", capacity="4", **{"charging_station:output": "50 kW"}),
        feature([10.1, 53.5, 12.0], id="n/2", capacity="2", **{"charging_station:output": ""}),
        feature([[10.0, 53.5]], "LineString", id="n/3", capacity="2"),
        {"type": "Feature", "geometry": None, "properties": {}},
        feature([10.0], id="n/4", capacity="1"),
    ]
    data = {"type": "FeatureCollection", "features": some}
    done, rows = imported(write(tmp_path, "s.geojson", data))
    assert [(row["site_id"], row["guns"], row["gun_kw"]) for row in rows] == [
        ("n/1", "4", "50.0"),
        ("n/2", "2", ""),
    ]
    assert done.report.count("faulty") == 3
    assert done.without_kw == 2
    data["crs"] = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::3857"}}
    with pytest.raises(InputError, match="other than WGS-84"):
        imported(write(tmp_path, "s.geojson", data))


DATEX = """<?xml version="1.0" encoding="UTF-8"?>
<d2:payload xmlns:d2="http://datex2.eu/schema/3/d2Payload" xmlns="http://datex2.eu/schema/3/egi"
  xmlns:loc="urn:loc" xmlns:fac="urn:fac" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
 <energyInfrastructureTable id="t" version="1">
  <energyInfrastructureSite id="site-1" version="1">
   <fac:locationReference xsi:type="loc:PointLocation">
    <loc:coordinatesForDisplay><loc:latitude>40.4</loc:latitude><loc:longitude>-3.7</loc:longitude>
    </loc:coordinatesForDisplay></fac:locationReference>
   <energyInfrastructureStation id="st-1" version="1">
    <refillPoint xsi:type="ElectricChargingPoint" id="p1" version="1">
     <connector><connectorType>chademo</connectorType><maxPowerAtSocket>50000</maxPowerAtSocket>
     </connector>
     <connector><connectorType>iec62196T2COMBO</connectorType>
      <maxPowerAtSocket>150000.0</maxPowerAtSocket></connector>
    </refillPoint>
    <refillPoint xsi:type="ElectricChargingPoint" id="p2" version="1">
     <connector><maxPowerAtSocket>60</maxPowerAtSocket></connector>
    </refillPoint>
   </energyInfrastructureStation>
  </energyInfrastructureSite>
  <energyInfrastructureSite id="site-2" version="1">
   <energyInfrastructureStation id="st-2" version="1"/>
  </energyInfrastructureSite>
 </energyInfrastructureTable>
</d2:payload>
"""


def test_datex_2_in_xml(tmp_path):
    done, (row,) = imported(write(tmp_path, "d.xml", DATEX))
    assert (row["site_id"], row["lat"], row["lon"]) == ("site-1", "40.4", "-3.7")
    assert (row["guns"], row["gun_kw"]) == ("2", "150.0")
    assert reasons(done, "faulty") == {"has no latitude": 1}
    assert reasons(done, "assumed") == {
        "guns without a power have that of the weakest gun beside them": 1
    }


def test_datex_2_in_json(tmp_path):
    point = {"aegiElectricChargingPoint": {"idG": "p", "connector": [{"maxPowerAtSocket": 22_000}]}}
    city = {
        "FacilityLocation": {"address": {"city": {"values": [{"lang": "nl", "value": "Gent"}]}}}
    }
    place = {"coordinatesForDisplay": {"latitude": 50.78, "longitude": 3.35}}
    site = {
        "idG": "site-1",
        "locationReference": [{"locPointLocation": {**place, "locLocationExtensionG": city}}],
        "energyInfrastructureStation": [
            {"numberOfRefillPoints": 2, "refillPoint": [point, point]},
            {"numberOfRefillPoints": 3},
        ],
    }
    table = {"energyInfrastructureTable": [{"energyInfrastructureSite": [site]}]}
    data = {"payload": {"aegiEnergyInfrastructureTablePublication": table}}
    done, (row,) = imported(write(tmp_path, "d.json", data))
    assert (row["site_id"], row["guns"], row["gun_kw"], row["district"]) == (
        "site-1",
        "5",
        "22.0",
        "Gent",
    )
    assert done.format == "DATEX II energy infrastructure"


def test_irve_that_lists_fewer_points_than_it_states_is_noted(tmp_path):
    text = "\n".join(IRVE.splitlines()[:3]) + "\n"
    done, (row,) = imported(write(tmp_path, "irve.csv", text))
    assert row["guns"] == "2"
    (line,) = done.report.lines
    assert (line.what, line.got) == ("noted", "states 3, lists 2")


def test_a_plain_table_by_a_map_with_guns_of_two_powers(tmp_path):
    text = "code;breite;laenge;schnell;langsam\nA;52,5;13,4;2;6\nB;52,6;13,5;;4\nC;52,7;13,6;0;0\n"
    given = (
        "site_id: code\nlat: breite\nlon: laenge\n"
        "guns:\n  - {count: schnell, kw: 150}\n  - {count: langsam, kw: 22}\n"
    )
    map_ = write(tmp_path, "columns.yaml", given)
    done, rows = imported(write(tmp_path, "t.csv", text), map=map_)
    found = [(row["site_id"], row["guns"], row["gun_kw"], row["companions"]) for row in rows]
    assert found == [("A", "8", "150.0", "6"), ("B", "4", "22.0", "")]
    assert rows[0]["lat"] == "52.5"
    assert reasons(done, "left out") == {"has no gun": 1}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("site: code\n", "1: site: unknown key; did you mean site_id?"),
        ("lat: breit\n", "lat: has no column 'breit'; did you mean 'breite'?"),
        ("guns: [{kw: 5}]\n", "guns:"),
        ("- a\n", "is not a scenario"),
    ],
)
def test_a_wrong_map_is_refused(tmp_path, text, said):
    path = write(tmp_path, "t.csv", "id,breite,lon,guns\nA,52.5,13.4,1\n")
    with pytest.raises(InputError) as caught:
        imported(path, map=write(tmp_path, "columns.yaml", text))
    assert said in str(caught.value)
    assert not (tmp_path / "sites.csv").exists()


def test_a_map_is_for_plain_tables(tmp_path):
    map_ = write(tmp_path, "columns.yaml", "lat: Latitude\n")
    with pytest.raises(InputError, match="columns of its own"):
        imported(write(tmp_path, "afdc.csv", AFDC), map=map_)


PLAIN = "id,lat,lon,guns,kw\nA,31.2,121.5,4,120\nB,31.3,121.4,2,60\nC,31.1,121.6,2,\n"


def test_least_and_assumed_power(tmp_path):
    path = write(tmp_path, "t.csv", PLAIN)
    done, rows = imported(path, min_kw=100)
    assert [row["site_id"] for row in rows] == ["A"]
    assert sum(reasons(done, "left out").values()) == 2
    done, rows = imported(path, min_kw=100, assume_kw=180)
    assert [(row["site_id"], float(row["gun_kw"])) for row in rows] == [("A", 120), ("C", 180)]
    assert done.report.count("assumed") == 1
    _, rows = imported(path, district="North")
    assert {row["district"] for row in rows} == {"North"}


def test_swapped_coordinates_are_noticed_and_said(tmp_path):
    text = PLAIN + "D,121.5,31.2,2,60\n"
    done, rows = imported(write(tmp_path, "t.csv", text))
    assert (rows[3]["lat"], rows[3]["lon"]) == ("31.2", "121.5")
    (line,) = [line for line in done.report.lines if line.what == "changed"]
    assert (line.record, line.id) == (5, "D")
    assert "wrong way round" in line.reason
    text = "id,lat,lon,guns\nA,48.8,2.3,1\nB,48.9,2.4,1\nC,2.3,48.8,1\nD,48.7,2.2,1\nE,60,20,1\n"
    done, rows = imported(write(tmp_path, "t.csv", text))
    assert (rows[2]["lat"], rows[2]["lon"]) == ("48.8", "2.3")  # near the others only if exchanged
    assert (rows[4]["lat"], rows[4]["lon"]) == ("60.0", "20.0")  # far either way: left as it is
    assert done.report.count("changed") == 1


def test_a_table_that_is_swapped_as_a_whole_is_noticed_where_the_format_has_an_extent(tmp_path):
    swapped = IRVE.replace("[2.35,48.85]", "[48.85,2.35]").replace("[2.40, 48.80]", "[48.8,2.4]")
    done, rows = imported(write(tmp_path, "irve.csv", swapped))
    assert (rows[0]["lat"], rows[0]["lon"]) == ("48.85", "2.35")
    assert (rows[1]["lat"], rows[1]["lon"]) == ("48.8", "2.4")
    assert done.report.count("changed") == 4
    swapped = AFDC.replace("43.1,-75.2", "-75.2,43.1")
    _, rows = imported(write(tmp_path, "afdc.csv", swapped))
    assert {(row["lat"], row["lon"]) for row in rows} == {("43.1", "-75.2")}


def test_points_on_no_place_and_double_ids_are_faulty(tmp_path):
    text = PLAIN + "Z,0,0,1,60\nA,31.9,121.5,1,120\nA,31.2001,121.5,1,120\n"
    done, rows = imported(write(tmp_path, "t.csv", text))
    assert rows[0]["guns"] == "5"
    assert reasons(done, "faulty") == {
        "lies at 0, 0, where no station is": 1,
        "its id is there already": 1,
    }


def test_the_table_is_one_that_a_scenario_reads_and_the_report_has_every_record(tmp_path):
    some = [location(f"L{n}", coordinates={"latitude": "x"}) for n in range(30)]
    done, _ = imported(write(tmp_path, "ocpi.json", [*some, location("good\nname, \x1b[31m=1")]))
    (row,) = read_rows(tmp_path / "sites.csv", SITE_ROW)
    assert row.site_id == "good name, [31m=1"
    with (tmp_path / "sites.csv.report.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == 30 == done.report.count("faulty")
    assert {line["file"] for line in lines} == {done.report.file}
    assert [line["record"] for line in lines] == [str(n) for n in range(1, 31)]


def test_every_format_has_a_title_and_is_told_apart():
    assert list(FORMATS)[-1] == "csv"  # it takes every CSV, so it is asked last
    assert len({form.title for form in FORMATS.values()}) == len(FORMATS)


PUBLISHED = {
    "formats/ocpi/location_example.json": ("OCPI locations", 1, 2),
    "formats/ocm/poi_sample.json": ("Open Charge Map points", 19, 37),
    "formats/afdc/ny_alt_fuel_stations.csv": ("AFDC stations", 4736, 16_788),
    "shenzhen/urbanev_stations.csv": ("plain CSV table", 1362, 17_532),
}


@pytest.mark.parametrize(("name", "expected"), PUBLISHED.items(), ids=PUBLISHED)
def test_published_files(tmp_path, name, expected):
    done, rows = imported(shared(name), tmp_path / "sites.csv")
    assert (done.format, done.sites, done.guns) == expected
    assert len(rows) + done.report.count("faulty") + done.report.count("left out") == (
        done.report.records
    )


def test_the_guns_of_afdc_are_those_of_the_table(tmp_path):
    path = shared("formats/afdc/ny_alt_fuel_stations.csv")
    counts = ("EV Level1 EVSE Num", "EV Level2 EVSE Num", "EV DC Fast Count")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["Fuel Type Code"] == "ELEC"]
    total = sum(int(row[name] or 0) for row in rows for name in counts)
    assert imported(path, tmp_path / "sites.csv")[0].guns == total


def test_unpublished_ocpi_examples_are_left_out(tmp_path):
    folder = shared("formats/ocpi")
    private = sorted(folder.glob("location_example_uc[345]*.json"))
    assert private
    for path in private:
        with pytest.raises(InputError, match="not published"):
            imported(path, tmp_path / "sites.csv")
