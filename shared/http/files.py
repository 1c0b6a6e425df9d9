"""Upload and download of files: evidence, and input of jobs."""

from typing import Any

from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from shared import files
from shared.access import Actor, Permission
from shared.fields import Sha256
from shared.http.body import Upload
from shared.http.declared import may
from shared.http.downloads import answer_file
from shared.http.route import CurrentActor, Router, Session
from shared.remedies import nothing

router = Router(tag="files")
RANGES = (
    ("Range", "One range of bytes, such as bytes=0-1023."),
    ("If-Range", "The ETag of the content that the range belongs to."),
)
DOWNLOAD: Any = {
    "response_class": Response,
    "openapi_extra": {
        "parameters": [
            {"name": name, "in": "header", "schema": {"type": "string"}, "description": description}
            for name, description in RANGES
        ]
    },
    "responses": {
        status: {"description": description, "content": {media: {} for media in files.MEDIA_TYPES}}
        for status, description in (
            (200, "The whole file"),
            (206, "The range of Content-Range"),
            (416, "The file has no byte of the range"),
        )
    },
}
UNUSED = nothing(
    "A file that no record names has no effect.",
    "Berkas yang tidak dirujuk catatan mana pun tidak berpengaruh.",
)
BODY = {
    "description": "The bytes of the file, under this type or its own: "
    f"{', '.join(sorted(files.ACCEPTED_TYPES - {'application/octet-stream'}))}. The content decides.",
    "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    "required": True,
}


class FileView(BaseModel):
    """A stored file, named by its content.

    `sha256` is the hash of what was uploaded. `size` and `media_type` are of what is stored: an image has lost place,
    time and device.
    """

    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    size: int
    media_type: str


@router.post("/files", status_code=201, openapi_extra={"requestBody": BODY})
@may(Permission.FILE_PUT, takes_bytes=True, undo=UNUSED)
async def put_file(request: Request, session: Session, actor: CurrentActor, upload: Upload) -> FileView:
    """Store the uploaded JPEG, PNG, WebP, PDF or CSV file sealed.

    The content decides its kind. The same content again is the same file.
    """
    state = request.app.state
    sha256 = await files.put(session, state.vault, upload, term=state.settings.unused_file_term)
    await files.record_upload(session, actor, sha256)
    info = await files.read_info(session, sha256)
    return FileView(sha256=sha256, size=info.size, media_type=info.media_type)


def file_router(records: Permission) -> Router:
    """Return the router of downloads.

    `records` is the permission to read what refers to a file in this service.
    """
    router = Router(tag="files")
    # The files of registry are about pendamping.
    of_family = records is not Permission.PENDAMPING_READ

    @router.get("/files/{sha256}", **DOWNLOAD)
    @may(records, personal=True, one_family=of_family)
    async def read_file(sha256: Sha256, request: Request, session: Session, actor: CurrentActor) -> Response:
        """Return a file that the caller uploaded, or that a visible record names."""
        return await _answer(sha256, request, session, actor)

    @router.head("/files/{sha256}", **DOWNLOAD)
    @may(records, personal=True, one_family=of_family)
    async def read_file_head(
        sha256: Sha256, request: Request, session: Session, actor: CurrentActor
    ) -> Response:
        """Return type and size of a file, without its content."""
        return await _answer(sha256, request, session, actor)

    return router


async def _answer(sha256: str, request: Request, session: AsyncSession, actor: Actor) -> Response:
    info = await files.read_visible_info(session, sha256)
    request.state.subjects = await files.find_families(session, sha256)
    return answer_file(request, actor, info)
