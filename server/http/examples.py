"""An example of each request and reply, as the description of the API shows them: a FAQ of two answers is asked.

The tests hold each to its schema, and the keys of the replies to those that the server sends.
"""

from typing import Any

from server.http.problem_kinds import UNKNOWN_FACET

QUESTION = "Quand ouvre le guichet ?"
INDEX_ID = "20260131-101112-131-45ebe04d"
QUERY_ID = "983f99be058840da9c43812d4aac90ac"

SEARCH_REQUEST: dict[str, Any] = {"query": QUESTION, "limit": 1}
NARROWED_REQUEST: dict[str, Any] = {"query": QUESTION, "filters": {"thematique": ["Horaires"]}, "explain": True}
BATCH_REQUEST: dict[str, Any] = {"queries": [QUESTION], "limit": 1}
FEEDBACK_REQUEST: dict[str, Any] = {
    "query_id": QUERY_ID,
    "answer_id": "guichet",
    "index_id": INDEX_ID,
    "useful": True,
    "comment": "",
}

INDEX: dict[str, Any] = {"id": INDEX_ID, "encoder": "multilingual-e5-small", "answers": 2}
_TEXT = "Le guichet ouvre à neuf heures, du lundi au vendredi. Il ferme à midi le mercredi."
_SOURCE = "https://mairie.example/guichet"
ANSWER: dict[str, Any] = {
    "id": "guichet",
    "answer": _TEXT,
    "questions": [QUESTION],
    "facets": {"thematique": ["Horaires"]},
    "source": _SOURCE,
    "changed_on": "2026-01-31",
}
SEARCH_REPLY: dict[str, Any] = {
    "query_id": QUERY_ID,
    "status": "answered",
    "confidence": 0.999,
    "hits": [
        {
            "id": "guichet",
            "rank": 1,
            "score": 31.4997,
            "confidence": 0.999,
            "shown": True,
            "answer": _TEXT,
            "passage": {"text": _TEXT[:53], "start": 0, "end": 53},
            "matched_question": QUESTION,
            "source": _SOURCE,
            "facets": {"thematique": ["Horaires"]},
            "scores": {"dense": 1.0, "lexical": 0.7279},
            "missing": [],
            "changed_on": "2026-01-31",
            "features": None,
        }
    ],
    "facets": {"thematique": {"Horaires": 1}},
    "index": INDEX,
    "took_ms": 6.556,
    "missing": [],
    "advice": None,
    "asked": None,
    "also_asked": [],
    "read": None,
}
BATCH_REPLY: dict[str, Any] = {"replies": [SEARCH_REPLY]}
SUGGEST_REPLY: dict[str, Any] = {"suggestions": [{"question": QUESTION, "answer_id": "guichet"}]}
FACETS_REPLY: dict[str, Any] = {
    "facets": [
        {
            "key": "thematique",
            "question": "Votre question concerne quelle thématique ?",
            "values": [{"value": "Carte", "answers": 1}, {"value": "Horaires", "answers": 1}],
        }
    ]
}
ANSWERS_REPLY: dict[str, Any] = {"answers": [ANSWER], "next_cursor": "Z3VpY2hldA", "total": 2, "index": INDEX}
FEEDBACK_REPLY: dict[str, Any] = {"stored": True}
PROBLEM: dict[str, Any] = {
    "name": UNKNOWN_FACET.name,
    "type": UNKNOWN_FACET.type,
    "status": int(UNKNOWN_FACET.status),
    "title": UNKNOWN_FACET.title.french,
    "remedy": UNKNOWN_FACET.remedy.french,
    "detail": UNKNOWN_FACET.detail.french,
}
ALIVE_REPLY: dict[str, Any] = {"status": "ok"}
READY_REPLY: dict[str, Any] = {
    "status": "ready",
    "reasons": [],
    "index": INDEX_ID,
    "encoder": "multilingual-e5-small",
    "answers": 2,
    "built_at": "2026-01-31T10:11:12.131+00:00",
    "age_seconds": 86400,
    "feedback": {"status": "ok", "notice": None},
    "disk_free_bytes": {"index": 52_000_000_000, "feedback": 52_000_000_000},
}
METRICS_REPLY = '# TYPE souffleur_replies_total counter\nsouffleur_replies_total{status="answered"} 1.0\n'
ATELIER_REPLY: dict[str, Any] = {
    "keeps_questions": True,
    "groups": [
        {
            "times": 2,
            "questions": [
                {
                    "question": "Le guichet ouvre-t-il le samedi ?",
                    "times": 2,
                    "no_answer": 1,
                    "uncertain": 1,
                    "judged_useless": 0,
                    "last_asked": "2026-01-31",
                }
            ],
            "nearest_id": "guichet",
            "nearest_title": QUESTION,
            "x": 0.25,
            "y": 0.75,
        }
    ],
    "themes": ["Horaires"],
    "points": [{"id": "guichet", "title": QUESTION, "theme": 0, "x": 0.2, "y": 0.8}],
    "index": {
        "id": INDEX_ID,
        "built_at": "2026-01-31T10:11:12.131+00:00",
        "age_days": 1.0,
        "encoder": "multilingual-e5-small",
        "answers": 2,
        "questions": 2,
        "risk": 0.05,
        "examples": 4,
        "auroc": 0.97,
        "expected_calibration_error": 0.02,
        "reliability": [{"confidence": 0.98, "right": 0.97, "weight": 4.0}],
    },
}

REQUESTS: dict[str, dict[str, dict[str, Any]]] = {
    "search": {
        "question": {"summary": "A question", "value": SEARCH_REQUEST},
        "narrowed": {"summary": "Narrowed by a facet, and explained", "value": NARROWED_REQUEST},
    },
    "searchMany": {"questions": {"summary": "Questions", "value": BATCH_REQUEST}},
    "sendFeedback": {"judgement": {"summary": "It helped", "value": FEEDBACK_REQUEST}},
}
"""Bodies, by operation. /docs fills in the first, so that it is one that every FAQ can answer."""
REPLIES: dict[str, Any] = {
    "search": SEARCH_REPLY,
    "searchByAddress": SEARCH_REPLY,
    "searchMany": BATCH_REPLY,
    "suggest": SUGGEST_REPLY,
    "listFacets": FACETS_REPLY,
    "listAnswers": ANSWERS_REPLY,
    "getAnswer": ANSWER,
    "sendFeedback": FEEDBACK_REPLY,
    "listProblems": {"problems": [PROBLEM]},
    "explainProblem": PROBLEM,
    "checkAlive": ALIVE_REPLY,
    "checkReady": READY_REPLY,
    "getMetrics": METRICS_REPLY,
    "reloadIndex": INDEX,
    "rollBackIndex": INDEX,
    "getAtelier": ATELIER_REPLY,
}
"""What comes back where all goes well, by operation."""
