"""Cover pictures: one motif each, drawn from the song's palette and seed."""

import math
from collections.abc import Callable
from pathlib import Path
from random import Random

from PIL import Image, ImageDraw

from music.score import Art, Cover

SIDE = 320  # pixels of the finished picture
CANVAS = 720  # drawn larger, so that reducing it smooths the edges

Pen = ImageDraw.ImageDraw
Colours = tuple[str, ...]


def paint(cover: Cover, seed: int, path: Path) -> None:
    """Write the picture as a baseline JPEG or a palette PNG, by `cover.format`."""
    picture = Image.new("RGB", (CANVAS, CANVAS), cover.colours[0])
    MOTIFS[cover.art](ImageDraw.Draw(picture), cover.colours[1:], Random(seed))
    picture = picture.resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    if cover.format == "png":
        picture.quantize(64, dither=Image.Dither.NONE).save(path, optimize=True)
    else:
        picture.save(path, quality=70, optimize=True, progressive=False)


def disc(pen: Pen, x: float, y: float, radius: float, colour: str) -> None:
    pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)


def rings(pen: Pen, colours: Colours, rng: Random) -> None:
    for i, radius in enumerate(range(330, 20, -38)):
        drift = rng.uniform(-14, 14)
        disc(pen, CANVAS / 2 + drift, CANVAS * 0.54 - drift, radius, colours[i % len(colours)])


def ridge(rng: Random, height: float, rise: float) -> list[tuple[float, float]]:
    waves = [(rng.uniform(0.5, 2.6), rng.uniform(0, 6.3)) for _ in range(3)]
    line = [
        (x, height - rise * sum(math.sin(f * x / 150 + p) for f, p in waves) / 3)
        for x in range(0, CANVAS + 10, 10)
    ]
    return [*line, (CANVAS, CANVAS), (0, CANVAS)]


def hills(pen: Pen, colours: Colours, rng: Random) -> None:
    disc(pen, CANVAS * 0.7, CANVAS * 0.28, 70, colours[2])
    for i in range(5):
        pen.polygon(ridge(rng, CANVAS * (0.45 + 0.13 * i), 70), fill=colours[i % 2])


def waves(pen: Pen, colours: Colours, rng: Random) -> None:
    disc(pen, CANVAS * 0.3, CANVAS * 0.32, 100, colours[1])
    for i in range(7):
        colour = colours[0] if i % 2 == 0 else colours[2]
        pen.polygon(ridge(rng, CANVAS * (0.5 + 0.08 * i), 26), fill=colour)
    pen.polygon(((380, 330), (380, 130), (530, 330)), fill="#ffffff")


def petals(pen: Pen, colours: Colours, rng: Random) -> None:
    for _ in range(26):
        x, y, size = rng.uniform(40, 680), rng.uniform(40, 680), rng.uniform(24, 74)
        pen.rounded_rectangle(
            (x - size * 0.7, y - size, x + size * 0.7, y + size), size * 0.6, rng.choice(colours)
        )
        for turn in (-0.35, 0, 0.35):
            pen.line((x + turn * size, y - size, x + turn * size, y + size), "#00000030", 2)


def rain(pen: Pen, colours: Colours, rng: Random) -> None:
    pen.rectangle((150, 110, 570, 610), fill=colours[0])
    pen.rectangle((180, 140, 540, 580), fill=colours[2])
    for y in range(150, 580, 86):
        x = 186.0
        while x < 520:
            width = rng.uniform(10, 24)
            pen.rectangle((x, y + rng.uniform(0, 22), x + width, y + 76), rng.choice(colours[:2]))
            x += width + 3
    for _ in range(150):
        x, y = rng.uniform(0, CANVAS), rng.uniform(-40, CANVAS)
        pen.line((x, y, x - 12, y + rng.uniform(20, 60)), colours[1], 3)


def sun(pen: Pen, colours: Colours, rng: Random) -> None:
    disc(pen, CANVAS / 2, 330, 200, colours[1])
    for i in range(6):
        pen.rectangle((0, 300 + 36 * i, CANVAS, 306 + 40 * i), "#1a0b2e")
    pen.rectangle((0, 470, CANVAS, CANVAS), "#2b0f4a")
    for i in range(-12, 13):
        pen.line((CANVAS / 2 + i * 22, 470, CANVAS / 2 + i * 150, CANVAS), colours[0], 4)
    for i in range(7):
        y = 470 + 5 * (i + 1) ** 2
        pen.line((0, y, CANVAS, y), colours[2], 4)
    for _ in range(40):
        disc(pen, rng.uniform(0, CANVAS), rng.uniform(0, 260), 2, colours[2])


