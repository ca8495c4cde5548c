"""Draws a trace of Jaeger as a picture: `python tools/draw_trace.py <trace's URL> > trace.svg`."""

import argparse
import sys
from collections import defaultdict
from html import escape
from typing import Any
from urllib.parse import urlsplit

import httpx

ROW, TEXT, WIDTH, INDENT = 18, 470, 520, 12
COLOURS = {"orchestrator": "#3b6ea5", "assigner": "#b5651d", "notifier": "#4f7f3f"}


def main() -> None:
    """Print the picture."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("url", help="as `trace_url` in GET /instances/{id}")
    address = urlsplit(arguments.parse_args().url)
    trace_id = address.path.rsplit("/", 1)[1]
    api = f"{address.scheme}://{address.netloc}/api/traces/{trace_id}"
    answer = httpx.get(api, trust_env=False).raise_for_status()
    sys.stdout.write(drawn(answer.json()["data"][0]))


def drawn(trace: dict[str, Any]) -> str:
    """Return a trace of Jaeger's API as SVG: a line a span, in the order of cause and time."""
    rows = list(_rows(trace["spans"]))
    begin = min(span["startTime"] for span, _ in rows)
    end = max(span["startTime"] + span["duration"] for span, _ in rows)
    scale = WIDTH / max(end - begin, 1)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{TEXT + WIDTH + 90}" '
        f'height="{ROW * len(rows) + 10}" font-family="sans-serif" font-size="11">',
        '<rect width="100%" height="100%" fill="white"/>',
    ]
    for number, (span, depth) in enumerate(rows):
        service = trace["processes"][span["processID"]]["serviceName"]
        y = number * ROW + 16
        left = TEXT + (span["startTime"] - begin) * scale
        width = max(span["duration"] * scale, 1.5)
        lines += [
            f'<text x="{6 + depth * INDENT}" y="{y}" fill="{COLOURS[service]}">'
            f"{escape(service)}: {escape(span['operationName'])}</text>",
            f'<rect x="{left:.1f}" y="{y - 9}" width="{width:.1f}" height="10" '
            f'fill="{COLOURS[service]}"/>',
            f'<text x="{left + width + 4:.1f}" y="{y}" fill="#555">'
            f"{span['duration'] / 1000:.1f} ms</text>",
        ]
    return "\n".join([*lines, "</svg>", ""])


def _rows(spans: list[dict[str, Any]]) -> list[tuple[dict[str, Any], int]]:
    children: defaultdict[str | None, list[dict[str, Any]]] = defaultdict(list)
    for span in sorted(spans, key=lambda span: span["startTime"]):
        children[next((r["spanID"] for r in span["references"]), None)].append(span)
    rows: list[tuple[dict[str, Any], int]] = []

    def add(parent: str | None, depth: int) -> None:
        for span in children[parent]:
            rows.append((span, depth))
            add(span["spanID"], depth + 1)

    add(None, 0)
    return rows


if __name__ == "__main__":
    main()
