"""List the commands whose answers are frozen under tests/goldens."""

from dataclasses import dataclass

SERIES = {
    "availability": (),
    "blackout_yubei": (),
    "buildout_2024_2026": ("series.values=[2023-12, 2024-09, 2025-12]",),
    "cold_week": ("horizon.first_day=wednesday", "horizon.days=1"),
    "electrification_taxi_bus": ("series.values=[0, 1]",),
    "guidance_connected": ("series.values=[0.25, 1]",),
    "guidance_herding": ("series.values=[1, 30]",),
    "guidance_levels": (),
    "holiday_expressway": ("series.values=[1, 2.59]",),
    "power_peaks": (),
    "swap_smart": (),
}
"""Each shipped series, with the changes that make it small."""
PLANS = (
    "chongqing_2025", "chongqing_2025_year", "chongqing_2027", "chongqing_companions",
    "chongqing_end_2025_reported", "chongqing_mid_2024", "chongqing_no_swap",
    "chongqing_pooled_1000x4", "chongqing_pooled_334x12", "dundee_rapid", "mixed_sites",
    "small_city", "small_city_pooled", "tenfold_city",
)  # fmt: skip
"""Each shipped scenario that is no series."""
TENFOLD = ("fleet.stock=938100", "corridors.vehicles_at_service_areas_per_day=227800")
"""Its stations are ten times as many, but its vehicles are not: that would take too long."""
TO_FILES = ("--no-figures", "--jobs", "1", "--json", "--out", "out")
CITY, GROUPS, ALL = (
    ("city",),
    ("city", "group"),
    ("city", "group", "kind", "fleet", "district", "cars_district"),
)
"""Scopes of KPIs whose rows are kept one by one; the others are kept as digests."""


@dataclass(frozen=True)
class Case:
    """One command whose answers are frozen."""

    name: str
    words: tuple[str, ...]
    """after `chargesim`; in them {scenarios} is the folder of the scenarios"""
    slow: bool = False
    kept: tuple[str, ...] = GROUPS
    without: tuple[str, ...] = ()
    """tables that say again what another one says"""
    answers: str = ""
    """the case that has the same answers; by default the case itself"""
    copied: bool = False
    """whether {scenarios} is a copy, with the scenarios of tests/goldens in it"""

    @property
    def golden(self) -> str:
        """The name of the table."""
        return self.answers or self.name


def scenario(name: str, *changes: str) -> tuple[str, ...]:
    """Return the words that name a scenario and its changes."""
    return (
        f"{{scenarios}}/{name}.yaml",
        *(word for change in changes for word in ("--set", change)),
    )


def _changes(name: str) -> tuple[str, ...]:
    return TENFOLD if name == "tenfold_city" else SERIES.get(name, ())


def _checks() -> list[Case]:
    quick = ("small_city", "small_city_pooled", "chongqing_2025")
    return [
        Case(
            f"check-{name}",
            ("check", *scenario(name, *_changes(name)), "--json"),
            name not in quick,
        )
        for name in (*PLANS, *SERIES)
    ]


def _runs() -> list[Case]:
    days, two = ("--days", "1"), ("--replications", "2")
    small = scenario("small_city")
    cases = [
        Case("run-small_city", ("run", *small, *two, *TO_FILES, "--engine", "simpy"), kept=ALL),
        Case(
            "run-small_city-compiled",
            ("run", *small, *two, *TO_FILES, "--engine", "compiled"),
            kept=ALL,
            answers="run-small_city",
        ),
        Case(
            "run-small_city-two_jobs",
            ("run", *small, *two, *TO_FILES, "--jobs", "2"),
            True,
            ALL,
            answers="run-small_city",
        ),
        Case("run-small_city_pooled", ("run", *scenario("small_city_pooled"), *two, *TO_FILES)),
        Case(
            "run-small_city-two_days",
            ("run", *small, *two, *TO_FILES, "--days", "2", "--seed", "3"),
            kept=CITY,
        ),
    ]
    for name in PLANS:
        if not name.startswith("small"):
            words = ("run", *scenario(name, *_changes(name)), *days, *two, *TO_FILES)
            cases.append(
                Case(f"run-{name}", words, name != "chongqing_mid_2024", without=("stdout",))
            )
    precise = ("--precision", "share_served=8%", "--budget", "6")
    cases += [
        Case("run-precision", ("run", *small, *two, *precise, *TO_FILES), kept=CITY),
        Case("run-looks", ("run", *small, *two, "--looks", "3", *TO_FILES), kept=CITY),
        Case(
            "run-required",
            ("run", *small, *two, "--require-verdict", "--sessions", "none", *TO_FILES),
            kept=(),
            without=("stdout",),
        ),
    ]
    return cases


