"""/docs: the API's description as a page that can be tried out, from files of this machine alone.

The framework's own page loads its scripts from elsewhere and runs one between its tags. Swagger UI comes inside the
package fastapi-offline; only its two files are used, its code never runs here.
"""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, JSONResponse

from server.headers import FILE_HEADERS, PAGE_HEADERS

_OURS = Path(__file__).parents[2] / "page" / "docs"


def routes() -> APIRouter:
    """Return the page /docs and the files that it needs, with the policy of our own pages."""
    router = APIRouter()
    swagger = _swagger_folder()
    files = {
        "/docs": _OURS / "index.html",
        "/docs/start.js": _OURS / "start.js",
        "/docs/swagger-ui-bundle.js": swagger / "swagger-ui-bundle.js",
        "/docs/swagger-ui.css": swagger / "swagger-ui.css",
    }
    for address, file in files.items():
        router.add_api_route(address, _reply_with(file), include_in_schema=False)
    router.add_api_route("/openapi.json", _describe, include_in_schema=False)
    return router


def _describe(request: Request) -> JSONResponse:
    """Return the description, whose only server is this one, under the prefix that the request came by."""
    return JSONResponse(request.app.openapi() | {"servers": [{"url": request.scope.get("root_path", "") or "/"}]})


def _reply_with(file: Path) -> Callable[[], FileResponse]:
    headers = PAGE_HEADERS if file.suffix == ".html" else FILE_HEADERS

    def get_file() -> FileResponse:
        return FileResponse(file, headers=headers)

    return get_file


def _swagger_folder() -> Path:
    """Return where Swagger UI lies, without importing the package that carries it."""
    spec = find_spec("fastapi_offline")
    if spec is None or spec.origin is None:
        raise RuntimeError('fastapi-offline, which carries Swagger UI, is not installed. Run "make setup".')
    return Path(spec.origin).parent / "static"
