"""Networks from Hugging Face, which a server of our own plays."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from annclust.embedding.registry import find_embedder, settled_name
from annclust.errors import EmbeddingError, InputError
from tests.embedding.networks import checkered, save_network, save_text_network

COMMIT = "0123456789abcdef0123456789abcdef01234567"
CARD = {"size": {"height": 4, "width": 4}, "image_mean": [0.5] * 3, "image_std": [0.5] * 3}

EMBED = """
import sys
import numpy as np
from annclust.embedding.registry import find_embedder
loader = find_embedder(sys.argv[1])
image = np.load(sys.argv[2])
row = loader.load().embed([image]).tolist()
print(loader.spec.name, loader.spec.revision, loader.geometry.fit, row)
"""


class Hub(ThreadingHTTPServer):
    """Serves one repository as Hugging Face does, and notes what it is asked."""

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), Visit)
        self.folder, self.asked = folder, list[str]()


class Visit(BaseHTTPRequestHandler):
    server: Hub
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, *, body: bool) -> None:
        self.server.asked.append(self.path)
        path = self.path.partition("?")[0]
        if path.startswith("/api/models/me/eyes/tree/"):
            files = [str(f.relative_to(self.server.folder)) for f in self._files()]
            tree = [{"type": "file", "path": f, "oid": "0" * 40, "size": 1} for f in files]
            self._send(200, json.dumps(tree).encode(), body=body)
        elif path.startswith("/api/models/me/eyes"):
            files = [str(f.relative_to(self.server.folder)) for f in self._files()]
            about = {"id": "me/eyes", "sha": COMMIT, "siblings": [{"rfilename": f} for f in files]}
            self._send(200, json.dumps(about).encode(), body=body)
        elif path.startswith(f"/me/eyes/resolve/{COMMIT}/"):
            content = (self.server.folder / path.split("/", 5)[5]).read_bytes()
            self._send(200, content, body=body)
        else:
            self._send(404, b"{}", body=body)

    def _files(self) -> list[Path]:
        return sorted(path for path in self.server.folder.rglob("*") if path.is_file())

    def _send(self, status: int, content: bytes, *, body: bool) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        if status == 404:
            self.send_header("X-Error-Code", "RepoNotFound")
        self.end_headers()
        if body:
            self.wfile.write(content)

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    (folder / "onnx").mkdir(parents=True)
    save_network(folder / "onnx" / "model.onnx", outputs=["map"])
    (folder / "preprocessor_config.json").write_text(json.dumps(CARD))
    (folder / "README.md").write_text("Eyes")
    return folder


@contextmanager
def served(folder: Path) -> Iterator[Hub]:
    with Hub(folder) as hub:
        Thread(target=hub.serve_forever, daemon=True).start()
        yield hub
        hub.shutdown()


def embed(
    tmp_path: Path, importing: dict[str, str], hub: Hub | None, name: str
) -> subprocess.CompletedProcess[str]:
    """In a process of its own: the library reads its environment once."""
    np.save(tmp_path / "image.npy", checkered(4))
    port = 1 if hub is None else hub.server_address[1]  # at 1 nobody listens
    environment = {
        **{k: v for k, v in importing.items() if not k.upper().endswith("_PROXY")},
        "HF_ENDPOINT": f"http://127.0.0.1:{port}",
        "HF_HOME": str(tmp_path / "home"),
        "ANNCLUST_CACHE": str(tmp_path / "cache"),
    }
    command = [sys.executable, "-c", EMBED, name, str(tmp_path / "image.npy")]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_a_network_is_downloaded_once_and_then_never_asked_for(
    tmp_path: Path, repository: Path, importing: dict[str, str]
) -> None:
    with served(repository) as hub:
        first = embed(tmp_path, importing, hub, "hub:me/eyes")
        assert first.returncode == 0, first.stderr
        asked = len(hub.asked)
        assert asked
        assert not any("README" in path for path in hub.asked)
        again = embed(tmp_path, importing, hub, "hub:me/eyes")
        assert len(hub.asked) == asked
    assert first.stdout == again.stdout
    assert first.stderr == ""
    name, revision, fit, *_ = first.stdout.split()
    assert (name, fit) == (f"hub:me/eyes@{COMMIT}/onnx/model.onnx", "squash")
    assert revision.endswith("+pixels1")
    # As it is remembered, and far from any network.
    offline = embed(tmp_path, importing, None, name)
    assert offline.stdout == first.stdout, offline.stderr


def test_the_file_may_be_said(tmp_path: Path, repository: Path, importing: dict[str, str]) -> None:
    save_network(repository / "small.onnx", outputs=["rows"], gain=2)
    with served(repository) as hub:
        done = embed(tmp_path, importing, hub, "hub:me/eyes/small.onnx")
    assert done.stdout.startswith(f"hub:me/eyes@{COMMIT}/small.onnx "), done.stderr


def test_of_pictures_and_text_that_for_pictures_is_taken(
    tmp_path: Path, repository: Path, importing: dict[str, str]
) -> None:
    save_network(repository / "onnx" / "vision_model.onnx", outputs=["rows"])
    save_text_network(repository / "onnx")
    (repository / "onnx" / "tokenizer.json").rename(repository / "tokenizer.json")
    with served(repository) as hub:
        done = embed(tmp_path, importing, hub, "hub:me/eyes")
        assert done.returncode == 0, done.stderr
        assert not any(path.endswith("/model.onnx") for path in hub.asked)
        asked = len(hub.asked)
        assert embed(tmp_path, importing, hub, "hub:me/eyes").stdout == done.stdout
        assert len(hub.asked) == asked
    name = done.stdout.split()[0]
    assert name == f"hub:me/eyes@{COMMIT}/onnx/vision_model.onnx"
    offline = embed(tmp_path, importing, None, name)
    assert offline.stdout == done.stdout, offline.stderr
    (snapshot,) = (tmp_path / "home").rglob(COMMIT)
    there = {str(path.relative_to(snapshot)) for path in snapshot.rglob("*.*")}
    assert {"onnx/text_model.onnx", "tokenizer.json"} < there


def test_what_another_program_left_is_completed(
    tmp_path: Path, repository: Path, importing: dict[str, str]
) -> None:
    with served(repository) as hub:
        whole = embed(tmp_path, importing, hub, "hub:me/eyes")
        (configuration,) = (tmp_path / "home").rglob("preprocessor_config.json")
        configuration.unlink()
        assert embed(tmp_path, importing, hub, "hub:me/eyes").stdout == whole.stdout


def test_what_is_not_there_is_told(
    tmp_path: Path, repository: Path, importing: dict[str, str]
) -> None:
    (repository / "onnx" / "model.onnx").rename(repository / "onnx" / "eyes.onnx")
    with served(repository) as hub:
        done = embed(tmp_path, importing, hub, "hub:me/eyes")
        assert "EmbeddingError: hub:me/eyes has no onnx/vision_model.onnx" in done.stderr
        assert "Say which file: onnx/eyes.onnx." in done.stderr
        done = embed(tmp_path, importing, hub, "hub:me/nothing")
        assert "EmbeddingError: hub:me/nothing cannot be downloaded: " in done.stderr
    done = embed(tmp_path, importing, None, "hub:me/eyes")
    assert "EmbeddingError: hub:me/eyes cannot be downloaded: " in done.stderr


@pytest.mark.parametrize("name", ["eyes", "me/eyes@", "me/eyes/../../x.onnx", "a b/c", "me/"])
def test_what_is_no_name_is_told(name: str) -> None:
    with pytest.raises(InputError, match=r"It looks like hub:owner/name"):
        settled_name(f"hub:{name}")


def test_what_the_library_takes_for_no_name_is_told() -> None:
    with pytest.raises(InputError, match=r"hub:me/eyes.git is no name of a model"):
        find_embedder("hub:me/eyes.git")


def test_a_remembered_name_is_never_fetched(
    tmp_path: Path, repository: Path, importing: dict[str, str]
) -> None:
    with served(repository) as hub:
        name = f"hub:me/eyes@{COMMIT}/onnx/model.onnx"
        done = embed(tmp_path, importing, hub, name)
        assert f"EmbeddingError: {name} is not on this disk." in done.stderr
        assert f"--embedder hub:me/eyes@{COMMIT}" in done.stderr
        assert not hub.asked
        assert embed(tmp_path, importing, hub, f"hub:me/eyes@{COMMIT}").returncode == 0
        assert embed(tmp_path, importing, hub, name).returncode == 0


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(EmbeddingError, match=r"pip install 'annclust\[hub\]'"):
        find_embedder("hub:me/eyes")
    assert os.environ["HF_HUB_DISABLE_TELEMETRY"] == "1"
