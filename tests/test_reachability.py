"""Check what is said of zones, fleets, sites and wishes that are out of reach, before a run."""

import pytest
from network_files import copy_small_city
from typer.testing import CliRunner

from chargesim.cli import app
from chargesim.errors import InputError
from chargesim.runs.case import build_case
from chargesim.runs.reachability import reachability, refuse_empty_days
from chargesim.scenario.reading import load

ZONES = "zone_id,lat,lon,district,area_class,population,urban\n"
ROADS = "from_id,to_id,km,free_kmh,kind\n"
SITES = "site_id,kind,access,district,lat,lon,guns\n"
LOG = "wish_min,zone,vehicle_class,soc,target_soc\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return copy_small_city(tmp_path_factory.mktemp("reach"))


@pytest.fixture(scope="module")
def lines_of(folder):
    """Return what is said of a small city of one's own: zones, roads and sites as text."""

    def find(zones, roads, sites, *changes, log=None):
        for name, text in (("z", ZONES + zones), ("r", ROADS + roads), ("s", SITES + sites)):
            (folder / f"{name}.csv").write_text(text, encoding="utf-8")
        made = ["corridors=null", "city={name: x, zones: z.csv, roads: r.csv, sites: s.csv}"]
        if log is not None:
            (folder / "log.csv").write_text(LOG + log, encoding="utf-8")
            made.append("recorded=log.csv")
        return list(reachability(build_case(load(folder / "small_city.yaml", [*made, *changes]))))

    return find


def zone(name, lat, lon, population=9000):
    return f"{name},{lat},{lon},D,core,{population},1\n"


def test_zones_that_no_road_joins_to_a_site_are_named_with_their_vehicles(lines_of):
    """Half of the inhabitants live there; trucks and vans find no site of theirs anywhere."""
    zones = "".join(zone(name, 29.5 + i / 100, 106.5) for i, name in enumerate("ABCE"))
    roads, site = "A,B,1.5,40,local\nC,E,1.5,40,local\n", "S1,station,public,D,29.5,106.5,12\n"
    everybody = [f"fleets.{name}.access=[public]" for name in ("heavy_truck", "bus")]
    lines = lines_of(zones, roads, site, *everybody)
    assert len(lines) == 1
    assert lines[0].startswith("C and E: from here no road leads to a site that private_car, taxi,")
    of, total = map(float, lines[0].split("concerns ")[1].split(" vehicles")[0].split(" of "))
    assert of == pytest.approx(total / 2, abs=1)
    log = "1500,A,taxi,0.3,0.8\n1500,C,taxi,0.3,0.8\n1600,E,taxi,0.3,0.8\n1700,E,taxi,0.3,0.8\n"
    assert lines_of(zones, roads, site, log=log) == [
        "C and E: from here no road leads to a site that taxi may use; this concerns 3 of 4 "
        "wishes on the judged days"
    ]


def test_exchanged_latitude_and_longitude_of_sites_is_guessed(lines_of):
    zones = zone("A", 49.5, 10.5) + zone("B", 49.51, 10.5)
    sites = "S1,station,public,D,10.5,49.5,6\nS2,station,public,D,10.5,49.51,6\n"
    far, *others = lines_of(zones, "A,B,1.5,40,local\n", sites, log="1500,A,taxi,0.3,0.8\n")
    assert far == (
        "S1 and S2: far from every zone, 5,626 km or more (2 of 2 sites); latitude and "
        "longitude look exchanged: turned round, they are within 0.0 km"
    )
    assert others == [
        "A: from here the nearest site that taxi may use is beyond their range; this concerns "
        "1 of 1 wishes on the judged days"
    ]


def test_one_far_site_is_no_exchange(lines_of):
    zones = zone("A", 49.5, 10.5) + zone("B", 49.51, 10.5)
    sites = "S1,station,public,D,49.5,10.5,6\nS2,station,public,D,10.5,20,6\n"
    (far,) = lines_of(zones, "A,B,1.5,40,local\n", sites, log="1500,A,taxi,0.3,0.8\n")
    assert far.startswith("S2: far from every zone, 4,4") and "turned" not in far


