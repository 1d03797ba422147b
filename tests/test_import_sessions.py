"""Test the import of logs: what is put right, what is refused, and that all of it is said."""

from pathlib import Path

import pandas as pd
import pytest
from import_files import shared, write
from typer.testing import CliRunner

from chargesim.cli import app
from chargesim.errors import InputError
from chargesim.importers.sessions import SESSION_COLUMNS, import_sessions

MAPS = Path(__file__).parent.parent / "docs" / "maps"
MAP = (
    "timezone: Europe/London\nstart: start\nend: end\nkwh: kwh\ngun: gun\nsite: site\ngun_kw: 50\n"
)
HEAD = "start,end,kwh,gun,site\n"


def clean(folder, rows, map_=MAP, head=HEAD):
    """Import rows; return what is said, and the log."""
    text = head + "".join(f"{row}\n" for row in rows)
    done = import_sessions(
        write(folder, "log.csv", text), write(folder, "map.yaml", map_), folder / "log.parquet"
    )
    return done, pd.read_parquet(folder / "log.parquet")


def said(done):
    return [(line.record, line.what, line.reason) for line in done.report.lines]


def test_a_clean_log_is_taken_as_it_is(tmp_path):
    rows = ["2024-03-04 10:00,2024-03-04 10:30,15,g1,S", "2024-03-04 09:00,2024-03-04 09:20,8,g2,S"]
    done, log = clean(tmp_path, rows)
    assert said(done) == []
    assert list(log.columns) == list(SESSION_COLUMNS)
    assert log["record"].tolist() == [3, 2]  # by start
    assert log["duration_min"].tolist() == [20.0, 30.0]
    assert log["mean_kw"].tolist() == [24.0, 30.0]
    assert str(log["start"].dtype) == "datetime64[us, Europe/London]"
    assert (done.sessions, done.guns, done.sites) == (2, 2, 1)


def test_what_is_faulty_is_left_out_and_named(tmp_path):
    rows = [
        "2024-03-04 10:00,2024-03-04 10:30,15,g1,S",
        "2024-03-04 11:00,,15,g1,S",
        "yesterday,2024-03-04 12:00,15,g1,S",
        "2024-03-04 13:00,2024-03-04 12:00,15,g1,S",
        "2024-03-04 14:00,2024-03-04 14:00,15,g1,S",
        "2024-03-04 15:00,2024-03-04 15:30,60,g1,S",
        "2024-03-04 16:00,2024-03-04 16:30,-1,g1,S",
        "2024-03-05 16:00,2024-03-09 16:30,1,g1,S",
        "2024-02-30 16:00,2024-02-30 16:30,1,g1,S",
        "2024-03-04 17:00,2024-03-04 17:30,5,g1",
        "2024-03-04 10:00,2024-03-04 10:30,15,g1,S",
    ]
    done, log = clean(tmp_path, rows)
    assert len(log) == 1
    assert {(record, why) for record, what, why in said(done) if what == "faulty"} == {
        (3, "the end is missing or no time"),
        (4, "the start is missing or no time"),
        (5, "ends before it begins"),
        (6, "ends when it begins"),
        (7, "needs more power than its gun has (gun_kw in the map)"),
        (8, "its energy is below 0"),
        (9, "is longer than 72 h (longest_h in the map)"),
        (10, "the start is missing or no time"),
        (11, "has another number of fields than the header"),
        (12, "is a copy of another session"),
    }
    assert done.report.records == 11


def test_a_session_without_energy_is_kept_and_noted(tmp_path):
    rows = ["2024-03-04 10:00,2024-03-04 10:30,,g1,S", "2024-03-04 11:00,2024-03-04 11:01,0,g1,S"]
    done, log = clean(tmp_path, rows)
    assert log["kwh"].isna().tolist() == [True, False]
    assert {what for _, what, _ in said(done)} == {"noted"}


def test_times_to_the_minute_give_a_short_session_its_minute(tmp_path):
    _, log = clean(tmp_path, ["2024-03-04 10:00,2024-03-04 10:01,1.6,g1,S"])
    assert len(log) == 1  # 96 kW over one minute, 48 kW over up to two
    with pytest.raises(InputError, match="no session is left"):
        clean(tmp_path, ["2024-03-04 10:00:10,2024-03-04 10:01:11,1.6,g1,S"])


