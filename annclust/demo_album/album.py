"""Album: draws the planned photos into a folder."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from annclust.demo_album.album_plan import PlannedPhoto, plan_album
from annclust.demo_album.camera import photograph, treated
from annclust.demo_album.encoding import encoded
from annclust.demo_album.scenes import SCENES
from annclust.errors import InputError
from annclust.progress import SILENT, Progress


def draw_album(folder: Path, *, seed: int = 7, progress: Progress = SILENT) -> list[Path]:
    """Draw a small album of generated photos to try everything on.

    It holds bursts, crops, copies in other sizes and formats (one HEIC among them), a photo on its
    side, an exact duplicate, and photos without a twin, in nested folders.

    Parameters
    ----------
    folder : Path
        Is made if missing; must be empty otherwise.
    seed : int
        Equal seeds give equal photos.
    progress : Progress
        Is told about every photo.

    Returns
    -------
    list of Path
        The files, sorted.

    Raises
    ------
    InputError
        If `folder` holds something, is no folder, or cannot be written.
    """
    planned = plan_album(seed)
    try:
        _require_empty(folder)
        with progress.stage("drawing", len(planned), unit="photos") as stage:
            for photo, content in _drawn(planned, seed):
                _write(folder / photo.path, content)
                stage.advance()
    except OSError as error:
        raise InputError(
            f"{folder}: {error.strerror or error}. Give a folder that can be written to."
        ) from error
    return sorted(folder / photo.path for photo in planned)


def _require_empty(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is not a folder. Give a new or an empty one for the album.")
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise InputError(
            f"{folder} is not empty, and the demo album overwrites nothing."
            " Give a new or an empty folder."
        )


def _drawn(planned: list[PlannedPhoto], seed: int) -> Iterator[tuple[PlannedPhoto, bytes]]:
    for name, photos in groupby(planned, key=lambda photo: photo.scene):
        scene = SCENES[name]
        backdrop = scene.paint_backdrop(seed)
        for photo in photos:
            picture = backdrop.copy()
            scene.passerby(picture, photo.look.moment)
            shot = photograph(picture, photo.look)
            yield photo, encoded(treated(shot, photo.treatment), photo)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
