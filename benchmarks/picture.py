"""The growth curves as a picture: small charts side by side, in plain SVG."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

from benchmarks.pairs import short

_COLUMNS = 3
_WIDTH, _HEIGHT = 300, 210
"""Pixels of one chart with its margins."""
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 26, 38, 34
_INSET = 24
"""Pixels from the axis to the first point, so that its figure does not meet those of the axis."""

_STYLE = (
    "text{font:11px sans-serif;fill:#444}.title{font-weight:bold;font-size:12px;fill:#222}"
    ".grid{stroke:#ddd}.curve{fill:none;stroke:#2563a8;stroke-width:2}.dot{fill:#2563a8}"
)


def draw(sizes: Sequence[int], curves: Mapping[str, tuple[str, Sequence[float]]]) -> str:
    """An SVG document; ``curves`` are name -> (unit, a value for each of ``sizes``).

    Both axes are logarithmic: what grows in step with the jobs rises by as much as it goes right.
    """
    rows = -(-len(curves) // _COLUMNS)
    charts = [
        _chart(name, unit, sizes, values, number % _COLUMNS * _WIDTH, number // _COLUMNS * _HEIGHT)
        for number, (name, (unit, values)) in enumerate(curves.items())
    ]
    width, height = _COLUMNS * _WIDTH, rows * _HEIGHT
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">'
    ground = f'<rect width="{width}" height="{height}" fill="#fff"/>'
    return "\n".join((head, f"<style>{_STYLE}</style>", ground, *charts, "</svg>", ""))


def _chart(
    name: str, unit: str, sizes: Sequence[int], values: Sequence[float], x: int, y: int
) -> str:
    low, high = _decades(values)
    least, most = math.log10(min(sizes)), math.log10(max(sizes))

    def across(size: float) -> float:
        part = (math.log10(size) - least) / (most - least or 1)
        return _LEFT + _INSET + part * (_WIDTH - _LEFT - _RIGHT - _INSET)

    def up(value: float) -> float:
        part = (math.log10(max(value, 10.0**low)) - low) / (high - low)
        return _HEIGHT - _BOTTOM - part * (_HEIGHT - _TOP - _BOTTOM)

    parts = [f'<text class="title" x="{_LEFT}" y="20">{escape(f"{name}, {unit}")}</text>']
    for decade in range(low, high + 1):
        at = up(10.0**decade)
        parts.append(
            f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>'
            f'<text x="{_LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{10.0**decade:g}</text>'
        )
    points = [(across(size), up(value)) for size, value in zip(sizes, values, strict=True)]
    line = " ".join(f"{px:.1f},{py:.1f}" for px, py in points)
    parts.append(f'<polyline class="curve" points="{line}"/>')
    for (px, py), size, value in zip(points, sizes, values, strict=True):
        parts.append(
            f'<circle class="dot" cx="{px:.1f}" cy="{py:.1f}" r="3"/>'
            f'<text x="{px:.1f}" y="{py - 8:.1f}" text-anchor="middle">{short(value)}</text>'
            f'<text x="{px:.1f}" y="{_HEIGHT - 14}" text-anchor="middle">{size:,}</text>'
        )
    return f'<g transform="translate({x} {y})">' + "".join(parts) + "</g>"


def _decades(values: Sequence[float]) -> tuple[int, int]:
    """The powers of ten between which all ``values`` lie; at least one apart."""
    known = [value for value in values if value > 0] or [1.0]
    low, high = math.floor(math.log10(min(known))), math.ceil(math.log10(max(known)))
    return low, max(high, low + 1)
