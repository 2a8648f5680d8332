"""What is particular to a saved page of the Agence du Numérique en Santé's FAQ: its guided search, its closing line."""

import re

CLOSING_LINE = "Cette réponse vous a-t-elle été utile ?"
GUIDED = re.compile(r"votre question concerne quel.*")
SOURCE = "FAQ des industriels"
EVIDENCE = {
    "produit": (
        ("MSSanté", r"\bMSSant[ée]\b"),
        ("DMP", r"\bDMP\b"),
        ("INS / INSi", r"\bINSi?\b|\bINSI\b"),
        ("Pro Santé Connect", r"\bPro Santé Connect"),
        ("IGC-Santé", r"\bIGC\b"),
        ("Annuaire Santé, RPPS", r"\bannuaire santé\b|\bRPPS\b"),
        ("Cartes CPx, e-CPS", r"\bCP[SA]\b|\be-CPS\b"),
        ("Labels e-santé", r"\blabels? e-santé\b"),
    ),
    "dispositif": (
        ("DPI", r"\bDPI\b"),
        ("PFI", r"\bPFI\b"),
        ("RIS", r"\bRIS\b"),
    ),
    "thematique": (
        ("Portabilité des données", r"\bexport des données\b"),
        ("Financement", r"\bSONS\b|\bSUN-ES\b"),
        ("Référencement", r"\bréférencement\b"),
        ("INS et identitovigilance", r"\btraits d.identités?\b|\bidentité INS\b"),
        ("Certificats", r"\bcertificats?\b"),
        ("Exigences et preuves", r"\bREM\b|\bDOIT être par défaut\b|\bdoit obligatoirement\b"),
        ("Interopérabilité", r"\bHL7\b|\bhl7v2\b|\bIHE_XDM\b|\bCDA\b"),
    ),
}
"""Facet values, and the words of an answer's own text that support them. Of themes, the first that holds counts."""