def _series() -> list[Case]:
    words = ("--replications", "2", *TO_FILES)
    fast = ("--engine", "compiled")
    found = [
        Case(
            f"series-{name}",
            ("run", *scenario(name, *changes, "horizon.lead_in_days=0"), *words, *fast),
            True,
            (),
        )
        for name, changes in SERIES.items()
    ]
    small = scenario("small_series")
    return [
        *found,
        Case("series-small", ("run", *small, *words), kept=CITY, copied=True),
        Case(
            "series-small-refined",
            ("run", *scenario("small_series", "series.refine=true"), *words),
            True,
            (),
            ("stdout",),
            copied=True,
        ),
        Case("check-small_series", ("check", *small, "--json"), copied=True),
    ]


def _studies() -> list[Case]:
    two, four, six = ("--replications", "2"), ("--replications", "4"), ("--replications", "6")
    one_day, once = ("--days", "1"), ("stdout",)
    pooled = scenario("chongqing_pooled_1000x4")
    few = scenario(
        "few_inputs", "fleet.stock=1500", "corridors.vehicles_at_service_areas_per_day=1000"
    )
    small = scenario("small_city")
    twice = {"without": ("stdout",), "copied": True}
    return [
        Case(
            "compare-small_city",
            ("compare", *small, *scenario("small_city_pooled"), "--replications", "4", *TO_FILES),
            without=("stdout",),
        ),
        Case(
            "compare-chongqing",
            ("compare", *scenario("chongqing_2025"), *pooled, *one_day, *two, *TO_FILES),
            True,
            CITY,
            once,
        ),
        Case("limit-share", ("limit", *small, "--levels", "3", *six, *TO_FILES)),
        Case(
            "limit-stock",
            (
                "limit",
                *small,
                "--vary",
                "stock",
                "--from",
                "2000",
                "--to",
                "9000",
                "--levels",
                "4",
                *six,
                *TO_FILES,
            ),
        ),
        Case(
            "limit-better",
            (
                "limit",
                *small,
                "--vary",
                "gun_power",
                "--levels",
                "3",
                *six,
                "--direction",
                "better",
                *TO_FILES,
            ),
            True,
        ),
        Case("tornado", ("tornado", *few, *two, *TO_FILES), **twice),
        Case(
            "uncertainty",
            ("uncertainty", *few, "--quick", "--draws", "4", *TO_FILES),
            True,
            **twice,
        ),
        Case("lead-in", ("lead-in", *small, *two, *TO_FILES), without=("stdout",)),
        Case(
            "lead-in-none",
            ("lead-in", *scenario("small_city", "horizon.lead_in_days=0"), *four, *TO_FILES),
            True,
        ),
    ]


def _verifications() -> list[Case]:
    rows = ("--row", "M/M/3+M, load 0.9", "--row", "Ciw, 20 sites", "--row", "packs, waiting")
    return [
        Case("engines", ("engines", *scenario("small_city"), "--json")),
        Case(
            "engines-chongqing",
            (
                "engines",
                *scenario("chongqing_mid_2024", "horizon.days=1"),
                "--replication",
                "1",
                "--json",
            ),
            True,
        ),
        Case("verify", ("verify", *rows, "--replications", "2", "--jobs", "1", "--json"), True),
        Case("coverage", ("coverage", "--studies", "250", "--jobs", "1", "--json"), True),
        Case("schema", ("schema",)),
    ]


CASES = {
    case.name: case for case in (*_checks(), *_runs(), *_series(), *_studies(), *_verifications())
}
