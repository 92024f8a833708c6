"""Stands in for Turi Create's process where it reads what was saved.

python -m tests.pipeline.fake_saved_work PLAN
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import numpy as np

from annclust.frames import pack, read_exactly, receive

ROWS = 5  # at a time


def main(plan: Path) -> None:
    said = json.loads(plan.read_text())
    orders, _ = receive(lambda n: read_exactly(n, lambda into: os.readv(0, [into])), max_body=0)
    assert Path(str(orders["saved"])).name == said.get("saved", "saved work")
    if "refused" in said:
        write(pack({"refused": said["refused"]}))
        return
    labels = said["labels"]
    write(pack({"ready": True, "model": said["model"], "rows": len(labels)}))
    write(pack({"labels": len(labels)}, json.dumps(labels).encode()))
    for number, first in enumerate(range(0, len(labels), ROWS)):
        if said.get("dies_after") == number:
            os._exit(3)
        some = labels[first : first + ROWS]
        angles = np.arange(first, first + len(some)) * 0.1
        rows = np.zeros((len(some), said["dimension"]), dtype=np.float32)
        rows[:, 0], rows[:, 1] = 9 * np.cos(angles), 9 * np.sin(angles)
        write(pack({"rows": len(rows)}, rows.tobytes()))


def write(frame: bytes) -> None:
    sys.stdout.buffer.write(frame)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
