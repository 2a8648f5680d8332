"""A server over the deterministic encoder in a process of its own, to be killed: INDEX FEEDBACK PORT."""

import socket
import sys
from pathlib import Path

import uvicorn

from indexer.index.folder import IndexFolder
from server.answering.answering import Answering
from server.answering.index_switch import IndexSwitch
from server.app import create_site
from server.feedback.store import FeedbackStore
from tests.fakes import FakeEncoder


def main(index: Path, feedback: Path, port: int) -> None:
    """Serve until killed."""
    since = IndexFolder(index).stamp()
    answering = Answering.open(index, encoder=FakeEncoder())
    index_switch = IndexSwitch(index, answering, loaded_since=since)
    with (
        FeedbackStore.open(feedback, keep_questions="redacted", retention_days=395) as store,
        index_switch.watch(every_seconds=0.1),
        socket.create_server(("127.0.0.1", port)) as listener,
    ):
        app = create_site(answering, feedback=store, index_switch=index_switch, admin_token="", editor_token="")
        config = uvicorn.Config(app, log_config=None, access_log=False, ws="none", lifespan="off", proxy_headers=False)
        uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