@pytest.mark.parametrize(
    ("first", "order"),
    [("13/02/2024", "day_first"), ("02/13/2024", "month_first"), ("2024-02-13", "year_first")],
)
def test_the_order_of_a_date_is_found(tmp_path, first, order):
    rows = [f"{first} 10:00,{first} 10:30,15,g1,S"]
    _, log = clean(tmp_path, rows)
    assert str(log["start"][0])[:16] == "2024-02-13 10:00"
    _, log = clean(tmp_path, rows, MAP + f"dates: {order}\n")
    assert str(log["start"][0])[:16] == "2024-02-13 10:00"


@pytest.mark.parametrize("day", ["01/05/2018", "1 May 2018", "01-MAY-18", "1/5/18"])
def test_date_and_time_in_columns_of_their_own(tmp_path, day):
    map_ = "timezone: Europe/London\nstart: [Start Date, Start Time]\nend: [End Date, End Time]\n"
    rows = [f"{day},10:05,{day},10:35:00", "31/05/2018,9:00,31/05/2018,9:20"]
    _, log = clean(tmp_path, rows, map_, "Start Date,Start Time,End Date,End Time\n")
    assert [str(start)[:16] for start in log["start"]] == ["2018-05-01 10:05", "2018-05-31 09:00"]
    assert log["duration_min"].tolist() == [30.0, 20.0]


def test_a_date_that_may_be_either_is_asked_for(tmp_path):
    rows = ["02/03/2024 10:00 PM,02/03/2024 10:30 pm,15,g1,S"]
    with pytest.raises(InputError, match="give dates: day_first or month_first"):
        clean(tmp_path, rows)
    _, log = clean(tmp_path, rows, MAP + "dates: month_first\n")
    assert str(log["start"][0])[:16] == "2024-02-03 22:00"


def test_exchanged_day_and_month_are_put_right_where_only_that_fits(tmp_path):
    days = [f"{day:02}/02/2024 10:00,{day:02}/02/2024 10:30,15,g1,S" for day in range(1, 29)]
    days[4] = "02/05/2024 10:00,02/05/2024 10:30,15,g1,S"  # both: out of order by three months
    days[6] = "07/02/2024 10:00,02/07/2024 10:30,15,g1,S"  # the end alone: five months long
    days[20] = "02/21/2024 10:00,02/21/2024 10:30,15,g1,S"  # no 21st month
    done, log = clean(tmp_path, days)
    assert [start.day for start in log["start"]] == list(range(1, 29))
    assert set(log["duration_min"]) == {30.0}
    assert {record for record, what, _ in said(done) if what == "changed"} == {6, 8, 22}


def test_overlaps_on_one_gun_are_put_right_and_elsewhere_left_alone(tmp_path):
    rows = [
        "2024-03-04 10:00,2024-03-04 10:40,15,g1,S",
        "2024-03-04 10:30,2024-03-04 11:00,9,g1,S",
        "2024-03-04 10:35,2024-03-04 10:50,5,g1,S",
        "2024-03-04 10:30,2024-03-04 11:00,9,g2,S",
        "2024-03-04 10:30,2024-03-04 11:00,9,g1,T",
        "2024-03-04 10:10,2024-03-04 11:00,9,,S",
        "2024-03-04 10:20,2024-03-04 11:10,9,,S",
    ]
    done, log = clean(tmp_path, rows)
    by = log.set_index("record")
    assert by.loc[2, "duration_min"] == 30.0
    assert by.loc[2, "mean_kw"] == pytest.approx(30.0)
    assert set(by.index) == {2, 3, 5, 6, 7, 8}
    assert {(record, what) for record, what, _ in said(done)} == {(2, "changed"), (4, "faulty")}
    guns = log[log["gun"] != ""].sort_values("start")
    for _, some in guns.groupby(["site", "gun"]):
        assert (some["start"].shift(-1).dropna() >= some["end"][:-1].to_numpy()).all()


def test_the_changes_of_the_clock(tmp_path):
    rows = [
        "2024-03-31 00:50,2024-03-31 02:10,15,g1,S",  # 01:00 to 02:00 is left out: 20 min
        "2024-10-27 00:50,2024-10-27 02:10,15,g1,S",  # 01:00 to 02:00 is there twice: 140 min
        "2024-10-27 01:50,2024-10-27 01:10,15,g2,S",  # ends in the second of the two: 20 min
        "2024-03-31 01:30,2024-03-31 02:10,5,g2,S",  # a time that was not: moved on
    ]
    done, log = clean(tmp_path, rows)
    minutes = log.set_index("record")["duration_min"]
    assert minutes.to_dict() == {2: 20.0, 3: 140.0, 4: 20.0, 5: 10.0}
    assert [record for record, _, _ in said(done)] == [5]


