"""Scenes on land: tulips, forest, dunes, balloons. Painted like those at the water."""

from __future__ import annotations

import numpy as np

from annclust.demo_album.canvas import (
    ASPECT,
    HEIGHT,
    WHITE,
    WIDTH,
    Color,
    Picture,
    Plane,
    Rng,
    X,
    Y,
    around,
    blend,
    clouds,
    fractal_noise,
    glow,
    gradient,
    lighten,
    rgb,
    ridge_line,
    shaded,
    sky,
    soft_step,
)


def tulips(rng: Rng) -> Picture:
    """Rows of tulips that run to the horizon under fair-weather clouds."""
    horizon = 0.42
    air = sky([(0, (52, 124, 206)), (horizon, (190, 222, 242))])
    air = blend(air, WHITE, clouds(rng, cover=0.55, cells=(3, 3)) * soft_step(Y, -0.4, 0.8))
    depth = 1 / np.clip(Y - horizon + 0.004, 0.004, 1)
    row = (X - 0.62) * depth * 0.95 + 40
    bed = row.astype(np.int64) % 5
    beds: list[Color] = [
        (206, 26, 48),
        (244, 190, 40),
        (232, 92, 148),
        (246, 236, 228),
        (120, 44, 140),
    ]
    petals = np.stack([rgb(color) for color in beds])[bed]
    field = petals * _flower_heads(rng, depth)[..., np.newaxis]
    furrow = np.abs(row % 1 - 0.5) * 2
    field = blend(field, rgb((44, 88, 34)), soft_step(furrow, 0.72, 0.1) * 0.92)
    field = blend(field, rgb((150, 170, 150)), soft_step(depth, 9, 60) * 0.55)
    scene = blend(air, np.clip(field, 0, 1), soft_step(Y, horizon, 0.003))
    trees = ridge_line(rng, top=horizon - 0.045, depth=0.035, peaks=24, roughness=0.75)
    wood = gradient(
        fractal_noise(rng, cells=(80, 120), octaves=2), [(0, (30, 62, 40)), (1, (86, 120, 84))]
    )
    return blend(scene, wood, soft_step(Y, trees, 0.004) * (horizon + 0.006 > Y))


def _flower_heads(rng: Rng, depth: Plane) -> Plane:
    near = fractal_noise(rng, cells=(46, 60), octaves=3, persistence=0.8)
    far = fractal_noise(rng, cells=(190, 110), octaves=2, persistence=0.8)
    share = soft_step(depth, 2, 5)
    heads = near * (1 - share) + far * share
    return 0.42 + 0.95 * soft_step(heads, 0.15, 0.7)


def forest(rng: Rng) -> Picture:
    """Trunks fading into a green mist, with sunbeams between them."""
    glade = sky([(0, (206, 226, 150)), (0.55, (150, 190, 110)), (1, (60, 92, 40))])
    foliage = fractal_noise(rng, cells=(10, 14), octaves=7, persistence=0.7)
    scene = glade * (0.55 + 0.75 * foliage[..., np.newaxis])
    for depth in range(5):
        near = depth / 4
        scene = _trunks(rng, scene, near)
        scene = blend(
            scene,
            rgb((196, 214, 150)),
            np.broadcast_to(0.2 * (1 - near) * (1.1 - Y), foliage.shape),
        )
    beams = fractal_noise(rng, cells=(1, 26), octaves=3)
    slant = ((np.arange(WIDTH) + (np.arange(HEIGHT)[:, np.newaxis] * 0.55)) % WIDTH).astype(
        np.int64
    )
    light = soft_step(beams[0][slant], 0.45, 0.5) * (1 - Y) * 0.55
    scene = lighten(scene, (255, 244, 186), light + 0.35 * glow(1.15, 0.05, 0.5))
    return _fern_floor(rng, scene)


def _trunks(rng: Rng, scene: Picture, near: float) -> Picture:
    shade = rgb((120, 146, 92)) * (1 - near) + rgb((38, 30, 20)) * near
    bark = fractal_noise(rng, cells=(5, 190), octaves=3, persistence=0.8)
    opacity = np.zeros((HEIGHT, WIDTH), np.float32)
    for x in rng.uniform(0, ASPECT, 13 - int(8 * near)):
        girth = 0.006 + 0.03 * near**1.4 * rng.uniform(0.7, 1.3)
        lean = rng.normal(0, 0.03)
        off = np.abs(X - x - lean * (Y - 0.5)) - girth * (0.85 + 0.4 * Y**3)
        foot = 1 - soft_step(Y, 0.66 + 0.24 * near, 0.02)
        opacity = np.maximum(opacity, (1 - soft_step(off, 0, 0.003)) * foot)
    return blend(scene, shade * (0.5 + bark[..., np.newaxis]), opacity)


def _fern_floor(rng: Rng, scene: Picture) -> Picture:
    edge = ridge_line(rng, top=0.68, depth=0.08, peaks=12, roughness=0.7)
    leaves = fractal_noise(rng, cells=(40, 60), octaves=4, persistence=0.75)
    moss = gradient(leaves, [(0.1, (22, 44, 14)), (0.6, (84, 132, 38)), (1, (176, 204, 84))])
    floor = moss * (1.1 - 0.6 * soft_step(Y, 0.7, 0.4))[..., np.newaxis]
    return np.clip(blend(scene, floor, soft_step(Y, edge, 0.06)), 0, 1)


