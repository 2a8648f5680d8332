"""Sentences with personal data as people write it, and ordinary ones that only look so, without end.

Every kind has two halves of spellings and of sentences: patterns may be made for the half `dev`, never for `test`,
whose failures are counted and not looked at. `python -m tests.server.privacy.generators` measures both.
"""

import random
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from server.privacy.redaction import redact

Half = Literal["dev", "test"]


@dataclass(frozen=True, slots=True)
class Example:
    """A sentence, and the part of it that must go."""

    text: str
    personal: str

    def is_caught(self) -> bool:
        """Whether no number and no name of the personal part is left, but those that the sentence has anyway."""
        around = set(_words(self.text.replace(self.personal, " ")))
        return not (set(_words(self.personal)) - around) & set(_words(redact(self.text)))


_SENTENCES = {
    "dev": (
        "Le patient {} n'est pas retrouvé par le téléservice, que faire ?",
        "bonjour, impossible de qualifier l'identité de {} dans notre DPI",
        "Erreur au retour de la PFI pour {} depuis hier",
        "merci de voir avec {}, bien cordialement",
        "Faut-il remplir le formulaire pour ({}) avant la fin du mois ?",
        "{} : message rejeté par la MSSanté",
        "J'ai saisi {}\net le DMP refuse le document",
        "Nous avons reçu un refus pour « {} », est-ce normal ?",
    ),
    "test": (
        "Pouvez-vous vérifier {} s'il vous plaît, rien ne s'affiche",
        "le logiciel affiche {} au lieu du bon dossier",
        "Depuis la mise à jour, {} est rejeté systématiquement.",
        "voici l'information demandée :\n{}\ncordialement",
        "Comment corriger l'identité ({}), le certificat est valide",
        "suite à mon appel concernant {}; merci de revenir vers nous",
        "Est-il possible de supprimer {} de l'annuaire santé ?",
        "- contexte : {} - résultat : aucun retour",
    ),
}
_FIRST = "Marie Jean Élodie Jean-Pierre Fatima Noël Zoé Mohamed Aïcha François Anne-Sophie Karim Léa Hugo".split()  # noqa: SIM905
_LAST = {
    "dev": "Dupont Martin Lefèvre Nguyen Müller Garçon Benali Durand Moreau Rousseau Fontaine Lambert".split(),  # noqa: SIM905
    "test": "Bernard Petitjean Leroy Tran Schmitt Gaillard Haddad Perrin Mercier Blanchard Guérin Caron Dumas".split(),  # noqa: SIM905
}
_MONTHS = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()  # noqa: SIM905


_STREETS = "République Hugo Lilas Moulin Marché Verdun Tilleuls Strasbourg Bordeaux Voltaire".split()  # noqa: SIM905
_CITIES = "Paris Lyon Ajaccio Toulouse Saint-Denis Rennes Nouméa".split()  # noqa: SIM905


def example(kind: str, draw: random.Random, half: Half) -> Example:
    """Return a sentence with data of that kind."""
    personal = KINDS[kind](draw, half)
    sentence = draw.choice(_SENTENCES[half])
    return Example(sentence.replace("{}", personal), personal)


def ordinary(draw: random.Random, half: Half) -> str:
    """Return a sentence without anything personal."""
    return draw.choice(_SENTENCES[half]).replace("{}", draw.choice(_ORDINARY[half])(draw))


def rates(*, half: Half, count: int, seed: int) -> dict[str, float]:
    """Return the part of *count* sentences of each kind that is caught, and of "ordinary" ones that is altered."""
    found: dict[str, float] = {}
    for kind in KINDS:
        draw = random.Random(f"{seed} {half} {kind}")
        found[kind] = sum(example(kind, draw, half).is_caught() for _ in range(count)) / count
    draw = random.Random(f"{seed} {half} ordinary")
    texts = [ordinary(draw, half) for _ in range(count)]
    found["ordinary"] = sum(redact(text) != text for text in texts) / count
    return found


def _words(text: str) -> list[str]:
    """Return what is telling in a text: numbers and names, not the words that announce them."""
    words = re.findall(r"[^\W_]+", text.lower())
    return [word for word in words if len(word) > 1 and (word in _TELLING or any(map(str.isdigit, word)))]


def _plain(name: str) -> str:
    return name.lower().translate(str.maketrans("éèëïçüœ", "eeeicuo"))


