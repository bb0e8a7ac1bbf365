"""A read-only app takes no uploads: Streamlit's own route would, whether or not a page shows a widget for one."""

from collections.abc import Callable

from starlette.responses import PlainTextResponse

from app.server.read_only import read_only

ROUTE = "/_stcore/upload_file/"
TAKEN = ("GET", "HEAD", "OPTIONS")


class NoUploads:
    """ASGI middleware: under `EXITLENS_READ_ONLY=1` refuses what would put a file into the server's memory."""

    def __init__(self, app: Callable) -> None:
        self.app = app

    async def __call__(self, scope: dict, receive: Callable, send: Callable) -> None:
        uploads = scope["type"] == "http" and ROUTE in scope["path"] and scope["method"] not in TAKEN
        refused = PlainTextResponse("This app takes no uploads.", status_code=403)
        await (refused if uploads and read_only() else self.app)(scope, receive, send)
