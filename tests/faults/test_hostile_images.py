"""A short slice of scripts/faults/hostile_images.py; docs/reliability.md has the full run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.harness import SCRIPTS, run

pytestmark = pytest.mark.skipif(
    not SCRIPTS.exists(), reason="an installed annclust has no scripts beside its tests"
)
SCRIPT = "hostile_images.py"


def test_broken_images_cost_one_result_each() -> None:
    done = run(SCRIPT, "--jobs", "1", "--mutants", "600", "--seed", "5")
    assert done.returncode == 0, done.stdout + done.stderr
    table = {line[:10].strip(): line[10:].split() for line in done.stdout.splitlines()}
    mutants, decoded, refused = (int(number.replace(",", "")) for number in table["all"][:3])
    assert mutants == decoded + refused > 600
    assert min(decoded, refused) > 100
    formats = {"AVIF", "BMP", "DIB", "GIF", "HEIF", "ICO", "JPEG", "JPEG 2000", "PNG", "PSD"}
    assert formats | {"TIFF", "WebP"} < table.keys()


def test_a_mutant_comes_back_by_its_number(tmp_path: Path) -> None:
    copies = []
    for folder in (tmp_path / "one", tmp_path / "other"):
        done = run(SCRIPT, "--jobs", "1", "--only", "17", "--keep", str(folder))
        assert done.returncode == 0, done.stdout + done.stderr
        copies += [path.read_bytes() for path in folder.iterdir()]
    assert len(copies) == 2
    assert copies[0] == copies[1]
