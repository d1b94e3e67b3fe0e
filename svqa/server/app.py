"""A library -> an application that shows it, asks it, corrects it and takes films in, over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, Response

import svqa
from svqa.errors import FileChanged, MediaError, NotIngested, SvqaError, UsageError, VideoNotFound
from svqa.pipeline import Library
from svqa.server.desk import Desk
from svqa.server.guard import Door, Guard
from svqa.server.intake import Intake
from svqa.server.routes import routes
from svqa.viewer import page_style, viewer_script

HERE = Path(__file__).parent
STATUS = (
    (NotIngested, 404),
    (VideoNotFound, 404),
    (FileChanged, 410),
    (UsageError, 422),
    (MediaError, 415),
)


def create_app(
    libraries: Mapping[str, Library],
    door: Door,
    *,
    uploads: str | Path,
    most_upload_bytes: int = 4_000_000_000,
) -> FastAPI:
    """-> the application; nothing listens yet.

    `libraries`: one database with each of its answerers, by name, the usual one first. Films that
    are sent here go to `uploads`.
    """
    first = next(iter(libraries.values()))
    intake = Intake(first, Path(uploads))

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        intake.close()

    app = FastAPI(
        title="SmartVisionQA",
        version=svqa.__version__,
        description="Ask a video a question and see the seconds the answer rests on.",
        docs_url=None,  # these pages would fetch scripts from another host
        redoc_url=None,
        lifespan=lifespan,
    )
    app.add_middleware(Guard, door=door)
    app.add_exception_handler(SvqaError, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.include_router(routes(Desk(libraries, intake), most_upload_bytes))

    @app.get("/", include_in_schema=False)
    def index() -> HTMLResponse:
        return HTMLResponse((HERE / "index.html").read_text(encoding="utf-8"))

    @app.get("/page.css", include_in_schema=False)
    def style() -> Response:
        return Response(page_style(), media_type="text/css")

    @app.get("/viewer.js", include_in_schema=False)
    def script() -> Response:
        return Response(viewer_script(), media_type="text/javascript")

    @app.get("/favicon.ico", include_in_schema=False)
    def icon() -> FileResponse:
        return FileResponse(HERE / "icon.svg", media_type="image/svg+xml")

    return app


async def _refused(request: Request, error: Exception) -> JSONResponse:
    status = next((code for kind, code in STATUS if isinstance(error, kind)), 500)
    return JSONResponse({"error": f"{type(error).__name__}: {error}"}, status)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    wrong: list[dict[str, Any]] = list(error.errors())
    told = "; ".join(f"{'.'.join(map(str, w['loc'][1:]))}: {w['msg']}" for w in wrong[:5])
    return JSONResponse({"error": told}, 422)