_TELLING = frozenset(
    part
    for name in (*_FIRST, *_LAST["dev"], *_LAST["test"], *_MONTHS, *_STREETS, *_CITIES, "premier", "quinze")
    for part in (*name.lower().split("-"), *_plain(name).split("-"))
)


def _digits(draw: random.Random, count: int) -> str:
    return "".join(draw.choices("0123456789", k=count))


def _grouped(text: str, lengths: tuple[int, ...], separator: str) -> str:
    groups, at = [], 0
    for length in lengths:
        groups.append(text[at : at + length])
        at += length
    return separator.join(group for group in groups if group)


def _nir(draw: random.Random, half: Half) -> str:
    place = draw.choice(["75", "13", "2A", "2B", "99", "97", "01", "59"])
    birth = f"{draw.choice('12')}{_digits(draw, 2)}{draw.randint(1, 12):02}"
    body = f"{birth}{place}{draw.randint(1, 990):03}{draw.randint(1, 999):03}"
    text = body + (f"{97 - int(body.replace('2A', '19').replace('2B', '18')) % 97:02}" if draw.random() < 0.7 else "")
    groups = (1, 2, 2, 2, 3, 3, 2)
    if half == "dev":
        style = draw.choice(["separator", "separator", "boxed", "broken", "letters"])
        separator = draw.choice(["", " ", ".", "-", "|", ";", " | ", " ; "])
    else:
        style = draw.choice(["separator", "separator", "boxed", "broken", "letters"])
        separator = draw.choice(["", "  ", "_", "/", " - ", "| ", "; ", ",", "\t", "\u00a0", " / "])
    match style:
        case "boxed":
            inner = "|" if half == "dev" else " | "
            return f"|{inner.join(text)}|" if draw.random() < 0.5 else f"|{_grouped(text, groups, '|')}|"
        case "broken":
            at = draw.choice([1, 3, 5, 7, 10])
            line_end = draw.choice(["\n", "\r\n", " \n"])
            return _grouped(text[:at], groups, " ") + line_end + _rest(text, at, groups)
        case "letters":
            looks = text.replace("0", draw.choice("0Oo")).replace("1", draw.choice("1lI"))
            return _grouped(
                looks, groups, draw.choice(["", " ", "."]) if half == "dev" else draw.choice([" ", "-", ""])
            )
        case _:
            return _grouped(text, groups, separator)


def _rest(text: str, at: int, groups: tuple[int, ...]) -> str:
    done, left = 0, []
    for length in groups:
        if done >= at:
            left.append(length)
        done += length
    return _grouped(text[at:], tuple(left), " ")


def _siren(draw: random.Random, half: Half) -> str:
    number = str(draw.randint(1, 9)) + _digits(draw, 8)
    long = draw.random() < 0.4
    text = _grouped(number, (3, 3, 3), draw.choice([" ", "", "."] if half == "dev" else [" ", "\u00a0", "-"]))
    if long:
        text += draw.choice([" ", ""]) + _digits(draw, 5)
    label = "SIRET" if long else "SIREN"
    tail: tuple[str, ...] = ("euros dus", "patients suivis", "euros de facture", "patients")
    if half == "test":
        label = draw.choice([f"n° {label.lower()} :", f"{label} n°", f"numéro {label}", f"{label.title()} ="])
        tail = ("eur.", "Europe", "patientes", "dossiers")
    return f"{label} {text} {draw.choice(tail)}" if draw.random() < 0.6 else f"{label} {text}"


def _corsican(draw: random.Random, half: Half) -> str:
    number = draw.choice(["2A", "2B"]) + _digits(draw, 7)
    if half == "dev":
        return _grouped(number, (2, 7), draw.choice(["", " "]))
    return draw.choice([number, number.lower(), _grouped(number, (3, 3, 3), " "), _grouped(number, (2, 1, 3, 3), " ")])


def _email(draw: random.Random, half: Half) -> str:
    first, last = _plain(draw.choice(_FIRST)), _plain(draw.choice(_LAST[half]))
    if half == "dev":
        local = draw.choice([f"{first}.{last}", f"{first}-{last}", f"{first[0]}{last}"])
        at = draw.choice(["@", "{at}", "_at_", " @ ", "&#64;", "%40", "@\n", "[at]", " arobase "])
        domain = draw.choice(["chu-lyon.fr", "gmail.com", "cabinet.mssante.fr"])
        if at == " @ " and draw.random() < 0.5:
            return f"{first} . {last} @ {domain.replace('.', ' . ')}"
        return local + at + domain
    local = draw.choice([f"{first}.{last}", f"{last}{draw.randint(1, 99)}", f"{last}_{first}"])
    at = draw.choice(["@", " {at} ", "{arobase}", "_AT_", "@ ", " @", "&#64;", "&#x40;", "%40", "@\r\n", " (at) "])
    domain = draw.choice(["ch-ajaccio.fr", "orange.fr", "wanadoo.fr", "pharma.mssante.fr", "hotmail.com"])
    if draw.random() < 0.1:
        return f"{first} .{last}@{domain.replace('.', '. ')}"
    return local + at + domain


