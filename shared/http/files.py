"""The upload of files: evidence, and input of jobs."""

from pydantic import BaseModel, Field
from starlette.requests import Request

from shared import files
from shared.access import Permission
from shared.http.body import Upload
from shared.http.declared import may
from shared.http.route import FILE_TYPES, Router, Session
from shared.remedies import nothing

router = Router(tag="files")
UNUSED = nothing(
    "A file that no record names has no effect.",
    "Berkas yang tidak dirujuk catatan mana pun tidak berpengaruh.",
)
BODY = {
    "content": {media: {"schema": {"type": "string", "format": "binary"}} for media in FILE_TYPES},
    "required": True,
}


class FileView(BaseModel):
    """A stored file, named by its content.

    A caller who may see the record that it is evidence of may open it.
    """

    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    size: int


@router.post("/files", status_code=201, openapi_extra={"requestBody": BODY})
@may(Permission.FILE_PUT, takes_bytes=True, undo=UNUSED)
async def put_file(request: Request, session: Session, upload: Upload) -> FileView:
    """Store the uploaded bytes sealed.

    The same content again is the same file.
    """
    sha256 = await files.put(session, request.app.state.vault, upload)
    return FileView(sha256=sha256, size=(await files.read_info(session, sha256)).size)
