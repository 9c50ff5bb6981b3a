"""What there is in the demo, as tables. Companies and people are plainly made up."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import sha256
from uuid import UUID

_THEN = 1_767_225_600_000  # 2026-01-01, in milliseconds


def fixed_id(what: str, place: int = 0) -> UUID:
    """The same id for the same thing in every demo, so that it is found again: a UUIDv7 whose
    chance is made of the name. Things of one kind are in the order of their places."""
    chance = int.from_bytes(sha256(what.encode()).digest()[:10], "big")
    at = _THEN + place
    return UUID(int=at << 80 | 7 << 76 | chance >> 68 << 64 | 2 << 62 | chance & (1 << 62) - 1)


RESELLER = "Example Telecom Reseller"
OTHER_RESELLER = "Another Example Reseller"

DATA_SOURCES = {"crm": "CRM suite", "billing": "Billing suite"}
# (kind, what the suites call it) → name
ROLES = {
    ("group", "CUST"): "Customer",
    ("group", "SUPP"): "Supplier",
    ("group", "PART"): "Partner",
    ("connection", "DM"): "Decision maker",
    ("connection", "TECH"): "Technical contact",
    ("connection", "BILL"): "Billing contact",
    ("connection", "SITE"): "Site contact",
    ("connection", "EXEC"): "Executive sponsor",
}


@dataclass(frozen=True)
class Fleet:
    """Recipients of one kind that a customer has: so many, named so, in these countries."""

    label: str
    count: int
    countries: tuple[str, ...]
    subscribers: bool = False


@dataclass(frozen=True)
class ContactGroupData:
    """A recipient group: every `step`-th recipient of a fleet, from the first, and how many."""

    name: str
    description: str
    fleet: str
    step: int = 1
    count: int | None = None
    expected: int | None = None


@dataclass(frozen=True)
class Customer:
    """A customer: what it has, and how its sites fall into recipient groups."""

    key: str  # in references and external keys
    name: str
    fleets: tuple[Fleet, ...] = ()
    groups: tuple[ContactGroupData, ...] = ()
    role: str = "CUST"
    people: int = 5  # connected contacts


CUSTOMERS = (
    Customer(
        "BAKE",
        "Sample Bakeries",
        (Fleet("Bakery", 42, ("Germany",)),),
        (
            ContactGroupData(
                "All bakeries", "Every open shop, one access each.", "Bakery", count=30
            ),
            ContactGroupData(
                "Flagship bakeries", "With a café, so with guest Wi-Fi.", "Bakery", step=6
            ),
        ),
    ),
    Customer(
        "FRGT",
        "Example Freight Group",
        (
            Fleet("Depot", 180, ("Germany", "France", "Ireland", "United Kingdom")),
            Fleet("Driver", 60, ("Germany",), subscribers=True),
        ),
        (
            ContactGroupData("Depots Europe", "SD-WAN at every depot.", "Depot", expected=182),
            ContactGroupData(
                "Depots with night shift",
                "Answered within two hours.",
                "Depot",
                step=4,
            ),
            ContactGroupData("Drivers", "Phones in the cabs.", "Driver"),
        ),
    ),
    Customer(
        "HOTL",
        "Specimen Hotels",
        (Fleet("Hotel", 60, ("France", "Ireland", "United States")),),
        (
            ContactGroupData("Hotels", "Fibre for guests and staff.", "Hotel"),
            ContactGroupData("Conference hotels", "Twice the bandwidth.", "Hotel", step=5),
        ),
    ),
    Customer(
        "SCHL",
        "Model City Schools",
        (Fleet("School", 450, ("United Kingdom",)),),
        (
            ContactGroupData("Schools", "All schools of the city.", "School"),
            ContactGroupData("Pilot schools", "Those that begin this term.", "School", step=30),
        ),
    ),
    Customer(
        "FLDS",
        "Example Field Services",
        (
            Fleet("Technician", 1940, ("France", "United Kingdom"), subscribers=True),
            Fleet("Branch", 60, ("France", "United Kingdom")),
        ),
        (
            ContactGroupData("Technicians", "Everybody who is on the road.", "Technician"),
            ContactGroupData("Team leaders", "Unlimited data.", "Technician", step=20),
            ContactGroupData("Branches", "Where the vans stand at night.", "Branch"),
        ),
    ),
    Customer(
        "TOKY",
        "Sample Trading Tokyo",
        (Fleet("Office", 12, ("Japan",)),),
        (ContactGroupData("Offices in Japan", "Billed in yen.", "Office"),),
    ),
    Customer(
        "KWAT",
        "Example Water Kuwait",
        (Fleet("Pumping station", 10, ("Kuwait",)),),
        (ContactGroupData("Pumping stations", "Billed in dinars.", "Pumping station"),),
    ),
    Customer("LINE", "Specimen Line Installers", role="SUPP"),
)

_FIRST_NAMES = (
    "Anna Ben Clara David Elena Felix Grace Henry Ines Jonas Karin Liam Maria Noah Olivia "
    "Paul Rosa Simon Tara Victor Alice Boris Celia Daniel Emma Frank Greta Hugo Irene Jack "
    "Laura Marco Nadia Oscar Petra Ralf Sofia Tom Ursula Walter Amira Bruno Chloe Dario Eva "
    "Finn Hannah Ivan Julia Leo"
)
_LAST_NAMES = (
    "Adams Bauer Carter Dubois Evans Fischer Garcia Hoffmann Ibrahim Jones Keller Lambert "
    "Moreau Novak Olsen Peters Quinn Richter Schmidt Taylor Ulrich Vogel Weber Young Ziegler "
    "Becker Clark Durand Ellis Fontaine Graham Hughes Janssen Klein Lopez Martin Neumann "
    "Owens Perrin Roth"
)
FIRST_NAMES, LAST_NAMES = _FIRST_NAMES.split(), _LAST_NAMES.split()


@dataclass(frozen=True)
class Offer:
    """A product: what it costs once and then each period, for one recipient."""

    code: str
    name: str
    description: str
    one_time: str
    recurring: str
    currency: str = "EUR"


OFFERS = (
    Offer("FIB-100", "Fibre access 100", "100 Mbit/s, symmetric", "99.00", "39.90"),
    Offer("FIB-1000", "Fibre access 1000", "1 Gbit/s, symmetric", "199.00", "89.90"),
    Offer("SDW-S", "SD-WAN edge S", "Managed edge, up to 200 Mbit/s", "149.00", "45.00"),
    Offer("SDW-L", "SD-WAN edge L", "Managed edge, up to 2 Gbit/s", "349.00", "119.00"),
    Offer("MOB-10", "Mobile plan 10 GB", "Calls in the EU, 10 GB", "9.95", "12.50"),
    Offer("MOB-U", "Mobile plan unlimited", "Calls in the EU, no data limit", "9.95", "29.50"),
    Offer("SMS", "Text message", "Each, to any network in the EU", "0", "0.0035"),
    Offer("NUM-10", "Number block 10", "10 geographic numbers", "25.00", "4.90"),
    Offer("NUM-100", "Number block 100", "100 geographic numbers", "90.00", "29.00"),
    Offer("RTR", "Router rental", "With replacement the next day", "0", "7.95"),
    Offer("WIFI", "Guest Wi-Fi", "Access points and splash page", "79.00", "18.40"),
    Offer("INST", "Installation on site", "Half a day of a technician", "245.00", "0"),
    Offer("FIB-JP", "Fibre access Japan", "1 Gbit/s", "18000", "5480", "JPY"),
    Offer("FIB-KW", "Fibre access Kuwait", "200 Mbit/s", "25.500", "12.125", "KWD"),
)


@dataclass(frozen=True)
class Line:
    """A line of a quote: plain, or of one of the customer's recipient groups."""

    offer: str
    group: str = ""
    quantity: Decimal = Decimal(1)
    discount_percent: Decimal = Decimal(0)
    is_split: bool = False
    configuration: dict[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True)
