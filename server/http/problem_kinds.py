"""Every problem that the API may tell, once: its name, which never changes, its status, and what it means.

A program compares `type`; people read the title and the detail, in the language they ask for. `GET /v1/problems` and
`docs/api.md` list what stands here.
"""

from dataclasses import dataclass
from http import HTTPStatus

from indexer.errors import Wording

TYPE_PREFIX = "urn:souffleur:problem:"
"""No address: the same problem has the same type on every server, whatever its host and prefix."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of problem. title: the same for all of the kind. remedy: what the client can do. detail: of one case."""

    name: str
    status: HTTPStatus
    title: Wording
    remedy: Wording
    detail: Wording

    @property
    def type(self) -> str:
        """What `type` says of a problem of this kind."""
        return TYPE_PREFIX + self.name


BODY_UNREADABLE = Kind(
    "body-unreadable",
    HTTPStatus.BAD_REQUEST,
    Wording("Le corps n'est pas du texte", "The body is no text"),
    Wording("Envoyez le corps en UTF-8.", "Send the body in UTF-8."),
    Wording("Le corps n'est pas du texte en UTF-8.", "The body is not text in UTF-8."),
)
TOKEN_NEEDED = Kind(
    "token-needed",
    HTTPStatus.UNAUTHORIZED,
    Wording("Un jeton est nécessaire", "A token is needed"),
    Wording(
        "Envoyez le jeton de l'exploitant ou d'un éditeur : Authorization: Bearer JETON.",
        "Send the token of the operator or of an editor: Authorization: Bearer TOKEN.",
    ),
    Wording("Le jeton de l'exploitant est nécessaire.", "The operator's bearer token is needed."),
)
OPERATORS_ONLY = Kind(
    "operators-only",
    HTTPStatus.FORBIDDEN,
    Wording("Réservé à l'exploitant", "For the operator alone"),
    Wording("Envoyez le jeton de l'exploitant, non celui d'un éditeur.", "Send the operator's token, not an editor's."),
    Wording(
        "Le jeton de l'exploitant lui-même est nécessaire : les éditeurs ne changent pas d'index.",
        "The operator's own token is needed: editors switch no index.",
    ),
)
FOREIGN_FORM = Kind(
    "foreign-form",
    HTTPStatus.FORBIDDEN,
    Wording("Formulaire d'un autre site", "A form of another site"),
    Wording(
        "Envoyez le formulaire depuis la page de ce serveur ; un programme emploie /v1.",
        "Send the form from the page of this server; a program uses /v1.",
    ),
    Wording(
        "Un autre site a envoyé ce formulaire. Envoyez-le depuis la page de ce serveur.",
        "Another site sent this form. Send it from the page of this server.",
    ),
)
UNKNOWN_ADDRESS = Kind(
    "unknown-address",
    HTTPStatus.NOT_FOUND,
    Wording("Adresse inconnue", "Unknown address"),
    Wording("Corrigez l'adresse ; /docs les décrit toutes.", "Correct the address; /docs describes them all."),
    Wording("Il n'y a rien à cette adresse.", "Not Found"),
)
UNKNOWN_ANSWER = Kind(
    "unknown-answer",
    HTTPStatus.NOT_FOUND,
    Wording("Réponse inconnue", "Unknown answer"),
    Wording(
        "Cherchez à nouveau : la réponse a pu être retirée de la FAQ depuis.",
        "Search again: the answer may have been removed from the FAQ since.",
    ),
    Wording(
        "Aucune réponse n'a l'identifiant 'absente' dans cet index.",
        "There is no answer with the id 'absente' in this index.",
    ),
)
NO_FEEDBACK = Kind(
    "no-feedback",
    HTTPStatus.NOT_FOUND,
    Wording("Aucun avis n'est gardé", "No feedback is kept"),
    Wording(
        "N'envoyez plus d'avis à ce serveur ; son exploitant peut en garder.",
        "Send no more judgements to this server; its operator can have them kept.",
    ),
    Wording(
        "Ce serveur ne garde aucun avis. Son exploitant peut définir SOUFFLEUR_FEEDBACK.",
        "This server keeps no feedback. Its operator can set SOUFFLEUR_FEEDBACK.",
    ),
)
UNKNOWN_PROBLEM = Kind(
    "unknown-problem",
    HTTPStatus.NOT_FOUND,
    Wording("Problème inconnu", "Unknown problem"),
    Wording("GET /v1/problems donne tous les noms.", "GET /v1/problems gives all names."),
    Wording("Aucun problème n'a le nom 'absent'.", "There is no problem with the name 'absent'."),
)
METHOD_NOT_ALLOWED = Kind(
    "method-not-allowed",
    HTTPStatus.METHOD_NOT_ALLOWED,
    Wording("Méthode non permise", "Method not allowed"),
    Wording("Employez une méthode de l'en-tête Allow.", "Use a method of the header Allow."),
    Wording("Cette adresse ne connaît pas cette méthode.", "Method Not Allowed"),
)
BODY_TOO_SLOW = Kind(
    "body-too-slow",
    HTTPStatus.REQUEST_TIMEOUT,
    Wording("Corps trop lent", "The body was too slow"),
    Wording("Envoyez la requête à nouveau, en une fois.", "Send the request again, at once."),
    Wording("Le corps n'est pas arrivé en 5 s.", "The body did not arrive within 5 s."),
)
INDEX_UNFIT = Kind(
    "index-unfit",
    HTTPStatus.CONFLICT,
    Wording("L'index n'a pas changé", "The index is as it was"),
    Wording(
        "L'index en service continue. Réparez ce que dit le détail, puis recommencez.",
        "The index in service goes on. Mend what the detail says, then try again.",
    ),
    Wording(
        "L'index en service reste le même. Le programme dit : There is no index older than 20260131T101112Z-0a1b2c3d "
        "in build/index to go back to.",
        "There is no index older than 20260131T101112Z-0a1b2c3d in build/index to go back to.",
    ),
)
BODY_TOO_LARGE = Kind(
    "body-too-large",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    Wording("Corps trop grand", "The body is too large"),
    Wording("Envoyez moins à la fois.", "Send less at once."),
    Wording("Un corps de 65536 octets au plus est accepté.", "A body of at most 65536 bytes is accepted."),
)
QUESTION_BLANK = Kind(
    "question-blank",
    HTTPStatus.UNPROCESSABLE_ENTITY,
    Wording("La question est vide", "The question is blank"),
    Wording("Posez une question de quelques mots.", "Ask a question of some words."),
    Wording(
        "La question est vide. Écrivez quelques mots, par exemple une phrase.",
        "The question is blank. Write some words, such as a sentence.",
    ),
)
QUESTION_TOO_LONG = Kind(
    "question-too-long",
    HTTPStatus.UNPROCESSABLE_ENTITY,
    Wording("La question est trop longue", "The question is too long"),
    Wording("Gardez l'essentiel en une ou deux phrases.", "Keep what matters, in a sentence or two."),
    Wording(
        "La question compte 2001 caractères, 2000 au plus sont acceptés. Gardez l'essentiel en une ou deux phrases.",
        "The question has 2001 characters, at most 2000 are accepted. Keep what matters, in a sentence or two.",
    ),
)
QUESTION_NOT_TEXT = Kind(
    "question-not-text",
    HTTPStatus.UNPROCESSABLE_ENTITY,
    Wording("La question n'est pas du texte", "The question is not text"),
    Wording("Retirez les caractères de commande, en UTF-8.", "Leave control characters out, and send UTF-8."),
    Wording(
        "Le caractère 2 de la question (U+0000) n'est pas du texte. Retirez-le, ou tapez la question à nouveau.",
        "Character 2 of the question (U+0000) is not text. Remove it, or type the question again.",
    ),
)
UNKNOWN_FACET = Kind(
    "unknown-facet",
    HTTPStatus.UNPROCESSABLE_ENTITY,
    Wording("Facette inconnue", "Unknown facet"),
    Wording("GET /v1/facets donne les facettes et leurs valeurs.", "GET /v1/facets gives the facets and their values."),
    Wording(
        "Il n'y a pas de facette 'tematique'. Facettes connues : thematique.",
        "There is no facet 'tematique'. Known are: thematique.",
    ),
)
PARAMETER_REPEATED = Kind(
    "parameter-repeated",
    HTTPStatus.UNPROCESSABLE_ENTITY,
    Wording("Paramètre répété", "A parameter is repeated"),
    Wording("Donnez-le une seule fois ; seule une facette se répète.", "Give it once; only a facet may be repeated."),
    Wording(
        "q est donné plusieurs fois. Donnez-le une fois ; plusieurs questions sont un lot.",
        "q is given more than once. Give it once; several questions are a batch.",
    ),
)
BATCH_TOO_LONG = Kind(
    "batch-too-long",
    HTTPStatus.UNPROCESSABLE_ENTITY,
    Wording("Le lot est trop long", "The batch is too long"),
    Wording("Envoyez les questions en plusieurs lots.", "Send the questions in several batches."),
    Wording(
        "Les questions du lot comptent ensemble 40000 caractères, 32000 au plus sont acceptés. Envoyez-les en "
        "plusieurs lots.",
        "The questions of the batch have 40000 characters together, at most 32000 are accepted. Send them in several "
        "batches.",
    ),
)
CURSOR_INVALID = Kind(
    "cursor-invalid",
    HTTPStatus.UNPROCESSABLE_ENTITY,
    Wording("Curseur non valable", "The cursor is none"),
    Wording("Commencez sans curseur, puis envoyez `next_cursor` tel quel.", "Begin without, then send `next_cursor`."),
    Wording(
        "Ce curseur n'en est pas un. Envoyez `next_cursor` de la page d'avant, ou aucun pour commencer.",
        "This is no cursor. Send `next_cursor` of the page before, or none to begin.",
    ),
)
BODY_NOT_JSON = Kind(
    "body-not-json",
    HTTPStatus.UNPROCESSABLE_ENTITY,
    Wording("Le corps n'est pas du JSON", "The body is not JSON"),
    Wording("Envoyez du JSON, avec Content-Type: application/json.", "Send JSON, with Content-Type: application/json."),
    Wording(
        "Le corps n'est pas du JSON : une valeur est attendue, au caractère 10.",
        "The body is not JSON: Expecting value, at character 10.",
    ),
)
REQUEST_INVALID = Kind(
    "request-invalid",
    HTTPStatus.UNPROCESSABLE_ENTITY,
    Wording("Un champ est inacceptable", "A field cannot be accepted"),
    Wording("Corrigez les champs nommés ; /docs les décrit.", "Correct the fields named; /docs describes them."),
    Wording(
        "limit: la valeur doit être au plus 50. Les champs sont décrits à /docs.",
        "limit: Input should be less than or equal to 50. The fields are described at /docs.",
    ),
)
JUDGEMENT_INVALID = Kind(
    "judgement-invalid",
    HTTPStatus.UNPROCESSABLE_ENTITY,
    Wording("L'avis ne peut être gardé", "The judgement cannot be kept"),
    Wording("Envoyez les identifiants tels que la réponse les donne.", "Send the ids as the reply gives them."),
    Wording(
        "L'avis ne peut être gardé : answer_id doit compter de 1 à 200 caractères imprimables.",
        "the answer_id is none: 1 to 200 printable characters.",
    ),
)
TOO_MANY_REQUESTS = Kind(
    "too-many-requests",
    HTTPStatus.TOO_MANY_REQUESTS,
    Wording("Trop de requêtes", "Too many requests"),
    Wording("Attendez ce que dit Retry-After.", "Wait as long as Retry-After says."),
    Wording("Trop de requêtes viennent d'un même endroit.", "Too many requests from one place."),
)
HEADERS_TOO_LARGE = Kind(
    "headers-too-large",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    Wording("Adresse ou en-têtes trop longs", "Address or headers too long"),
    Wording("Envoyez la question par POST, dans le corps.", "Send the question by POST, in the body."),
    Wording(
        "Une adresse et des en-têtes de 16384 octets au plus sont acceptés.",
        "An address and headers of at most 16384 bytes are accepted.",
    ),
)
SERVER_ERROR = Kind(
    "server-error",
    HTTPStatus.INTERNAL_SERVER_ERROR,
    Wording("Erreur du serveur", "A mistake of the server"),
    Wording(
        "Donnez X-Request-ID à l'exploitant : son journal en dit plus.",
        "Tell the operator X-Request-ID: the log says more.",
    ),
    Wording("Le serveur a fait une erreur ; son journal en dit plus.", "The server made a mistake; its log says more."),
)
OVERLOADED = Kind(
    "overloaded",
    HTTPStatus.SERVICE_UNAVAILABLE,
    Wording("Trop de demandes à la fois", "Too much at once"),
    Wording("Attendez ce que dit Retry-After, puis recommencez.", "Wait as long as Retry-After says, then ask again."),
    Wording(
        "Trop de questions à la fois. Recommencez dans un instant.", "Too many questions at once. Ask again shortly."
    ),
)
OUT_OF_TIME = Kind(
    "out-of-time",
    HTTPStatus.SERVICE_UNAVAILABLE,
    Wording("Pas de réponse à temps", "No reply in time"),
    Wording("Recommencez dans un instant.", "Ask again shortly."),
    Wording(
        "Il n'y a pas eu de réponse à temps. Recommencez dans un instant.",
        "There was no reply in time. Ask again shortly.",
    ),
)
LOADING = Kind(
    "loading",
    HTTPStatus.SERVICE_UNAVAILABLE,
    Wording("Le serveur démarre", "The server is starting"),
    Wording("Attendez ce que dit Retry-After, puis recommencez.", "Wait as long as Retry-After says, then ask again."),
    Wording("L'index se charge. Recommencez dans un instant.", "The index is being loaded. Ask again shortly."),
)
STORE_UNAVAILABLE = Kind(
    "store-unavailable",
    HTTPStatus.SERVICE_UNAVAILABLE,
    Wording("L'index n'est pas joignable", "The index cannot be reached"),
    Wording("Attendez ce que dit Retry-After, puis recommencez.", "Wait as long as Retry-After says, then ask again."),
    Wording(
        "La base qui garde l'index ne répond pas. Recommencez dans un instant.",
        "The store of the index does not answer. Ask again shortly.",
    ),
)
FEEDBACK_UNAVAILABLE = Kind(
    "feedback-unavailable",
    HTTPStatus.SERVICE_UNAVAILABLE,
    Wording("L'avis n'a pas pu être gardé", "The judgement was not kept"),
    Wording("Envoyez le même avis plus tard.", "Send the same judgement later."),
    Wording(
        "L'avis n'a pas pu être gardé. Envoyez-le à nouveau plus tard.",
        "The judgement could not be kept. Send it again later.",
    ),
)

KINDS = tuple(value for value in globals().copy().values() if isinstance(value, Kind))
"""All of them, by rising status."""
EVERYWHERE = (
    *(BODY_TOO_SLOW, BODY_TOO_LARGE, TOO_MANY_REQUESTS, HEADERS_TOO_LARGE),
    *(SERVER_ERROR, OVERLOADED, OUT_OF_TIME, LOADING, STORE_UNAVAILABLE),
)
"""What may be said before a route is reached, or when it fails."""


def kind_named(name: str) -> Kind | None:
    """Return the kind with this name, None where there is none."""
    return next((kind for kind in KINDS if kind.name == name), None)
