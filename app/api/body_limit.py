"""A bound on request bodies: FastAPI would read one of any size into memory before it looks at it."""

from fastapi import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# The largest script with each character at its longest JSON escape (two surrogates of 6 bytes), and its fields.
MAX_BODY_BYTES = 1024 * 1024


class BodyLimit:
    """ASGI middleware: reading more than MAX_BODY_BYTES of a body ends in a 413."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count what arrives: a declared length may be missing or wrong."""
        received = 0

        async def receive_counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > MAX_BODY_BYTES:
                raise HTTPException(413, f"The body is larger than {MAX_BODY_BYTES} bytes; send a shorter script.")
            return message

        await self._app(scope, receive_counted, send)