def test_an_offset_in_the_file_goes_before_the_zone_of_the_map(tmp_path):
    rows = ["2024-07-01T10:00:00Z,2024-07-01T12:30:00+02:00,15,g1,S"]
    _, log = clean(tmp_path, rows, MAP + "city_timezone: Asia/Shanghai\n")
    assert str(log["start"][0]) == "2024-07-01 18:00:00+08:00"
    assert log["duration_min"][0] == 30.0


def test_duration_wh_percent_and_decimal_commas(tmp_path):
    map_ = "timezone: UTC\nstart: s\nduration_min: d\nwh: e\nsoc_start: a\nsoc_end: b\n"
    head = "s;d;e;a;b\n"
    done, log = clean(tmp_path, ["2024-03-04 10:00;30,5;15250,0;20;80"], map_, head)
    row = log.iloc[0]
    assert (row["duration_min"], row["kwh"], row["soc_start"], row["soc_end"]) == (
        30.5,
        15.25,
        0.2,
        0.8,
    )
    assert "No gun is named, so overlaps were not looked for." in done.report.remarks


@pytest.mark.parametrize(
    ("map_", "part"),
    [
        (MAP.replace("timezone: Europe/London\n", ""), "timezone: is missing"),
        (MAP.replace("London", "Londonium"), "needs a zone such as"),
        (MAP.replace("start: start", "start: begin"), "has no column 'begin'"),
        (MAP + "duration_min: kwh\n", "one of end and duration_min"),
        (MAP + "wh: kwh\n", "one of kwh and wh"),
        (MAP + "enrgy: kwh\n", "unknown key"),
        (MAP + "longest_h: 0\n", "longest_h"),
    ],
)
def test_a_wrong_map_is_refused(tmp_path, map_, part):
    log = write(tmp_path, "log.csv", HEAD + "2024-03-04 10:00,2024-03-04 10:30,15,g1,S\n")
    given = write(tmp_path, "map.yaml", map_)
    words = ["import", "sessions", str(log), "--map", str(given), "--out"]
    done = CliRunner().invoke(app, [*words, str(tmp_path / "out.parquet")])
    assert done.exit_code == 1
    assert isinstance(done.exception, SystemExit)
    assert part in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log.csv", "map.yaml"]


def test_a_log_without_one_good_session_writes_nothing(tmp_path):
    with pytest.raises(InputError, match="no session is left of 1") as caught:
        clean(tmp_path, ["2024-03-04 10:00,,15,g1,S"])
    assert "1: the end is missing or no time" in str(caught.value)
    assert not (tmp_path / "log.parquet").exists()


def test_the_page_names_every_column():
    page = (MAPS.parent / "import.md").read_text(encoding="utf-8")
    for name, meaning in SESSION_COLUMNS.items():
        assert f"| {name} | {meaning} |" in page


@pytest.mark.parametrize(
    ("name", "file", "sessions", "guns"),
    [
        ("dundee", "dundee_rapid_50kw.csv", 20_851, 44),
        ("perth", "perth_rapid_50kw.csv", 31_698, 34),
        ("epfl", "epfl_172kw.csv", 1_878, 2),
    ],
)
def test_published_logs_with_the_maps_of_the_page(tmp_path, name, file, sessions, guns):
    log = shared(f"sessions/{file}")
    done = import_sessions(log, MAPS / f"{name}.yaml", tmp_path / "log.parquet")
    assert (done.sessions, done.guns) == (sessions, guns)
    assert done.report.count("faulty") == 0
    assert done.report.count("changed") <= 6
    frame = pd.read_parquet(tmp_path / "log.parquet")
    raw = pd.read_csv(log)
    assert frame["kwh"].sum() == pytest.approx(raw["kwh"].sum())


def test_a_log_with_a_header_alone_is_refused(tmp_path):
    with pytest.raises(InputError, match="has a header and no rows; no session to import"):
        clean(tmp_path, [])


def test_an_energy_that_is_no_number_is_not_called_empty(tmp_path):
    rows = [f'2024-03-04 {hour}:00,2024-03-04 {hour}:30,{kwh},g1,S'
            for hour, kwh in ((10, '"10,5"'), (11, ""), (12, "9"))]  # fmt: skip
    done, log = clean(tmp_path, rows)
    assert log["kwh"].isna().tolist() == [True, True, False]
    assert [(line.record, line.reason, line.got) for line in done.report.lines] == [
        (3, "has no energy in the log; left empty", ""),
        (2, "its energy is no number; left empty", "10,5"),
    ]
