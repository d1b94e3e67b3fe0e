"""The routes of `svqa serve` under `/api`, each described in `/openapi.json`."""

from __future__ import annotations

import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, JSONResponse, Response

from svqa.errors import SvqaError, TooLarge, UsageError
from svqa.media import is_object, probe
from svqa.server import schemas
from svqa.server.desk import Desk
from svqa.server.intake import Job, file_for
from svqa.server.object_response import object_response

SPARE_BYTES = 500_000_000  # of the disk that uploads leave alone


def routes(desk: Desk, most_upload_bytes: int) -> APIRouter:
    """-> the routes of one library."""
    api = APIRouter(prefix="/api")

    @api.get("/films", response_model=schemas.Films)
    def films(offset: Annotated[int, Query(ge=0)] = 0) -> dict[str, Any]:
        """The library, newest first, 60 films at a time."""
        return desk.films(offset)

    @api.get("/films/{film}", response_class=JSONResponse)
    def film(film: str) -> JSONResponse:
        """A film with all that was found in it and the last questions about it."""
        return JSONResponse(desk.document(film))  # hours of boxes: seconds, were each one checked

    @api.get("/films/{film}/file", response_class=FileResponse)
    def file(film: str, range: Annotated[str | None, Header()] = None) -> Response:
        """The film itself; byte ranges are served."""
        video = desk.store.find_video(film)
        if is_object(video.path):
            stored, media_type = desk.files.stored(video)
            return object_response(stored, range, media_type)
        path, media_type = desk.files.film(video)
        return FileResponse(path, media_type=media_type, headers={"cache-control": "private"})

    @api.get("/films/{film}/picture", response_class=Response)
    def picture(film: str, t_s: Annotated[float, Query(ge=0, allow_inf_nan=False)]) -> Response:
        """The picture of a second, as a small JPEG."""
        data = desk.files.picture(desk.store.find_video(film), t_s)
        kept = {"cache-control": "private, max-age=86400"}
        return Response(data, media_type="image/jpeg", headers=kept)

    @api.get("/search", response_model=list[schemas.Moment])
    def search(
        text: Annotated[str, Query(min_length=1, max_length=2000)],
        k: Annotated[int, Query(ge=1, le=100)] = 12,
        film: str | None = None,
    ) -> list[dict[str, Any]]:
        """The moments that fit a description, of one film or of all."""
        return desk.search(text, k, film)

    @api.get("/answerers")
    def answerers() -> list[str]:
        """Who can be asked, the usual one first."""
        return list(desk.libraries)

    @api.post("/ask", response_model=list[schemas.Asked])
    def ask(body: schemas.AskBody) -> list[dict[str, Any]]:
        """Ask one film, or all; one answer for each of the answerers."""
        return desk.ask(body.question, body.film, body.options, body.answerers)

    @api.post("/corrections", response_model=schemas.Number, status_code=201)
    def correct(body: schemas.CorrectionBody) -> dict[str, int]:
        """Say that an answer is right or wrong, and what and when it should be."""
        said = (body.question, body.verdict, body.answer, body.spans, body.film)
        return {"id": desk.correct(*said)}

    @api.get("/jobs", response_model=list[schemas.JobState])
    def jobs() -> list[dict[str, Any]]:
        """The films that are being taken in, and the last that were."""
        return [asdict(job) for job in desk.intake.jobs()]

    @api.post(
        "/films",
        response_model=schemas.JobState,
        status_code=202,
        openapi_extra={
            "requestBody": {"required": True, "content": {"application/octet-stream": {}}}
        },
    )
    async def upload(request: Request, name: Annotated[str, Query(max_length=255)]) -> Any:
        """Send a film's bytes; it is read in its turn."""
        path = file_for(desk.intake.folder, name)
        try:
            await _receive(request, path, most_upload_bytes)
            return asdict(await run_in_threadpool(_taken_in, desk, path))
        except BaseException:
            path.unlink(missing_ok=True)
            raise

    return api


async def _receive(request: Request, path: Path, most_bytes: int) -> None:
    """Write the body to a file that is not there yet. Raises TooLarge beyond `most_bytes`."""
    free = shutil.disk_usage(path.parent).free - SPARE_BYTES
    most = min(most_bytes, free)
    with path.open("xb") as file:
        async for part in request.stream():
            if file.tell() + len(part) > most:
                raise TooLarge(f"an upload has at most {most / 1e6:.0f} MB here.")
            await run_in_threadpool(file.write, part)
        if not file.tell():
            raise UsageError("an upload needs the bytes of a film, got none.")


def _taken_in(desk: Desk, path: Path) -> Job:
    """Put a film in line. Raises the MediaError that says why a file is none."""
    try:
        probe(path)
    except SvqaError as error:
        raise type(error)(str(error).replace(str(path), path.name)) from None
    return desk.intake.add(path)
