"""Drawn pages: what scanned texts and pictures of screens look like, drawn from random numbers.

Two of them are never the same page; they resemble each other as such pictures do.
"""

from __future__ import annotations

from random import Random

from PIL import Image, ImageDraw, ImageFont

LETTERS = "etaoinshrdlucmfwypvbgkjqxz"
MARGIN = 100


def words(random: Random, count: int) -> str:
    return " ".join(
        "".join(random.choice(LETTERS) for _ in range(random.randint(2, 10))) for _ in range(count)
    )


def write(
    draw: ImageDraw.ImageDraw, place: tuple[int, int], text: str, size: int, ink: int
) -> None:
    draw.text(place, text, font=ImageFont.load_default(size), fill=(ink, ink, ink))


def filled_line(random: Random, width: float, size: int) -> str:
    font, line = ImageFont.load_default(size), ""
    while font.getlength(line) < width:
        line += words(random, 1) + " "
    return line


def text_page(random: Random) -> Image.Image:
    """A page of running text, with headings and boxes."""
    width, height = 1240, 1754
    page = Image.new("RGB", (width, height), (252, 252, 250))
    draw, y = ImageDraw.Draw(page), random.randint(60, 160)
    if random.random() < 0.5:
        write(draw, (MARGIN, y), words(random, 3).title(), 44, 0)
        y += 90
    end = height - random.randint(100, 500)
    while y < end:
        if random.random() < 0.08:
            write(draw, (MARGIN, y + 40), words(random, 3).title(), 32, 0)
            y += 100
        if random.random() < 0.04:
            shade, tall = random.randint(120, 240), random.randint(100, 400)
            draw.rectangle((MARGIN, y, width - MARGIN, y + tall), fill=(shade, shade, 235))
            y += tall + 20
        write(draw, (MARGIN, y), filled_line(random, width - 260, 24), 24, 20)
        y += random.choice((34, 34, 34, 34, 60))
    return page


def messages(random: Random) -> Image.Image:
    """A screen of messages in bubbles."""
    width, height = 1080, 1920
    screen = Image.new("RGB", (width, height), (236, 229, 221))
    draw, y = ImageDraw.Draw(screen), 190
    draw.rectangle((0, 0, width, 150), fill=(7, 94, 84))
    write(draw, (40, 50), words(random, 1).title(), 48, 255)
    while y < height - 250:
        lines, own, wide = random.randint(1, 5), random.random() < 0.5, random.randint(300, 760)
        x = width - wide - 30 if own else 30
        bubble = (220, 248, 198) if own else (255, 255, 255)
        draw.rounded_rectangle((x, y, x + wide, y + 40 + 48 * lines), 24, fill=bubble)
        for line in range(lines):
            write(draw, (x + 20, y + 18 + 48 * line), words(random, wide // 160), 34, 20)
        y += 70 + 48 * lines
    draw.rectangle((0, height - 160, width, height), fill=(240, 240, 240))
    return screen


def list_of_entries(random: Random) -> Image.Image:
    """A screen with a list: round pictures, names, switches."""
    width, height = 1080, 1920
    screen = Image.new("RGB", (width, height), (250, 250, 250))
    draw = ImageDraw.Draw(screen)
    write(draw, (40, 80), words(random, 1).title(), 60, 0)
    for y in range(220, height - 150, 140):
        red, green, blue = (random.randint(60, 230) for _ in range(3))
        draw.ellipse((50, y, 130, y + 80), fill=(red, green, blue))
        write(draw, (170, y - 4), words(random, 2).title(), 38, 0)
        write(draw, (170, y + 46), words(random, 5), 28, 110)
        if random.random() < 0.4:
            light = (52, 199, 89) if random.random() < 0.6 else (200, 200, 200)
            draw.rounded_rectangle((width - 150, y + 15, width - 50, y + 65), 25, fill=light)
    return screen


KINDS = (text_page, messages, list_of_entries)


def pages_and_screens(count: int, seed: int) -> list[Image.Image]:
    """So many pictures, of each kind in turn."""
    random = Random(seed)
    return [KINDS[number % len(KINDS)](random) for number in range(count)]
