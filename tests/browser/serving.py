"""The real application on a free port of this machine, over small corpora and the deterministic encoder."""

import secrets
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import uvicorn

from indexer.index.build import build_index
from indexer.index.index import Index
from indexer.records import Answer, AnswerSource, Facet
from indexer.search.contents import IndexContents
from indexer.store.embedded import EmbeddedStore
from server.answering.answering import Answering
from server.answering.index_switch import IndexSwitch
from server.app import create_site
from server.feedback.store import FeedbackStore
from server.http.load_shedding import Limits
from server.page.identity import Identity
from server.settings import Networks
from tests.corpora import MemoryCorpus
from tests.fakes import FakeEncoder

TOKEN = secrets.token_hex(16)
EDITOR_TOKEN = secrets.token_hex(16)

FACETS = (
    Facet("couloir", "Votre question concerne quel couloir Ségur ?", ("Hôpital", "Officine", "Imagerie")),
    Facet(
        "produit",
        "Votre question concerne quel produit ou service ?",
        ("MSSanté", "DMP", "INS, INSi"),
        open_to_all=False,
    ),
    Facet(
        "thematique",
        "Votre question concerne quelle thématique ?",
        ("Certificats", "Interopérabilité", "Sécurité"),
        open_to_all=False,
    ),
)
SMALL = MemoryCorpus(
    (
        Answer(
            "validite-certificat",
            "Un certificat délivré par l'agence est valable **3 ans** à compter de son obtention.\n\n"
            "Une notification part 60 jours avant la fin. Elle vient de noreply@example.org.",
            questions=("Combien de temps un certificat est-il valable ?", "Suis-je prévenu avant la fin ?"),
            facets={"thematique": ("Certificats",)},
            source="FAQ des industriels",
            changed_on=date(2026, 3, 1),
        ),
        Answer(
            "renouvellement-certificat",
            "Pour le renouveler :\n\n1. connectez-vous au [portail](https://example.org/portail) ;\n"
            "2. choisissez le certificat ;\n3. validez, puis installez le nouveau certificat.",
            questions=("Comment renouveler un certificat logiciel ?",),
            facets={"thematique": ("Certificats",), "couloir": ("Hôpital", "Imagerie")},
        ),
        Answer(
            "code-erreur-905",
            "Le code d'erreur 905 doit être envoyé : https://example.org/ig/hl7v2/error-codes.html",
            questions=("Quel code d'erreur renvoyer quand le document est refusé ?",),
            facets={"thematique": ("Interopérabilité",), "couloir": ("Hôpital",), "produit": ("DMP",)},
        ),
        Answer(
            "types-de-bal",
            "Il existe trois types de boîtes aux lettres :\n\n- nominative ;\n- organisationnelle ;\n- applicative.",
            questions=("Quels types de boîte aux lettres MSSanté y a-t-il ?",),
            facets={"couloir": ("Officine",), "produit": ("MSSanté",)},
        ),
        Answer("export-des-donnees", "L'export des données doit être réalisé sous un format standard et documenté."),
        Answer(
            "chiffrement",
            "Oui, les échanges sont chiffrés par TLS.\n\n"
            "| Version | Acceptée |\n| --- | --- |\n| 1.2 | oui |\n| 1.0 | non |",
            questions=("Les échanges doivent-ils être chiffrés ?",),
            facets={"thematique": ("Sécurité",)},
        ),
    ),
    facets=FACETS,
    off_topic=("Quel temps fera-t-il demain ?", "Donnez-moi une recette de gâteau au chocolat", "Bonjour"),
)


@dataclass(frozen=True)
class Site:
    """A running application: its address, and what it keeps."""

    address: str
    store: FeedbackStore


@contextmanager
def serve(
    corpus: AnswerSource,
    folder: Path,
    *,
    never_sure: bool = False,
    identity: Identity | None = None,
    base_path: str = "",
    trusted_proxies: Networks = (),
    limits: Limits | None = None,
) -> Iterator[Site]:
    """Serve an index of *corpus*, built in *folder*, until the end of the block.

    never_sure: give every reply as uncertain, by the thresholds alone. The others are those of `create_site`.
    """
    encoder = FakeEncoder()
    manifest = build_index(corpus, folder / "index", encoder=encoder).manifest
    if never_sure:
        manifest = replace(manifest, calibration=replace(manifest.calibration, answered_from=1.1, show_from=0.0))
    contents = IndexContents.load(folder / "index" / manifest.id, cosine_scale=manifest.cosine_scale)
    answering = Answering(Index(EmbeddedStore(contents), manifest), encoder)
    with FeedbackStore.open(folder / "feedback.sqlite", keep_questions="redacted", retention_days=30) as store:
        app = create_site(
            answering,
            feedback=store,
            index_switch=IndexSwitch(folder / "index", answering),
            admin_token=TOKEN,
            editor_token=EDITOR_TOKEN,
            identity=identity,
            base_path=base_path,
            trusted_proxies=trusted_proxies,
            limits=limits,
        )
        # A port of the system's choice, taken before the server starts: nobody else can take it in between.
        listener = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(
            uvicorn.Config(app, log_config=None, access_log=False, ws="none", lifespan="off", proxy_headers=False)
        )
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield Site(f"http://127.0.0.1:{listener.getsockname()[1]}", store)
        finally:
            server.should_exit = True
            thread.join()
            listener.close()