def _phone(draw: random.Random, half: Half) -> str:
    number = "0" + draw.choice("12345679") + _digits(draw, 8)
    if draw.random() < 0.2:
        local = draw.choice("247") + _digits(draw, 5)
        prefix = draw.choice(
            ["+687 ", "+687", "00687 "] if half == "dev" else ["(+687) ", "+687.", "00 687 ", "+ 687 "]
        )
        return prefix + _grouped(local, (2, 2, 2), draw.choice([" ", ".", ""]))
    if half == "dev":
        separator = draw.choice(["", " ", ".", "-", "|", ";", ":", ",", "\n", " | "])
    else:
        separator = draw.choice(["  ", "/", "_", "; ", " : ", ", ", "\r\n", " - ", " ; ", "|"])
    if separator.strip() == "" and "\n" in separator:
        at = draw.choice([1, 2, 3])
        pairs = [number[index : index + 2] for index in range(0, 10, 2)]
        return " ".join(pairs[:at]) + separator + " ".join(pairs[at:])
    return _grouped(number, (2, 2, 2, 2, 2), separator)


def _birth(draw: random.Random, half: Half) -> str:
    day, month, year = draw.randint(1, 28), draw.randint(1, 12), draw.randint(1930, 2012)
    name, last = _MONTHS[month - 1], draw.choice(_LAST[half])
    numeric = draw.choice([f"{day:02}/{month:02}/{year}", f"{day}.{month}.{year}", f"{day} {name} {year}"])
    if half == "dev":
        return draw.choice(
            [
                f"né le premier {name} {year}",
                f"née le {numeric}",
                f"naissance le {numeric}",
                f"né en {name} {year}",
                f"née {last} le {numeric}",
                f"né le\n{numeric}",
                f"DDN {numeric}",
                f"date de naissance : {numeric}",
            ]
        )
    return draw.choice(
        [
            f"Née le premier {name} {year}",
            f"né le quinze {name} {year}",
            f"naissance : le {numeric}",
            f"Naissance le {numeric}",
            f"née en {name} {year}",
            f"née {last.upper()} le {numeric}",
            f"née {last} à Brest le {numeric}",
            f"née le \r\n{numeric}",
            f"né un {day} {name} {year}",
            f"D.D.N. : {numeric}",
        ]
    )


def _name(draw: random.Random, half: Half) -> str:
    last, first = draw.choice(_LAST[half]), draw.choice(_FIRST)
    if half == "dev":
        return draw.choice(
            [
                f"Me {last}",
                f"Maître {first} {last}",
                f"Mme : {last}",
                f"Mme_{last}",
                f"le docteur {last.lower()}",
                f"le dossier de Monsieur\n{last}",
                f"Mme {first} {last}, née {draw.choice(_LAST[half])}",
                f"M. {last.upper()} {first}",
                f"Dr {first} {last}",
            ]
        )
    return draw.choice(
        [
            f"Me {first} {last}",
            f"Maître {last.upper()}",
            f"M. : {last}",
            f"Monsieur_{last}",
            f"Madame : {last.upper()} {first}",
            f"du docteur {last.lower()}",
            f"chez le Docteur {last}",
            f"la demande de Madame\r\n{last}",
            f"{first[0]}. est née {last.upper()}",
            f"Mlle {last}",
            f"Pr {first[0]}. {last}",
        ]
    )


def _ipp(draw: random.Random, half: Half) -> str:
    number = draw.choice("123456789") + _digits(draw, 7)
    labels = (
        ["IPP {}", "IPP : {}", "ipp n°{}", "IPP n° {}"]
        if half == "dev"
        else ["IPP={}", "(IPP) {}", "IPP numéro {}", "identifiant patient {}", "IPP du patient : {}", "n° IPP {}"]
    )
    return draw.choice(labels).format(number)


