"""Routes of resumable uploads: the core of tus 1.0, with creation, termination and expiration."""

import base64
import binascii
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from datetime import UTC
from email.utils import format_datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Header
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from shared import files
from shared.access import Actor, Permission
from shared.errors import DomainError, NotFound
from shared.files import resumable
from shared.http.body import BodyTooLarge
from shared.http.declared import may
from shared.http.route import CurrentActor, Route, Router, Session
from shared.http.strict_input import UnsupportedMediaType, media_type_of
from shared.remedies import CORRECT_REQUEST, nothing

VERSION, PART_TYPE = "1.0.0", "application/offset+octet-stream"
EXTENSIONS = "creation,termination,expiration"
UNUSED = nothing(
    "An unfinished upload has no effect and expires.",
    "Unggahan yang belum selesai tidak berpengaruh dan akan kedaluwarsa.",
)
AGAIN = nothing("The file can be uploaded again.", "Berkasnya dapat diunggah lagi.")
PART_BODY = {"content": {PART_TYPE: {"schema": {"type": "string", "format": "binary"}}}, "required": True}
VERSION_HEADER = {
    "name": "Tus-Resumable",
    "in": "header",
    "required": True,
    "schema": {"type": "string", "pattern": r"^1\.0\.0$", "examples": [VERSION]},
    "description": "The version of tus.",
}


def _describe(*statuses: int, **more: Any) -> Any:
    """Return what the contract of an operation of tus has beside its parameters."""
    return {
        "response_class": Response,
        "responses": {status: {"description": ""} for status in (412, *statuses)},
        "openapi_extra": {"parameters": [VERSION_HEADER], **more},
    }


Length = Annotated[int, Header(alias="Upload-Length", ge=1, description="The bytes of the whole file.")]
Offset = Annotated[int, Header(alias="Upload-Offset", ge=0, description="Where this part begins.")]
Metadata = Annotated[
    str,
    Header(
        alias="Upload-Metadata",
        max_length=2000,
        description="Keys with base64 values (tus 1.0). `filetype` is the media type.",
    ),
]


class TusVersionUnsupported(DomainError):
    """412: the request is of another version of tus."""

    status = 412
    en = "This address accepts tus 1.0.0. Send Tus-Resumable: 1.0.0."
    id = "Alamat ini memakai tus 1.0.0. Kirim Tus-Resumable: 1.0.0."
    remedy = CORRECT_REQUEST
    headers = {"Tus-Version": VERSION}  # noqa: RUF012 (added to the answer, and never changed)


class ResumableRoute(Route):
    """A route of tus: it requires the version, and receives parts."""

    def get_route_handler(self) -> Callable[[Request], Awaitable[Response]]:
        """Wrap the handler, so that every answer has the version."""
        inner = super().get_route_handler()

        async def handle(request: Request) -> Response:
            answer = await inner(request)
            answer.headers["Tus-Resumable"] = VERSION
            return answer

        return handle

    def _check_parameters(self, request: Request) -> None:
        super()._check_parameters(request)
        if request.method != "OPTIONS" and request.headers.get("tus-resumable") != VERSION:
            raise TusVersionUnsupported("/header/Tus-Resumable")

    def _upload(self, request: Request, actor: Actor) -> AbstractAsyncContextManager[None]:
        return received_part(request, actor) if self.declared.takes_bytes else nullcontext()


@asynccontextmanager
async def received_part(request: Request, actor: Actor) -> AsyncIterator[None]:
    """Receive a part. If it is the last one, assemble and check the file.

    What arrived before the connection ended is stored too.

    Raises:
        UnsupportedMediaType, NotFound, UploadOffsetDiffers: before the part is received.
        BodyTooLarge, TooManyUploads
        Those of `files.CheckedFile` and `files.inspect`.
    """
    if media_type_of(request.headers) != PART_TYPE:
        raise UnsupportedMediaType(media=[PART_TYPE])
    state = request.app.state
    upload = await _read_upload_of(request, actor)
    left = upload.size - upload.received
    with (
        state.uploads.limited(actor.sub),
        files.IncomingFile(left) as part,
        files.CheckedFile(state.settings.max_file_bytes, upload.media_type) as whole,
    ):
        try:
            async for received in request.stream():
                if part.size + len(received) > left:
                    raise BodyTooLarge(limit=left)
                part.append(received)
        except ClientDisconnect:
            pass
        part.finish()
        if part.size == left and upload.sha256 is None:
            await _assemble(request, actor, upload, part, whole)
        request.state.part, request.state.whole = part, whole
        yield


async def _read_upload_of(request: Request, actor: Actor) -> resumable.OpenUpload:
    offset = request.headers.get("upload-offset", "")
    try:
        upload_id = UUID(request.path_params["upload_id"])
    except ValueError:
        raise NotFound("upload") from None
    async with request.app.state.database.read(actor) as session:
        upload = await resumable.read_upload(await session, actor, upload_id)
    # The endpoint checks both again: the offset when the upload is locked, and the form of the header.
    if offset.isascii() and offset.isdigit() and int(offset[:18]) != upload.received:
        raise resumable.UploadOffsetDiffers("/header/Upload-Offset", offset=upload.received)
    return upload


