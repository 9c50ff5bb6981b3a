"""Where the demo's recipients are: streets and towns by country, and numbers that ring nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True)
class Country:
    """How addresses look somewhere. In a postal code # is a digit and @ a letter."""

    name: str
    address: str  # with {street} and {number}
    streets: str  # separated by commas
    towns: tuple[tuple[str, str, str], ...]  # town, state, postal code


@dataclass(frozen=True)
class Address:
    street: str
    city: str
    state: str
    postal_code: str
    country: str


COUNTRIES = {
    country.name: country
    for country in (
        Country(
            "Germany",
            "{street} {number}",
            "Lindenstraße, Bahnhofstraße, Hauptstraße, Gartenweg, Am Markt, Schulstraße, "
            "Mühlenweg, Bergstraße, Kirchgasse, Industriestraße, Ringstraße",
            (
                ("Berlin", "Berlin", "10##5"),
                ("Hamburg", "Hamburg", "20##9"),
                ("München", "Bayern", "80##3"),
                ("Köln", "Nordrhein-Westfalen", "50##7"),
                ("Leipzig", "Sachsen", "041#9"),
                ("Freiburg", "Baden-Württemberg", "791##"),
            ),
        ),
        Country(
            "France",
            "{number} {street}",
            "rue des Lilas, rue de la Gare, avenue du Parc, rue du Moulin, place du Marché, "
            "chemin des Vignes, rue Haute, quai du Port, impasse des Tilleuls",
            (
                ("Lyon", "Auvergne-Rhône-Alpes", "6900#"),
                ("Nantes", "Pays de la Loire", "44#00"),
                ("Lille", "Hauts-de-France", "59#00"),
                ("Toulouse", "Occitanie", "31#00"),
                ("Paris", "Île-de-France", "7501#"),
            ),
        ),
        Country(
            "United Kingdom",
            "{number} {street}",
            "Mill Lane, High Street, Station Road, Church Road, Victoria Street, Park View, "
            "Orchard Close, The Crescent, Harbour Road, Quarry Hill",
            (
                ("London", "England", "SE1# #@@"),
                ("Leeds", "England", "LS# #@@"),
                ("Bristol", "England", "BS# #@@"),
                ("Cardiff", "Wales", "CF1# #@@"),
                ("Glasgow", "Scotland", "G1# #@@"),
            ),
        ),
        Country(
            "Ireland",
            "{number} {street}",
            "Main Street, Bridge Street, Quay Road, Abbey Lane, Chapel Street",
            (("Dublin", "Leinster", "D0# @@##"), ("Cork", "Munster", "T12 @#@#")),
        ),
        Country(
            "United States",
            "{number}00 {street}",
            "Maple Avenue, Oak Street, Main Street, 2nd Street, Lakeview Drive, Elm Court, "
            "Industrial Parkway, Cedar Lane, Sunset Boulevard",
            (
                ("Denver", "Colorado", "802##"),
                ("Portland", "Oregon", "972##"),
                ("Columbus", "Ohio", "432##"),
                ("Austin", "Texas", "787##"),
            ),
        ),
        Country(
            "Japan",
            "{street} 3-{number}-8",
            "Chuo, Sakura, Minami, Kitamachi, Honcho",
            (
                ("Tokyo", "Tokyo", "10#-00##"),
                ("Osaka", "Osaka", "53#-00##"),
                ("Nagoya", "Aichi", "46#-00##"),
            ),
        ),
        Country(
            "Kuwait",
            "Block 4, {street}, Building {number}",
            "Street 12, Street 104, Gulf Road, Street 7, Airport Road",
            (("Kuwait City", "Al Asimah", "13##1"), ("Hawalli", "Hawalli", "32##1")),
        ),
    )
}


def addresses(countries: tuple[str, ...], rng: Random) -> Iterator[Address]:
    """Addresses without end, in some town of these countries each."""
    while True:
        country = COUNTRIES[rng.choice(countries)]
        town, state, postal_code = rng.choice(country.towns)
        street = country.address.format(
            street=rng.choice(country.streets.split(", ")), number=rng.randint(1, 140)
        )
        yield Address(street, town, state, _postal_code(postal_code, rng), country.name)


def _postal_code(pattern: str, rng: Random) -> str:
    drawn = {"#": "123456789", "@": "ABDEFHJLN"}
    return "".join(rng.choice(drawn[sign]) if sign in drawn else sign for sign in pattern)


# Reserved for films and books by Ofcom, Arcep, Bundesnetzagentur and the North American Numbering
# Plan: nobody's phone rings. {:02} takes 0 to 99, and so on.
FICTIONAL = {
    "United Kingdom": [("+447700900{:03}", 1000)],
    "France": [("+3363998{:04}", 10_000)],
    "Germany": [("+4917139200{:02}", 100), ("+49176040690{:02}", 100)],
    "United States": [(f"+1{area}55501{{:02}}", 100) for area in (303, 503, 614, 512, 212, 415)],
}


def phone_numbers(country: str) -> Iterator[str]:
    """The numbers of a country that were reserved for fiction, in E.164, each once."""
    for pattern, count in FICTIONAL[country]:
        yield from (pattern.format(number) for number in range(count))
