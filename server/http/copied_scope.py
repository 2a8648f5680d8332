"""A request passed on as a changed copy of itself: those further out read from their own what was asked."""

from starlette.types import ASGIApp, Receive, Scope, Send


async def pass_on(app: ASGIApp, copy: Scope, receive: Receive, send: Send, *, of: Scope) -> None:
    """Let *app* answer *copy*, and tell *of*, the request as it came, the route that was found.

    The log and the traces, which hold the one that came, read the route from it afterwards.
    """
    try:
        await app(copy, receive, send)
    finally:
        of["route"] = copy.get("route")