class Offered:
    """A quote, its lines, and the moves it has gone through."""

    number: str
    name: str
    customer: str
    lines: tuple[Line, ...]
    moves: tuple[str, ...] = ()
    currency: str = "EUR"
    period: str = "month"


QUOTES = (
    Offered(
        "Q-2026-0101",
        "Fibre for all bakeries",
        "BAKE",
        (
            Line(
                "FIB-100",
                "All bakeries",
                discount_percent=Decimal("12.5"),
                configuration={"handover": "RJ45", "static_ips": 1},
            ),
            Line("RTR", "All bakeries"),
            Line("WIFI", "Flagship bakeries"),
            Line("INST", quantity=Decimal(4)),
        ),
    ),
    Offered(
        "Q-2026-0102",
        "SD-WAN for the depots",
        "FRGT",
        (
            Line("SDW-S", "Depots Europe", discount_percent=Decimal(18)),
            Line("SDW-L", "Depots with night shift", is_split=True),
            Line("NUM-100", quantity=Decimal(3)),
        ),
        ("submit",),
    ),
    Offered(
        "Q-2026-0103",
        "Phones for the drivers",
        "FRGT",
        (
            Line("MOB-10", "Drivers"),
            Line("SMS", "Drivers", quantity=Decimal(250)),
        ),
        ("submit", "approve", "accept"),
    ),
    Offered(
        "Q-2026-0104",
        "Hotels: fibre and guest Wi-Fi",
        "HOTL",
        (
            Line("FIB-100", "Hotels", discount_percent=Decimal(5)),
            Line("FIB-1000", "Conference hotels", is_split=True),
            Line("WIFI", "Hotels"),
        ),
        ("submit", "approve"),
    ),
    Offered(
        "Q-2026-0105",
        "Pilot at fifteen schools",
        "SCHL",
        (
            Line("FIB-1000", "Pilot schools", discount_percent=Decimal("33.33")),
            Line("INST", "Pilot schools", is_split=True),
            Line("NUM-10"),
        ),
    ),
    Offered(
        "Q-2026-0106",
        "Mobile fleet",
        "FLDS",
        (
            Line("MOB-10", "Technicians", discount_percent=Decimal("22.5")),
            Line("MOB-U", "Team leaders", is_split=True),
            Line("SMS", quantity=Decimal(120000)),
            Line("FIB-100", "Branches"),
        ),
        ("submit",),
    ),
    Offered(
        "Q-2026-0107",
        "Mobile fleet, first draft",
        "FLDS",
        (Line("MOB-U", "Technicians"),),
        ("submit", "reject"),
    ),
    Offered(
        "Q-2026-0108",
        "Offices in Japan",
        "TOKY",
        (Line("FIB-JP", "Offices in Japan", discount_percent=Decimal("7.5")),),
        currency="JPY",
        period="quarter",
    ),
    Offered(
        "Q-2026-0109",
        "Pumping stations",
        "KWAT",
        (Line("FIB-KW", "Pumping stations", discount_percent=Decimal("2.5"), is_split=True),),
        currency="KWD",
        period="year",
    ),
    Offered(
        "Q-2026-0110",
        "Number blocks",
        "HOTL",
        (Line("NUM-10", quantity=Decimal(12)),),
        ("cancel",),
    ),
)

OTHER_CUSTOMERS = (
    Customer(
        "OTHR",
        "Another Example Customer",
        (Fleet("Shop", 12, ("Germany",)),),
        (ContactGroupData("Shops", "", "Shop", count=8),),
        people=3,
    ),
)
OTHER_QUOTES = (
    Offered("Q-1", "Access for the shops", "OTHR", (Line("FIB-100", "Shops"), Line("NUM-10"))),
)
