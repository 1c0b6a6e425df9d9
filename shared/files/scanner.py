"""ClamAV over its socket: INSTREAM of clamd (docs/operations.md#virus-scanner)."""

import asyncio
import struct
from collections.abc import Iterable

import structlog

from shared.errors import DomainError, InvalidInput
from shared.remedies import CORRECT_REQUEST, WAIT

UNIX = "unix:"
TIMEOUT_SECONDS = 60.0
CLEAN, INFECTED = "OK", "FOUND"

log = structlog.get_logger()


class FileInfected(InvalidInput):
    """422: the virus scanner has found something."""

    en = "The virus scanner refuses this file. Do not open it. Make the paper again on another device."
    id = "Pemindai virus menolak berkas ini. Jangan membukanya. Buat ulang dokumennya di perangkat lain."
    remedy = CORRECT_REQUEST


class ScannerUnavailable(DomainError):
    """503: the virus scanner does not answer. Nothing is stored without it."""

    status = 503
    en = "The file cannot be checked for viruses now. Upload it again in a moment."
    id = "Berkas belum dapat diperiksa dari virus. Unggah lagi sebentar lagi."
    remedy = WAIT
    retry_after = 10


async def scan(address: str, parts: Iterable[bytes]) -> None:
    """Let clamd scan a file.

    Raises:
        FileInfected
        ScannerUnavailable: it cannot be reached, or does not accept the file.
    """
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            answer = await _stream_to(address, parts)
    except (OSError, asyncio.IncompleteReadError) as error:
        answer = type(error).__name__
    if answer.endswith(INFECTED):
        log.warning("file_infected", signature=answer.removeprefix("stream: ").removesuffix(INFECTED).strip())
        raise FileInfected
    if not answer.endswith(CLEAN):
        log.error("scanner_unavailable", answer=answer)
        raise ScannerUnavailable


async def _stream_to(address: str, parts: Iterable[bytes]) -> str:
    if address.startswith(UNIX):
        reader, writer = await asyncio.open_unix_connection(address.removeprefix(UNIX))
    else:
        host, _, port = address.rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(b"zINSTREAM\0")
        for part in parts:
            writer.write(struct.pack(">I", len(part)) + part)
            await writer.drain()
        writer.write(struct.pack(">I", 0))
        await writer.drain()
        return (await reader.readuntil(b"\0")).rstrip(b"\0").decode("utf-8", "replace")
    finally:
        writer.close()