def _nda(draw: random.Random, half: Half) -> str:
    number = _digits(draw, draw.choice([7, 8, 10]))
    labels = (
        ["NDA {}", "NDA : {}", "n° de dossier administratif {}", "numéro de séjour {}"]
        if half == "dev"
        else ["NDA n° {}", "nda={}", "numéro de dossier : {}", "n° séjour {}", "IEP {}", "numéro de venue : {}"]
    )
    return draw.choice(labels).format(number)


def _passport(draw: random.Random, half: Half) -> str:
    number = _digits(draw, 2) + "".join(draw.choices("ABCDEFHKPRTVX", k=2)) + _digits(draw, 5)
    labels = (
        ["passeport {}", "passeport n° {}", "Passeport : {}"]
        if half == "dev"
        else ["passeport numéro {}", "n° de passeport {}", "passeport français n°{}", "PASSEPORT={}"]
    )
    spelled = number if draw.random() < 0.7 else _grouped(number, (2, 2, 5), " ")
    return draw.choice(labels).format(spelled)


def _identity_card(draw: random.Random, half: Half) -> str:
    letters = "CDFGHJKLMNPRTVWXYZ"
    new = draw.choice(letters) + draw.choice("0123456789") + "".join(draw.choices(letters + "0123456789", k=7))
    number = new if draw.random() < 0.6 else _digits(draw, 12)
    labels = (
        ["CNI {}", "CNI n° {}", "carte d'identité {}", "carte nationale d’identité n° {}"]
        if half == "dev"
        else ["CNI : {}", "cni numéro {}", "carte d’identité n°{}", "pièce d'identité {}", "CNIe {}"]
    )
    return draw.choice(labels).format(number)


def _plate(draw: random.Random, half: Half) -> str:
    letters = "ABCDEFGHJKLMNPQRSTVWXYZ"
    pair = "".join(draw.choices(letters, k=2)), _digits(draw, 3), "".join(draw.choices(letters, k=2))
    old = (
        str(draw.randint(10, 9999)),
        "".join(draw.choices(letters, k=draw.choice([2, 3]))),
        f"{draw.randint(1, 95):02}",
    )
    if half == "dev":
        return draw.choice(["-".join(pair), "".join(pair), "plaque " + " ".join(pair), "immatriculé " + " ".join(old)])
    return draw.choice(
        [
            "-".join(pair).lower(),
            "immatriculation : " + " ".join(pair),
            "immatriculée " + "".join(pair).lower(),
            "véhicule " + "-".join(pair),
            "plaque n° " + " ".join(old),
            "immatriculation " + "".join(old),
        ]
    )


def _address(draw: random.Random, half: Half) -> str:
    number, code, city = (
        draw.randint(1, 250),
        f"{draw.randint(1, 95):02}{draw.randint(0, 99):02}0",
        draw.choice(_CITIES),
    )
    last = draw.choice(_LAST[half])
    if half == "dev":
        return draw.choice(
            [
                f"{number} rue de la République, {code} {city}",
                f"{number}, avenue {draw.choice(_FIRST)} {last}",
                f"{number} bis bd Victor-Hugo {code} {city}",
                f"{number} impasse des Lilas",
                f"{number}, chemin du Moulin\n{code} {city}",
                f"{number} place du Marché, {code} {city}",
            ]
        )
    return draw.choice(
        [
            f"{number} ter, rue {draw.choice(_FIRST)} {last} - {code} {city}",
            f"{number} av. de Verdun {code} {city.upper()}",
            f"{number} Allée des Tilleuls",
            f"{number}, boulevard de Strasbourg, {code} {city}",
            f"{number} route de Bordeaux {code} {city}",
            f"{number} quai Voltaire\r\n{code} {city}",
            f"{number} RUE DU {last.upper()}, {code} {city.upper()}",
        ]
    )


KINDS: dict[str, Callable[[random.Random, Half], str]] = {
    "NIR": _nir,
    "SIREN, SIRET": _siren,
    "FINESS, ADELI (Corse)": _corsican,
    "courriel": _email,
    "téléphone": _phone,
    "naissance": _birth,
    "nom à titre": _name,
    "IPP": _ipp,
    "NDA": _nda,
    "passeport": _passport,
    "CNI": _identity_card,
    "plaque": _plate,
    "adresse postale": _address,
}
"""What is caught, and how it is written."""

