"""The words that the seeded rows are made of."""

from __future__ import annotations

# fmt: off
GIVEN_NAMES = (
    "Ada", "Amina", "Anton", "Beatriz", "Chiara", "Dmitri", "Elif", "Emil", "Fatima", "Goran", "Hana",
    "Ines", "Jakub", "Kaja", "Lars", "Leila", "Marta", "Mateo", "Nadia", "Oskar", "Paula", "Quentin",
    "Rosa", "Samir", "Tereza", "Umar", "Vera", "Wim", "Yara", "Zeno",
)
FAMILY_NAMES = (
    "Alvarez", "Bakker", "Costa", "Dvorak", "Eriksen", "Ferrari", "Garcia", "Horvat", "Ivanova", "Jansen",
    "Kaya", "Lindgren", "Moreau", "Novak", "Okafor", "Petrov", "Quispe", "Rossi", "Silva", "Tanaka",
    "Ulrich", "Vidal", "Weber", "Xu", "Yilmaz", "Zimmer",
)
STREETS = (
    "Canal Street", "Harbour Road", "Hill Lane", "Market Square", "Mill Row", "Orchard Way", "River Walk",
)
CITIES = (
    ("Amsterdam", "NL"), ("Barcelona", "ES"), ("Brno", "CZ"), ("Geneva", "CH"), ("Graz", "AT"),
    ("Lisbon", "PT"), ("Lyon", "FR"), ("Manchester", "GB"), ("Milan", "IT"), ("Split", "HR"),
    ("Uppsala", "SE"),
)
ARTICLES = (
    ("BOOK-001", 1290), ("BOOK-002", 2450), ("CHAIR-010", 14900), ("CUP-004", 795), ("DESK-020", 38900),
    ("LAMP-003", 5999), ("MOUSE-07", 2999), ("PEN-100", 349), ("RUG-011", 21050), ("TEA-0042", 1110),
)
NOTES = (
    "Leave it at the door.", "Please gift-wrap.", "Ring twice.", "Fragile!", "Deliver after six.",
)
