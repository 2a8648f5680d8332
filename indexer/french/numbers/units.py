"""The units of measure and the numbers in letters that people write, and the same as patterns."""

import re

WORDED = {
    word: value
    for value, words in {
        1: "un une",
        2: "deux",
        3: "trois",
        4: "quatre",
        5: "cinq",
        6: "six",
        7: "sept",
        8: "huit",
        9: "neuf",
        10: "dix",
        11: "onze",
        12: "douze",
        15: "quinze",
        18: "dix-huit",
        20: "vingt",
        24: "vingt-quatre",
        30: "trente",
        36: "trente-six",
        40: "quarante",
        48: "quarante-huit",
        50: "cinquante",
        60: "soixante",
        72: "soixante-douze",
        90: "quatre-vingt-dix",
        100: "cent",
        1000: "mille",
    }.items()
    for word in words.split()
}
TIMES = {"mille": 1_000, "million": 1_000_000, "milliard": 1_000_000_000}
UNITS = {
    word: (unit, factor)
    for (unit, factor), words in {
        ("min", 1): "minute minutes min mn",
        ("min", 60): "heure heures h",
        ("min", 1440): "jour jours j",
        ("min", 10080): "semaine semaines",
        ("mois", 1): "mois",
        ("mois", 3): "trimestre trimestres",
        ("mois", 6): "semestre semestres",
        ("mois", 12): "an ans année années annee annees",
        ("s", 1): "seconde secondes",
        ("€", 1): "€ euro euros EUR eur",
        ("€", 1000): "k€ K€ keuros",
        ("€", 1_000_000): "M€ m€",
        ("$", 1): "$ dollar dollars",
        ("%", 1): "% pourcent",
        ("ko", 1): "Ko ko KO kB KB kb kilooctets",
        ("mo", 1): "Mo mo MO MB mégaoctets megaoctets",
        ("go", 1): "Go go GO GB gigaoctets",
        ("to", 1): "To TB téraoctets teraoctets",
        ("km", 1): "km kilomètre kilomètres kilometre kilometres",
        ("m", 1): "mètre mètres metre metres",
        ("cm", 1): "cm centimètre centimètres centimetre centimetres",
        ("mm", 1): "mm",
        ("kg", 1): "kg kilo kilos",
        ("g", 1): "gramme grammes",
        ("mg", 1): "mg",
        ("ml", 1): "ml mL",
        ("l", 1): "litre litres",
    }.items()
    for word in words.split()
}
"""Of each unit, as written: in which one it is counted, and how many of that it is. Months have no fixed days."""

UNITS["pour cent"] = ("%", 1)
UNIT = "|".join(sorted(map(re.escape, UNITS), key=len, reverse=True))
WORD = "|".join(sorted(WORDED, key=len, reverse=True))
