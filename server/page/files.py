"""The scripts, the style and the pictures of the pages: read and compressed once, with the headers that protect them.

A browser asks about a file each time (`no-cache`), so that a new version is never mixed with an old one; a tag of its
content makes that a reply without a body.
"""

import hashlib
import mimetypes
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from fastapi import Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from server.headers import FILE_HEADERS
from server.http.compression import accepts_gzip, compressed

STATIC = Path(__file__).parent / "static"
_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}
_BEST = 9


@dataclass(frozen=True, slots=True)
class PageFile:
    """A file as it is sent, plain and as gzip. tag: of its content, without quotes."""

    content: bytes
    gzipped: bytes
    media_type: str
    tag: str

    @classmethod
    def of(cls, content: bytes, *, ending: str) -> "PageFile":
        """Return what is sent of *content*, of a file whose name ends so."""
        media_type = _TYPES.get(ending) or mimetypes.types_map.get(ending, "application/octet-stream")
        return cls(content, compressed(content, level=_BEST), media_type, hashlib.sha256(content).hexdigest()[:20])

    def reply(self, request: Request) -> Response:
        """Return the reply to a request for it; without a body where the client has it already."""
        as_gzip = accepts_gzip(request.headers.get("accept-encoding", "")) and len(self.gzipped) < len(self.content)
        # The bytes of the two differ, and so must their tags.
        tag = f'"{self.tag}-gzip"' if as_gzip else f'"{self.tag}"'
        headers = {**FILE_HEADERS, "etag": tag, "vary": "Accept-Encoding"}
        known = {one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")}
        if known & {tag, "*"}:
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        if as_gzip:
            headers["content-encoding"] = "gzip"
        return Response(self.gzipped if as_gzip else self.content, media_type=self.media_type, headers=headers)


class PageFiles:
    """What is mounted at /page: the files of one folder, by name."""

    def __init__(self, folder: Path = STATIC) -> None:
        self._files = {file.name: PageFile.of(file.read_bytes(), ending=file.suffix) for file in folder.iterdir()}

    def __getitem__(self, name: str) -> PageFile:
        """Return a file. KeyError where there is none."""
        return self._files[name]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        if request.method not in ("GET", "HEAD"):
            raise HTTPException(HTTPStatus.METHOD_NOT_ALLOWED, headers={"allow": "GET, HEAD"})
        name = scope["path"].removeprefix(scope.get("root_path", "")).removeprefix("/")
        file = self._files.get(name)
        if file is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        await file.reply(request)(scope, receive, send)
