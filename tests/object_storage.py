"""A server that speaks S3, on this machine and in memory, and a bucket of photos on it.

What was asked is written down; places can be made to refuse, and the whole server to be away.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import unquote
from uuid import uuid4

from tests.albums import picture

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "nobody",
    "AWS_SECRET_ACCESS_KEY": "no-secret",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_MAX_ATTEMPTS": "1",
}
"""Nobody's credentials, and none of those of whoever runs the tests."""

_REFUSED = (
    b'<?xml version="1.0" encoding="UTF-8"?>'
    b"<Error><Code>AccessDenied</Code><Message>no-secret</Message></Error>"
)


class Server:
    """The server; `start` it. After `stop` it has everything still, as one without a cable."""

    def __init__(self) -> None:
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

        self._application = DomainDispatcherApplication(create_backend_app)
        self._running: tuple[Any, Thread] | None = None
        self.port = 0
        self.asked: list[str] = []
        self.refused: re.Pattern[str] | None = None

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        query = unquote(environ["QUERY_STRING"])
        request = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}?{query}"
        if environ["HTTP_USER_AGENT"].startswith("Boto3"):  # the test itself
            return self._application(environ, start)
        self.asked.append(request)
        if self.refused is not None and self.refused.search(request):
            start("403 Forbidden", [("Content-Type", "application/xml")])
            return [] if request.startswith("HEAD") else [_REFUSED]
        return self._application(environ, start)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Listen, at the port of the last time."""
        from moto.moto_server.werkzeug_app import MotoRequestHandler
        from werkzeug.serving import make_server

        class Silent(MotoRequestHandler):
            def log_request(self, *_: object) -> None:
                pass

        server = make_server("127.0.0.1", self.port, self, threaded=True, request_handler=Silent)
        self.port = server.server_address[1]
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        self._running = server, thread

    def stop(self) -> None:
        """Hang up."""
        if self._running is not None:
            server, thread = self._running
            server.shutdown()
            server.server_close()
            thread.join()
        self._running = None

    def reads(self) -> list[str]:
        """The objects that were read since this was asked the last time."""
        gets = [re.fullmatch(r"GET (/[^/?]+/[^?]+)\?.*", request) for request in self.asked]
        self.asked.clear()
        return sorted(found[1] for found in gets if found)


@dataclass
class Bucket:
    """A bucket of its own for a test, which writes to it as somebody else would."""

    server: Server
    name: str = field(default_factory=lambda: f"bucket-{uuid4().hex}")

    def __post_init__(self) -> None:
        import boto3

        self._s3 = boto3.client("s3", endpoint_url=self.server.url)
        self._s3.create_bucket(Bucket=self.name)

    @property
    def url(self) -> str:
        """Its URL."""
        return f"s3://{self.name}"

    def put(self, key: str, content: bytes) -> str:
        """Write an object; gives its URL."""
        self._s3.put_object(Bucket=self.name, Key=key, Body=content)
        return f"{self.url}/{key}"

    def put_folder(self, folder: Path, prefix: str) -> None:
        """Write every file of a folder."""
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            self.put(f"{prefix}/{file.relative_to(folder)}", file.read_bytes())

    def remove(self, key: str) -> None:
        """Remove an object."""
        self._s3.delete_object(Bucket=self.name, Key=key)

    def listed(self) -> list[str]:
        """What is there."""
        found = self._s3.list_objects_v2(Bucket=self.name)
        return [each["Key"] for each in found.get("Contents", ())]

    def move(self, key: str, target: str) -> None:
        """What stores do in the place of moving."""
        source = {"Bucket": self.name, "Key": key}
        self._s3.copy_object(Bucket=self.name, Key=target, CopySource=source)
        self.remove(key)


def jpeg(seed: int, quality: int = 90) -> bytes:
    """The bytes of a photo."""
    file = io.BytesIO()
    picture(seed).save(file, "JPEG", quality=quality)
    return file.getvalue()
