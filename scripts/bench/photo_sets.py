"""Photo sets: labelled photos in folders, and albums that are hard to group, drawn or made of them.

A set is a folder of photos and the group of each; "" is one that stands alone. Drawn pages and
screens are of other kinds than those of the shipped background (scripts/drawn_pages.py).
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

QUALITY = 88
FRAMES = 150
TWINS = 12


@dataclass(frozen=True, slots=True)
class PhotoSet:
    """A folder of photos.

    Parameters
    ----------
    name : str
    folder : Path
    groups : mapping of str to str
        Group of each photo, by file name; of those that are judged.
    subjects : mapping of str to str
        What each photo shows, by file name, as far as labels say.
    """

    name: str
    folder: Path
    groups: dict[str, str]
    subjects: dict[str, str] = field(default_factory=dict)

    @property
    def paths(self) -> list[Path]:
        """Where the photos lie, in the order of their groups."""
        return [self.folder / name for name in self.groups]

    def write_labels(self, file: Path) -> None:
        """Write the groups as a table with the columns `path` and `group`."""
        with file.open("w", newline="") as opened:
            writer = csv.writer(opened)
            writer.writerow(("path", "group"))
            writer.writerows(self.groups.items())


def labelled(folder: Path, files: Iterable[Path]) -> dict[str, PhotoSet]:
    """The labelled photos below a folder, by set (the first part of their path)."""
    found: dict[str, PhotoSet] = {}
    for file in files:
        with file.open(newline="") as rows:
            for row in csv.DictReader(rows):
                path = Path(row["path"])
                if row.get("kind", "photo") == "photo" and (folder / path).is_file():
                    name = path.parts[0]
                    photos = found.setdefault(name, PhotoSet(name, folder / name, {}))
                    photos.groups[path.name] = row["group"]
                    photos.subjects[path.name] = row.get("category", "")
    return found


def together(name: str, sets: Iterable[PhotoSet], folder: Path) -> PhotoSet:
    """Several sets in one folder."""
    folder.mkdir()
    groups: dict[str, str] = {}
    for each in sets:
        for photo in each.groups:
            shutil.copyfile(each.folder / photo, folder / photo)
        groups |= each.groups
    return PhotoSet(name, folder, groups)


def one_offs(photos: PhotoSet, others: Path, folder: Path) -> PhotoSet:
    """Photos that stand alone, from a labelled set and from a folder of such."""
    folder.mkdir()
    sources = [photos.folder / name for name in alone(photos)] + sorted(others.iterdir())
    for source in sources:
        shutil.copyfile(source, folder / source.name)
    return PhotoSet("one-offs", folder, dict.fromkeys((each.name for each in sources), ""))


def half_alone(photos: PhotoSet, folder: Path) -> PhotoSet:
    """A set without the twins of every second group: photos alone beside pairs of their kind."""
    folder.mkdir()
    members: dict[str, list[str]] = {}
    for name, group in photos.groups.items():
        members.setdefault(group, []).append(name)
    groups: dict[str, str] = {}
    for place, (group, names) in enumerate(sorted(members.items())):
        groups |= dict.fromkeys(names, group) if place % 2 else {names[0]: ""}
    for name in groups:
        shutil.copyfile(photos.folder / name, folder / name)
    return PhotoSet("half alone", folder, groups)


def alone(photos: PhotoSet) -> list[str]:
    """Names of the photos of a set that stand alone."""
    return [name for name, group in photos.groups.items() if not group]


def burst(photos: PhotoSet, still: Path, folder: Path) -> PhotoSet:
    """Many frames of one picture, held by hand, among photos that stand alone."""
    folder.mkdir()
    for name in alone(photos):
        shutil.copyfile(photos.folder / name, folder / name)
    groups = dict.fromkeys(alone(photos), "")
    for number, frame in enumerate(held_by_hand(Image.open(still).convert("RGB"), FRAMES)):
        name = f"frame-{number:03}.jpg"
        frame.save(folder / name, quality=QUALITY)
        groups[name] = "burst"
    return PhotoSet("burst", folder, groups)


def held_by_hand(picture: Image.Image, frames: int) -> Iterator[Image.Image]:
    """Frames of a picture through a shaking window: it moves, turns, brightens, and has noise."""
    random, rng = Random(3), np.random.default_rng(3)
    width, height = picture.size
    x = y = 0.5
    turn, gain = 0.0, 1.0
    for _ in range(frames):
        x, y = (min(max(each + random.gauss(0, 0.05), 0), 1) for each in (x, y))
        turn, gain = 0.9 * turn + random.gauss(0, 0.5), 0.95 * gain + 0.05 + random.gauss(0, 0.02)
        turned = picture.rotate(turn, Image.Resampling.BICUBIC)
        left, top = int((0.1 + 0.1 * x) * width), int((0.1 + 0.1 * y) * height)
        window = turned.crop((left, top, left + int(0.7 * width), top + int(0.7 * height)))
        yield noisy(window, rng, gain=gain, noise=3)


def noisy(
    picture: Image.Image, rng: np.random.Generator, *, gain: float, noise: float
) -> Image.Image:
    """A picture exposed otherwise, with noise."""
    pixels = np.asarray(picture.convert("RGB")).astype(np.float64) * gain
    pixels += rng.normal(0, noise, pixels.shape)
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def again(picture: Image.Image, random: Random, rng: np.random.Generator) -> Image.Image:
    """A picture photographed once more: shifted by up to 2 %, turned by up to 1.2 degrees."""
    turned = picture.rotate(random.uniform(-1.2, 1.2), Image.Resampling.BICUBIC, fillcolor="white")
    width, height = turned.size
    left, top = (int(random.uniform(0, 0.02) * side) for side in turned.size)
    window = turned.crop((left, top, left + int(0.98 * width), top + int(0.98 * height)))
    return noisy(window, rng, gain=random.uniform(0.94, 1.06), noise=4)


def words(random: Random, count: int) -> str:
    letters = "etaoinshrdlucmfwypvbgkjqxz"
    return " ".join(
        "".join(random.choice(letters) for _ in range(random.randint(2, 10))) for _ in range(count)
    )


def text(draw: ImageDraw.ImageDraw, place: tuple[int, int], words_: str, size: int) -> None:
    draw.text(place, words_, font=ImageFont.load_default(size), fill=(15, 15, 15))


def paper(random: Random) -> Image.Image:
    """A page of two columns with charts."""
    page = Image.new("RGB", (1240, 1754), "white")
    draw, top = ImageDraw.Draw(page), random.randint(120, 300)
    text(draw, (120, 80), words(random, 5).title(), 36)
    for left in (120, 650):
        y = top
        while y < 1600:
            if random.random() < 0.03:
                tall = random.randint(150, 380)
                draw.rectangle((left, y, left + 470, y + tall), outline=(0, 0, 0), width=2)
                for bar in range(10):
                    x = left + 30 + bar * 42
                    draw.line((x, y + tall - 20, x, y + random.randint(20, tall - 30)), width=18)
                y += tall + 30
            text(draw, (left, y), words(random, 7)[:48], 17)
            y += 24
    return page


def receipt(random: Random) -> Image.Image:
    """A slip with prices."""
    page = Image.new("RGB", (700, 1500), (244, 243, 238))
    draw = ImageDraw.Draw(page)
    text(draw, (180, 60), words(random, 2).upper(), 36)
    lines = random.randint(6, 30)
    for line in range(lines):
        text(draw, (50, 200 + 42 * line), words(random, 2)[:18], 26)
        text(draw, (540, 200 + 42 * line), f"{random.uniform(0.5, 99):6.2f}", 26)
    text(draw, (50, 230 + 42 * lines), "TOTAL", 34)
    return page


def cards(random: Random) -> Image.Image:
    """A screen of dark cards."""
    screen = Image.new("RGB", (1080, 2340), (18, 18, 20))
    draw, y = ImageDraw.Draw(screen), 280
    while y < 2140:
        tall = random.choice((150, 230, 320))
        draw.rounded_rectangle((40, y, 1040, y + tall), 30, fill=(38, 38, 42))
        draw.text((80, y + 30), words(random, 3), font=ImageFont.load_default(36), fill=(230,) * 3)
        y += tall + random.choice((30, 60))
    return screen


def night(random: Random) -> Image.Image:
    """Lights in the dark."""
    picture = Image.new("RGB", (1200, 800), (4, 4, 9))
    draw = ImageDraw.Draw(picture)
    lights = ((255, 220, 150), (255, 180, 90), (240, 240, 255), (255, 60, 40), (60, 255, 120))
    for _ in range(random.randint(10, 80)):
        x, y, size = random.randint(0, 1200), random.randint(200, 800), random.choice((2, 4, 8, 14))
        draw.ellipse((x - size, y - size, x + size, y + size), fill=random.choice(lights))
    blurred = picture.filter(ImageFilter.GaussianBlur(random.uniform(1, 4)))
    return noisy(blurred, np.random.default_rng(random.randrange(1 << 30)), gain=1, noise=3)


DRAWN: dict[str, Callable[[Random], Image.Image]] = {
    "papers": paper,
    "receipts": receipt,
    "screens": cards,
    "night": night,
}


def drawn_album(name: str, folder: Path, count: int = 60) -> PhotoSet:
    """Pictures of one kind, of which some were taken twice."""
    folder.mkdir()
    random, rng, groups = Random(5), np.random.default_rng(5), {}
    for number in range(count):
        picture = DRAWN[name](random)
        twin = again(picture, random, rng) if number < TWINS else None
        for take, each in enumerate((picture, twin)):
            if each is not None:
                file = f"{number:03}-{take}.jpg"
                each.save(folder / file, quality=QUALITY)
                groups[file] = str(number) if twin is not None else ""
    return PhotoSet(name, folder, groups)


def dark_album(folder: Path, stills: Iterable[Path]) -> PhotoSet:
    """Photos that are nearly black, of which some were taken twice."""
    folder.mkdir()
    random, rng, groups = Random(5), np.random.default_rng(5), {}
    for number, still in enumerate(stills):
        picture = Image.open(still).convert("RGB")
        takes = [picture, *([again(picture, random, rng)] if number < TWINS else [])]
        for take, each in enumerate(takes):
            file = f"{number:03}-{take}.jpg"
            noisy(each, rng, gain=0.05, noise=2.5).save(folder / file, quality=QUALITY)
            groups[file] = str(number) if len(takes) > 1 else ""
    return PhotoSet("nearly black", folder, groups)
