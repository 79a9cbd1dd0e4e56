"""Documents over HTTP: a file is sent in by PUT, once, and fetched by GET, in ranges where that is asked for.

What decides is read in a worker thread; the bytes pass through a piece at a time, as fast as the client takes them, so
that a slow reader costs a piece of memory and no thread.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from corekit import Busy, CorekitError, Invalid, Unavailable
from corekit_documents import declared, headers, links, ranges, uploads
from corekit_documents.documents import Version
from corekit_documents.refusals import StoreDown, refused
from corekit_documents.settings import DocumentsSettings, settings_of
from corekit_documents.store import Store
from corekit_schema import language_of

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from corekit import Kit

_STATUS = {
    declared.LINK_INVALID.code: HTTPStatus.NOT_FOUND,
    declared.LINK_EXPIRED.code: HTTPStatus.GONE,
    declared.LINK_REVOKED.code: HTTPStatus.GONE,
    declared.UPLOAD_EXPIRED.code: HTTPStatus.GONE,
    declared.UPLOAD_OVER.code: HTTPStatus.CONFLICT,
    declared.QUOTA.code: HTTPStatus.TOO_MANY_REQUESTS,
    declared.RANGE_MALFORMED.code: HTTPStatus.BAD_REQUEST,
    declared.RANGE_OUTSIDE.code: HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
    declared.CHANGED.code: HTTPStatus.PRECONDITION_FAILED,
    declared.TOO_LARGE.code: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    declared.TYPE_NOT_ALLOWED.code: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    declared.TYPE_WRONG.code: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    declared.SIZE_WRONG.code: HTTPStatus.UNPROCESSABLE_ENTITY,
    declared.CHECKSUM_WRONG.code: HTTPStatus.UNPROCESSABLE_ENTITY,
    declared.EMPTY.code: HTTPStatus.UNPROCESSABLE_ENTITY,
}
"""The status of a code; of any other one it is 403, since something speaks against the member's having the document."""
_SECURE = {
    "cache-control": headers.NO_STORE,
    "content-security-policy": "default-src 'none'; sandbox",
    "cross-origin-resource-policy": "same-site",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
"""What no answer goes without: it is not kept, not guessed at, and where a browser shows it, it can do nothing."""
_RETRY_AFTER = "5"


def routes(kit: Kit) -> Sequence[BaseRoute]:
    """Return the routes: ``file/<token>`` and ``upload/<token>``."""
    door = _Door(kit)
    return [
        Route("/file/{token}", door.answering(door.download), methods=["GET"]),  # and HEAD
        Route("/upload/{token}", door.answering(door.upload), methods=["PUT"]),
    ]


class _Door:
    """Answers requests for files of a kit. The store is opened when it is first wanted."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._settings: DocumentsSettings = settings_of(kit)
        self._opened: Store | None = None

    def answering(self, answer: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        """Return what answers a request, also where that is refused or cannot be done now."""

        async def answered(request: Request) -> Response:
            try:
                response = await answer(request)
            except Invalid as error:
                response = self._refusal(request, error)
            except (StoreDown, Busy, Unavailable) as error:
                response = self._later(request, error)
            response.headers.update(_SECURE)
            return response

        return answered

    async def download(self, request: Request) -> Response:
        """Send a file, or a part of it, for a link; the first time is counted, before the first byte."""
        token = request.path_params["token"]
        opened = await run_in_threadpool(links.opened, self._kit, token)
        if self._settings.links == "store" and (onward := await self._onward(request, opened)) is not None:
            return onward
        version = opened.version
        size, tag = int(version.size or 0), ranges.etag(str(version.sha256))
        if ranges.is_other(request.headers, tag):
            raise refused(declared.CHANGED)
        if ranges.is_known(request.headers, tag):
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers={"etag": tag})
        part = self._part(request, tag, size)
        said = {"etag": tag, "accept-ranges": "bytes", "content-disposition": headers.disposition(version.name)}
        if request.method == "HEAD":
            return self._whole(version, said, b"", size)
        if self._settings.offload is not None:
            await self._counted(opened.link)
            return self._whole(version, said | {"x-accel-redirect": f"{self._settings.offload}{version.key}"}, b"", 0)
        # Opened first: what cannot be sent is not counted.
        pieces = await self._store().get(str(version.key), part.start, part.end)
        await self._counted(opened.link)
        said["content-length"] = str(part.end - part.start)
        status = HTTPStatus.OK
        if not part.whole:
            status = HTTPStatus.PARTIAL_CONTENT
            said["content-range"] = f"bytes {part.start}-{part.end - 1}/{size}"
        return StreamingResponse(pieces, status, said, media_type=headers.content_type(version))

    async def _onward(self, request: Request, opened: links.Opened) -> Response | None:
        """Lead on to the bucket, which answers the same request; None where it does not know the name of the file."""
        version = opened.version
        asked = (request.method, str(version.key), int(version.size or 0), headers.kept(version))
        address = await self._store().address(*asked)
        if address is None:
            return None
        if request.method == "GET":
            await self._counted(opened.link)
        return Response(status_code=HTTPStatus.FOUND, headers={"location": address})

    async def _counted(self, link: links.Link) -> None:
        """Count a download, unless it is."""
        if link.downloaded_at is None:
            await run_in_threadpool(links.count, self._kit, link)

    async def upload(self, request: Request) -> Response:
        """Take a file in for a link."""
        version = await run_in_threadpool(uploads.waiting, self._kit, request.path_params["token"])
        if (told := request.headers.get("content-length", "")).isdigit():
            self._check_size(version, int(told))
        try:
            done = await uploads.receive(self._kit, self._store(), version, _body(request))
        except ClientDisconnect:
            return Response(status_code=HTTPStatus.BAD_REQUEST)  # which nobody reads
        told_of = {"version": done.id, "number": done.number, "size": done.size, "sha256": done.sha256}
        return JSONResponse(told_of, HTTPStatus.CREATED)

    def _store(self) -> Store:
        if self._opened is None:
            self._opened = Store(self._settings)
        return self._opened

    def _check_size(self, version: Version, told: int) -> None:
        """Refuse what says that it is too large before any of it comes."""
        if version.size is not None and told != version.size:
            raise refused(declared.SIZE_WRONG, expected=str(version.size), found=str(told))
        if told > self._settings.largest:
            raise refused(declared.TOO_LARGE, largest=str(self._settings.largest))

    def _part(self, request: Request, tag: str, size: int) -> ranges.Part:
        if request.method == "HEAD":  # a range is defined for GET alone
            return ranges.Part(0, size, whole=True)
        try:
            return ranges.part(request.headers, tag, size)
        except ranges.Malformed:
            raise refused(declared.RANGE_MALFORMED) from None
        except ranges.Outside:
            raise refused(declared.RANGE_OUTSIDE, size=str(size)) from None

    def _whole(self, version: Version, said: dict[str, str], body: bytes, size: int) -> Response:
        response = Response(body, headers=said, media_type=headers.content_type(version))
        if size:
            response.headers["content-length"] = str(size)
        return response

    def _refusal(self, request: Request, error: Invalid) -> Response:
        """Answer why not, in the client's language."""
        texts = self._kit.registry.errors
        chinese = language_of(request.headers.get("accept-language")) == "zh"
        reasons = [
            {
                "code": each.code,
                "message": texts[each.code].zh.format(**each.parameters)
                if chinese and each.code in texts
                else each.message,
                "parameters": dict(each.parameters),
            }
            for each in error.problems
        ]
        status = _STATUS.get(error.code, HTTPStatus.FORBIDDEN)
        response = JSONResponse({**reasons[0], "reasons": reasons}, status, {"vary": "Accept-Language"})
        if status is HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            response.headers["content-range"] = f"bytes */{error.parameters['size']}"
        return response

    def _later(self, request: Request, error: CorekitError) -> Response:
        text = self._kit.registry.errors.get(error.code)
        chinese = language_of(request.headers.get("accept-language")) == "zh"
        message = text.zh if text is not None and chinese else error.message
        told = {"code": error.code, "message": message}
        return JSONResponse(
            told, HTTPStatus.SERVICE_UNAVAILABLE, {"retry-after": _RETRY_AFTER, "vary": "Accept-Language"}
        )


async def _body(request: Request) -> AsyncIterator[bytes]:
    async for chunk in request.stream():
        if chunk:
            yield chunk