_ORDINARY: dict[Half, tuple[Callable[[random.Random], str], ...]] = {
    "dev": (
        lambda draw: f"le timestamp {draw.randint(1_600_000_000, 1_800_000_000)}",
        lambda draw: f"le lot {_digits(draw, 12)}",
        lambda draw: ".".join(str(draw.randint(0, 255)) for _ in range(4)),
        lambda draw: f"{draw.randint(1, 999)} {_digits(draw, 3)} {_digits(draw, 3)},50 €",
        lambda draw: f"l'article L. {draw.randint(1000, 6999)}-{draw.randint(1, 30)}-{draw.randint(1, 9)}",
        lambda draw: f"la version 3.{draw.randint(0, 9)}.{draw.randint(0, 99)}.2024{draw.randint(1, 12):02}15",
        lambda draw: f"l'erreur {draw.randint(900, 999)}",
        lambda draw: f"le certificat du {draw.randint(1, 28):02}/{draw.randint(1, 12):02}/2024",
        lambda draw: f"l'exigence SC.INS.{draw.randint(1, 60):02}",
        lambda draw: f"le docteur {draw.choice(['responsable', 'traitant'])}",
        lambda draw: f"les {draw.randint(2, 9)} places de parking et les {draw.randint(2, 9)} cours",
        lambda draw: f"les vagues {draw.randint(2019, 2021)}, 2022 et 2023",
        lambda draw: f"l'identifiant 1.2.250.1.213.1.4.{draw.randint(1, 99)}",
    ),
    "test": (
        lambda draw: f"l'horodatage {draw.randint(1_600_000_000, 1_800_000_000)}",
        lambda draw: f"le numéro de lot {_digits(draw, 12)}",
        lambda draw: f"l'adresse IP 10.{draw.randint(100, 255)}.{draw.randint(100, 255)}.{draw.randint(100, 255)}",
        lambda draw: f"la somme de {draw.randint(1, 999)} {_digits(draw, 3)} {_digits(draw, 3)} euros",
        lambda draw: f"un montant de {draw.randint(100, 999)}.{_digits(draw, 3)}.{_digits(draw, 3)},00 EUR",
        lambda draw: f"l'article R.{draw.randint(1000, 6999)}-{draw.randint(1, 130)}-{draw.randint(1, 99)}",
        lambda draw: f"la version v{draw.randint(1, 20)}.{draw.randint(0, 20)}.{draw.randint(0, 9)}-{_digits(draw, 6)}",
        lambda draw: f"le code retour {draw.randint(100, 599)} ou {draw.randint(100, 599)}",
        lambda draw: f"l'échéance du {draw.randint(1, 28)} {draw.choice(_MONTHS)} 2025",
        lambda draw: f"l'annexe {draw.randint(1, 9)}.{draw.randint(1, 9)} du DSR",
        lambda draw: f"le docteur {draw.choice(['remplaçant', 'signataire'])}",
        lambda draw: f"les {draw.randint(2, 30)} voies d'accès et {draw.randint(2, 30)} routes",
        lambda draw: f"la campagne {draw.randint(2019, 2021)}-2022",
        lambda draw: f"le port {draw.randint(1024, 65535)} du serveur",
        lambda draw: f"le fichier export_2024{draw.randint(1, 12):02}15_{draw.randint(0, 23):02}3015.csv",
    ),
}


def main() -> None:
    """Print the rates of both halves as a table of Markdown; with `--missed`, the misses of the half `dev` alone."""
    if "--missed" in sys.argv:
        for kind in KINDS:
            draw = random.Random(f"1 dev {kind}")
            missed = [one for one in (example(kind, draw, "dev") for _ in range(2000)) if not one.is_caught()]
            print(
                f"{kind}: {len(missed)}", *(f"  {one.text!r} -> {redact(one.text)!r}" for one in missed[:6]), sep="\n"
            )
        draw = random.Random("1 dev ordinary")
        texts = [text for text in (ordinary(draw, "dev") for _ in range(2000)) if redact(text) != text]
        print(f"ordinary: {len(texts)}", *(f"  {text!r} -> {redact(text)!r}" for text in texts[:6]), sep="\n")
        return
    dev, test = (rates(half=half, count=2000, seed=1) for half in ("dev", "test"))
    print("| nature | phrases de mise au point | phrases d'épreuve |\n| --- | --- | --- |")
    for kind in dev:
        print(f"| {kind} | {100 * dev[kind]:.2f} % | {100 * test[kind]:.2f} % |".replace(".", ","))


if __name__ == "__main__":
    main()
