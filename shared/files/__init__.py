"""Uploaded files: received, checked, stored sealed, and read by those who may."""

from shared.files.access import (
    FileUseKind,
    find_families,
    read_uploaded_info,
    read_visible_info,
    record_file_use,
    record_upload,
    require_uploaded,
)
from shared.files.checked import CheckedFile, inspect
from shared.files.errors import FileDamaged, FileTooLong, UploadEmpty
from shared.files.incoming import CHUNK_BYTES, IncomingFile
from shared.files.kinds import ACCEPTED_TYPES, MEDIA_TYPES
from shared.files.storage import StoredFile, open, put, read, read_chunk, read_info, safe_name  # noqa: A004

__all__ = [
    "ACCEPTED_TYPES",
    "CHUNK_BYTES",
    "MEDIA_TYPES",
    "CheckedFile",
    "FileDamaged",
    "FileTooLong",
    "FileUseKind",
    "IncomingFile",
    "StoredFile",
    "UploadEmpty",
    "find_families",
    "inspect",
    "open",
    "put",
    "read",
    "read_chunk",
    "read_info",
    "read_uploaded_info",
    "read_visible_info",
    "record_file_use",
    "record_upload",
    "require_uploaded",
    "safe_name",
]