async def _assemble(
    request: Request,
    actor: Actor,
    upload: resumable.OpenUpload,
    part: files.IncomingFile,
    whole: files.CheckedFile,
) -> None:
    state = request.app.state
    async with state.database.read(actor) as session:
        async for chunk in resumable.read_parts(await session, state.vault, upload):
            whole.append(chunk)
    for chunk in part:
        whole.append(chunk)
    whole.finish()
    await files.inspect(whole, state.settings.clamav)


router = Router(tag="files")
router.route_class = ResumableRoute


def _answer(upload: resumable.OpenUpload, status: int, **more: str) -> Response:
    headers = {"Upload-Offset": str(upload.received), "Cache-Control": "no-store", **more}
    if upload.sha256 is None:
        headers["Upload-Expires"] = format_datetime(upload.expires_at.astimezone(UTC), usegmt=True)
    else:
        headers["Content-Location"] = f"/v1/files/{upload.sha256}"
    return Response(None, status, headers)


def media_type_in(metadata: str) -> str:
    """Return the media type that Upload-Metadata names, or that of any bytes.

    Raises:
        UnsupportedMediaType
    """
    words = [pair.split() for pair in metadata.split(",")]
    names = {pair[0]: pair[1] for pair in words if len(pair) == 2}
    try:
        media_type = base64.b64decode(names.get("filetype", ""), validate=True).decode("ascii")
    except (binascii.Error, UnicodeDecodeError):
        media_type = "?"
    media_type = media_type.partition(";")[0].strip().lower() or "application/octet-stream"
    if media_type not in files.ACCEPTED_TYPES:
        raise UnsupportedMediaType("/header/Upload-Metadata", media=list(files.MEDIA_TYPES))
    return media_type


@router.options("/uploads", status_code=204, response_class=Response)
@may(Permission.FILE_PUT)
async def read_upload_options(request: Request) -> Response:
    """Return the version, extensions and largest size of resumable uploads (tus 1.0)."""
    most = str(request.app.state.settings.max_file_bytes)
    headers = {"Tus-Version": VERSION, "Tus-Extension": EXTENSIONS, "Tus-Max-Size": most}
    return Response(None, 204, headers)


@router.post("/uploads", status_code=201, **_describe(413, 415))
@may(Permission.FILE_PUT, undo=UNUSED)
async def create_upload(
    request: Request, session: Session, actor: CurrentActor, length: Length, metadata: Metadata = ""
) -> Response:
    """Begin a resumable upload. Location is where its parts go."""
    settings, media_type = request.app.state.settings, media_type_in(metadata)
    limits = {"max_bytes": settings.max_file_bytes, "term": settings.unfinished_upload_term}
    upload = await resumable.create_upload(session, actor, length, media_type, metadata, **limits)
    return _answer(upload, 201, Location=f"/v1/uploads/{upload.upload_id}")


@router.head("/uploads/{upload_id}", **_describe())
@may(Permission.FILE_PUT)
async def read_upload(upload_id: UUID, session: Session, actor: CurrentActor) -> Response:
    """Return how much of an upload has arrived. Only its creator sees it."""
    upload = await resumable.read_upload(session, actor, upload_id)
    metadata = resumable.read_metadata(session, upload)
    known = {"Upload-Metadata": metadata} if metadata else {}
    return _answer(upload, 200, **{"Upload-Length": str(upload.size)}, **known)


@router.patch("/uploads/{upload_id}", status_code=204, **_describe(requestBody=PART_BODY))
@may(Permission.FILE_PUT, takes_bytes=True, undo=UNUSED)
async def append_to_upload(
    upload_id: UUID, request: Request, session: Session, actor: CurrentActor, offset: Offset
) -> Response:
    """Store the next part of an upload.

    The last part makes it a file, whose address is in Content-Location. Its content is checked as by POST /v1/files.
    """
    state: Any = request.app.state
    upload = await resumable.lock_upload(session, actor, upload_id, offset)
    if request.state.whole.size:
        term = state.settings.unused_file_term
        upload = await resumable.store_whole(session, state.vault, actor, upload, request.state.whole, term)
    else:
        term = state.settings.unfinished_upload_term
        upload = await resumable.store_part(session, state.vault, upload, request.state.part, term)
    return _answer(upload, 204)


@router.delete("/uploads/{upload_id}", status_code=204, **_describe())
@may(Permission.FILE_PUT, undo=AGAIN)
async def delete_upload(upload_id: UUID, session: Session, actor: CurrentActor) -> Response:
    """Delete an upload and what has arrived of it."""
    await resumable.delete_upload(session, actor, upload_id)
    return Response(None, 204)