def test_cities_on_the_date_line_have_no_far_site(lines_of):
    zones = zone("W", -16.8, 179.99) + zone("E", -16.8, -179.8)
    site = "S,station,public,D,-16.8,-179.998,4\n"
    assert lines_of(zones, "W,E,22,40,local\n", site, log="1500,W,taxi,0.3,0.8\n") == []


def test_the_date_line_is_a_line_like_any_other(folder):
    """The same island at 180 and at 80 degrees has the same ways to its site."""
    found = []
    for turn in (0, -100):
        zones = zone("W", -16.8, 179.99 + turn)
        zones += zone("V", -16.8, 179.9 + turn) + zone("E", -16.8, (180.2 + turn + 180) % 360 - 180)
        site = f"S,station,public,T,-16.8,{(180.002 + turn + 180) % 360 - 180:.6f},4\n"
        roads = ROADS + "W,E,22,40,local\nW,V,9.6,40,local\n"
        for name, text in (("z", ZONES + zones), ("r", roads), ("s", SITES + site)):
            (folder / f"{name}.csv").write_text(text.replace(",D,", ",T,"), encoding="utf-8")
        changes = ["corridors=null", "city={name: x, zones: z.csv, roads: r.csv, sites: s.csv}"]
        lists = build_case(load(folder / "small_city.yaml", changes)).network.candidates
        found.append((lists.site, lists.km[lists.site >= 0]))
    (sites, km), (other_sites, other_km) = found
    assert (sites == other_sites).all() and km == pytest.approx(other_km, abs=1e-6)


def test_a_fleet_that_no_site_admits_is_named(lines_of):
    zones, roads = zone("A", 29.5, 106.5) + zone("B", 29.51, 106.5), "A,B,1.5,40,local\n"
    site = "S1,station,public,D,29.5,106.5,12\n"
    log = "1500,A,heavy_truck,0.3,0.8\n1500,B,taxi,0.3,0.8\n"
    assert lines_of(zones, roads, site, log=log) == [
        "heavy_truck: no site admits this fleet (access truck); wishes in the log in vain: 1"
    ]
    drawn = [line for line in lines_of(zones, roads, site) if line.startswith("heavy_truck")]
    assert len(drawn) == 1 and "vehicles a day in vain: " in drawn[0]


def test_wishes_outside_the_judged_days_are_counted(lines_of):
    zones, roads = zone("A", 29.5, 106.5) + zone("B", 29.51, 106.5), "A,B,1.5,40,local\n"
    log = "5,A,taxi,0.3,0.8\n1500,A,taxi,0.3,0.8\n3000,A,taxi,0.3,0.8\n4500,A,taxi,0.3,0.8\n"
    assert lines_of(zones, roads, "S1,station,public,D,29.5,106.5,12\n", log=log) == [
        "recorded: of its 4 wishes 1 are on the lead-in days, played and not judged",
        "recorded: the horizon ends before 2 of its 4 wishes (wish_min 2,880 and later); "
        "they are left out",
    ]


def test_judged_days_without_a_wish_are_refused(folder):
    """Of nothing there is no verdict: not from a log that lies elsewhere, not from no stock."""
    (folder / "late.csv").write_text(LOG + "9500,R02,taxi,0.3,0.8\n", encoding="utf-8")
    case = build_case(load(folder / "small_city.yaml", ["recorded=late.csv"]))
    with pytest.raises(InputError) as caught:
        refuse_empty_days(case)
    assert caught.value.faults == [
        "recorded: none of the wishes of late.csv (1, wish_min 9,500 to 9,500) is on the judged "
        "days, 1,440 to 2,880; there is nothing to judge"
    ]
    args = ["--set", "fleet.stock=0", "--set", "corridors=null"]
    out = ["--no-figures", "--out", str(folder / "run")]
    for words in (["run", *out], ["check"]):
        ran = CliRunner().invoke(app, [*words, str(folder / "small_city.yaml"), *args])
        assert ran.exit_code == 1
        assert "nobody wants energy on the judged days: the ledger asks for 0 ses" in ran.output
    assert not (folder / "run").exists()
    few = ["--set", "fleet.stock=0.001", "--set", "corridors=null", "--replications", "2"]
    ran = CliRunner().invoke(app, ["run", str(folder / "small_city.yaml"), *few, *out, *args[4:]])
    assert ran.exit_code == 1
    assert "in none of the 2 replications does anybody want energy on the judged" in ran.output