def pixels(pen: Pen, colours: Colours, rng: Random) -> None:
    cell = CANVAS // 18
    height = 6
    for column in range(18):
        height = max(3, min(10, height + rng.choice((-1, 0, 0, 1))))
        left = column * cell
        pen.rectangle((left, CANVAS - height * cell, left + cell - 1, CANVAS), fill=colours[0])
        if rng.random() < 0.45:
            top = CANVAS - (height + rng.randint(2, 6)) * cell
            pen.rectangle((left, top, left + cell - 1, top + cell - 1), rng.choice(colours[1:]))
    for row, text in enumerate(("..xx..", ".xxxx.", "xxxxxx", "xxxxxx", ".xxxx.", "..xx..")):
        for column, sign in enumerate(text):
            if sign == "x":
                x, y = (6 + column) * cell, (1 + row) * cell
                pen.rectangle((x, y, x + cell - 1, y + cell - 1), fill=colours[1])


def tiles(pen: Pen, colours: Colours, rng: Random) -> None:
    for x in range(0, CANVAS, 90):
        for y in range(0, CANVAS, 90):
            start = rng.choice((0, 90, 180, 270))
            pen.pieslice((x - 88, y - 88, x + 88, y + 88), 0, 90, rng.choice(colours))
            pen.arc((x + 5, y + 5, x + 85, y + 85), start, start + 180, rng.choice(colours), 8)


def stars(pen: Pen, colours: Colours, rng: Random) -> None:
    disc(pen, 500, 200, 110, colours[1])
    disc(pen, 455, 180, 100, "#14213d")
    pen.polygon(ridge(rng, 560, 40), fill=colours[2])
    for _ in range(70):
        disc(pen, rng.uniform(0, CANVAS), rng.uniform(0, 680), rng.uniform(1.5, 8), colours[0])


def rays(pen: Pen, colours: Colours, rng: Random) -> None:
    centre, turn = (CANVAS * 0.38, CANVAS * 0.62), 0.0
    while turn < 2 * math.pi:
        wide = rng.uniform(0.05, 0.2)
        edge = [
            (centre[0] + 1100 * math.cos(a), centre[1] + 1100 * math.sin(a))
            for a in (turn, turn + wide)
        ]
        pen.polygon((centre, *edge), fill=rng.choice(colours))
        turn += wide + rng.uniform(0.05, 0.2)
    disc(pen, *centre, 90, "#101418")


def threads(pen: Pen, colours: Colours, rng: Random) -> None:
    for i in range(34):
        bend, phase = rng.uniform(20, 110), rng.uniform(0, 6.3)
        line = [
            (x, 60 + 18 * i + bend * math.sin(x / 130 + phase) * math.sin(math.pi * x / CANVAS))
            for x in range(0, CANVAS + 8, 8)
        ]
        pen.line(line, colours[i % len(colours)], 5)
    disc(pen, 560, 150, 60, colours[2])


def city(pen: Pen, colours: Colours, rng: Random) -> None:
    disc(pen, 520, 180, 105, colours[1])
    left = 0
    while left < CANVAS:
        width, top = rng.randint(60, 120), rng.randint(270, 500)
        pen.rectangle((left, top, left + width - 8, CANVAS), fill=colours[0])
        for x in range(left + 12, left + width - 24, 24):
            for y in range(top + 14, CANVAS, 34):
                if rng.random() < 0.45:
                    pen.rectangle((x, y, x + 11, y + 17), fill=rng.choice(colours[1:]))
        left += width


MOTIFS: dict[Art, Callable[[Pen, Colours, Random], None]] = {
    Art.RINGS: rings,
    Art.HILLS: hills,
    Art.WAVES: waves,
    Art.PETALS: petals,
    Art.RAIN: rain,
    Art.SUN: sun,
    Art.PIXELS: pixels,
    Art.TILES: tiles,
    Art.STARS: stars,
    Art.RAYS: rays,
    Art.THREADS: threads,
    Art.CITY: city,
}
