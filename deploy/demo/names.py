"""Common Indonesian given names, from which the names of synthetic persons are drawn.

A name is two given names that are common on Java; the numbers show that a person is fictional.
"""

from __future__ import annotations

import random

WOMEN = (
    *(
        "Siti",
        "Sri",
        "Dewi",
        "Nur",
        "Rina",
        "Endang",
        "Yuni",
        "Fitri",
        "Ratna",
        "Indah",
        "Sulastri",
        "Wahyuni",
    ),
    *(
        "Kartini",
        "Murni",
        "Suparmi",
        "Sumiati",
        "Rohmah",
        "Umi",
        "Tutik",
        "Eni",
        "Lilis",
        "Winarti",
        "Nining",
    ),
)
MEN = (
    *(
        "Agus",
        "Budi",
        "Slamet",
        "Joko",
        "Eko",
        "Bambang",
        "Hadi",
        "Rudi",
        "Sutrisno",
        "Arif",
        "Dedi",
        "Suparman",
    ),
    *("Sugeng", "Mulyono", "Teguh", "Supriyadi", "Imam", "Ahmad", "Muhamad", "Nanang", "Wawan", "Tarno"),
)
WOMEN_SECOND = (
    *("Aminah", "Lestari", "Rahayu", "Handayani", "Astuti", "Puspitasari", "Khasanah", "Widyastuti", "Utami"),
    *("Maryati", "Setyowati", "Fatimah", "Kurniasih", "Ningsih", "Wulandari", "Purwanti"),
)
MEN_SECOND = (
    *("Santoso", "Prasetyo", "Widodo", "Setiawan", "Riyanto", "Kurniawan", "Wibowo", "Hidayat", "Susanto"),
    *("Purnomo", "Utomo", "Nugroho", "Saputra", "Haryanto", "Rohman", "Waluyo"),
)
# Names that are given today are others than those of the parents.
GIRLS = (
    *(
        "Aisyah",
        "Nayla",
        "Zahra",
        "Putri",
        "Salsabila",
        "Keisha",
        "Anisa",
        "Naura",
        "Intan",
        "Amelia",
        "Citra",
    ),
    *("Aulia", "Nabila", "Kirana"),
)
BOYS = (
    *(
        "Rizky",
        "Fajar",
        "Dimas",
        "Bagas",
        "Rafa",
        "Alif",
        "Ilham",
        "Farhan",
        "Galih",
        "Raka",
        "Aditya",
        "Yoga",
    ),
    *("Naufal", "Satria"),
)


def adult(chance: random.Random, *, woman: bool) -> str:
    """Return the name of a woman or a man."""
    first, second = (WOMEN, WOMEN_SECOND) if woman else (MEN, MEN_SECOND)
    return f"{chance.choice(first)} {chance.choice(second)}"


def child(chance: random.Random, *, woman: bool) -> str:
    """Return the name of a girl or a boy."""
    first, second = (GIRLS, WOMEN_SECOND) if woman else (BOYS, MEN_SECOND)
    return f"{chance.choice(first)} {chance.choice(second)}"