def dunes(rng: Rng) -> Picture:
    """Sand dunes in low light, each with a bright side and a side in shadow."""
    scene = sky([(0, (70, 130, 190)), (0.3, (176, 204, 218)), (0.45, (248, 228, 196))])
    peaks = [(0.35, 0.0), (1.2, 0.12), (0.75, 0.3), (0.1, 0.6), (1.12, 1.0)]
    for x, near in peaks:
        scene = _dune(rng, scene, x + rng.normal(0, 0.04), near)
    return np.clip(scene, 0, 1)


def _dune(rng: Rng, scene: Picture, peak: float, near: float) -> Picture:
    spread = np.abs(X - peak) ** 1.25 / (0.9 - 0.3 * near)
    crest = 0.3 + 0.34 * near + (0.1 + 0.3 * near) * (1 - np.exp(-spread))
    below = Y - crest + 0.008 * ridge_line(rng, top=0, depth=1, peaks=3, roughness=0.3)
    winding = 0.05 * np.sin((Y - 0.3) * rng.uniform(9, 13) + rng.uniform(0, 6))
    spine = X - peak - winding * (0.4 + near) - 0.45 * np.clip(Y - crest.min(), 0, 1)
    shadow = soft_step(spine, 0, 0.006 + 0.012 * near)
    wind = fractal_noise(rng, cells=(6, 4), octaves=5)
    ripples = np.sin(Y * (210 - 110 * near) + X * 20 + wind * 30) * 0.05 * near
    bright = rgb((244, 196, 132)) * (1 - near) + rgb((240, 166, 84)) * near
    dark = rgb((206, 150, 116)) * (1 - near) + rgb((122, 62, 42)) * near
    sand = blend(np.broadcast_to(bright, scene.shape), dark, shadow)
    sand = sand * (0.9 + 0.2 * wind + ripples)[..., np.newaxis]
    return blend(scene, sand, soft_step(below, 0.0, 0.004))


def balloons(rng: Rng) -> Picture:
    """Hot-air balloons over hazy hills in the morning."""
    scene = sky([(0, (136, 160, 214)), (0.45, (244, 206, 196)), (0.75, (255, 232, 188))])
    scene = lighten(scene, (255, 216, 150), 0.6 * glow(0.35, 0.74, 0.42))
    hills: list[tuple[float, Color]] = [
        (0.68, (196, 170, 186)),
        (0.76, (150, 132, 160)),
        (0.84, (98, 96, 122)),
        (0.91, (46, 56, 70)),
    ]
    for top, color in hills:
        edge = ridge_line(rng, top=top, depth=0.08, peaks=4, roughness=0.42)
        haze = rgb(color) + rgb((255, 220, 180)) * 0.35 * np.clip(Y - top, 0, 1)[..., np.newaxis]
        scene = blend(scene, haze, soft_step(Y, edge, 0.005))
    fleet = zip(rng.permutation(7), np.linspace(0.12, 1.4, 7), strict=True)
    places = [(x + rng.normal(0, 0.03), rng.uniform(0.14, 0.6), int(k)) for k, x in fleet]
    for x, y, kind in sorted(places, key=lambda place: place[2]):
        hang_balloon(scene, x, y, kind)
    return scene


ENVELOPES: list[tuple[Color, Color]] = [
    ((206, 54, 52), (246, 206, 92)),
    ((32, 92, 160), (240, 240, 236)),
    ((232, 120, 40), (120, 30, 60)),
    ((46, 130, 104), (248, 214, 110)),
    ((120, 58, 140), (244, 150, 150)),
    ((250, 186, 50), (214, 64, 50)),
    ((28, 62, 122), (236, 88, 70)),
]


def hang_balloon(scene: Picture, x: float, y: float, kind: int) -> None:
    """Hang one striped balloon into the picture, in place; a higher kind is nearer."""
    radius = 0.035 + 0.017 * kind
    rows, columns = around(x, y, 2.2 * radius)
    across, down = (X[columns] - x) / radius, (Y[rows] - y) / radius
    taper = np.where(down > 0, 1 - 0.42 * np.clip(down, 0, 1.35) ** 2, 1)
    stretched = np.where(down > 0, down / 1.35, down)
    reach = np.hypot(across / taper, stretched)
    cloth = _striped_cloth(across / taper, down, ENVELOPES[kind % len(ENVELOPES)])
    basket = (np.abs(across) < 0.13) & (np.abs(down - 1.72) < 0.12)
    rope = np.abs(np.abs(across) - 0.13 - 0.25 * np.clip(1.6 - down, 0, 1)) < 0.02
    rigging = basket | (rope & (np.abs(down - 1.4) < 0.24))
    patch = blend(scene[rows, columns], cloth, 1 - soft_step(reach, 0.97, 0.03))
    scene[rows, columns] = blend(patch, rgb((64, 40, 26)), rigging.astype(np.float32))


def _striped_cloth(across: Plane, down: Plane, colors: tuple[Color, Color]) -> Picture:
    gores = np.floor(np.arcsin(np.clip(across, -1, 1)) * 5) % 2
    cloth = np.where(gores[..., np.newaxis] > 0, rgb(colors[1]), rgb(colors[0]))
    return shaded(cloth, np.clip(0.98 - 0.4 * across - 0.15 * down, 0.3, 1.2))
