"""The timeline of a run as SVG: faults, open instances, ends and refusals over time."""

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from support.fault_suite.client import Recorder
from support.fault_suite.outcome import Outcome

WIDTH, LEFT, LANE, GRAPH = 1_200, 170, 16, 90
BUCKET = 2.0
# Seconds between two labels of the time.
TICK = 30
COLORS = ("#4e79a7", "#f28e2b", "#e15759", "#76b7b2", "#59a14f", "#edc948", "#b07aa1", "#9c755f")


def draw_timeline(outcome: Outcome, recorder: Recorder) -> str:
    """Return the timeline as an SVG document."""
    seconds = max((c.ended or c.began for c in recorder.calls), default=1.0)
    kinds = sorted({hit.fault.kind for hit in outcome.hits})
    top = 30 + LANE * len(kinds)
    graphs = (
        ("open instances", _open(outcome, seconds), "#4e79a7"),
        (
            f"ends in {BUCKET:g} s",
            _per_bucket((i.ended for i in outcome.instances if i.ended), seconds),
            "#59a14f",
        ),
        (
            f"503 or no answer in {BUCKET:g} s",
            _per_bucket((c.began for c in recorder.calls if c.status in (None, 503)), seconds),
            "#e15759",
        ),
    )
    height = top + len(graphs) * (GRAPH + 20) + 20
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        'font-family="sans-serif" font-size="11">',
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
        f'<text x="8" y="16">{escape(_title(outcome))}</text>',
        *_lanes(outcome, kinds, seconds),
    ]
    for number, (name, values, color) in enumerate(graphs):
        parts += _graph(name, values, color, top + 10 + number * (GRAPH + 20))
    parts += _axis(seconds, height - 8)
    parts.append("</svg>")
    return "\n".join(parts) + "\n"


def _title(outcome: Outcome) -> str:
    settings = outcome.settings
    return (
        f"{len(outcome.hits)} faults in {settings.minutes:g} min over {settings.store}, "
        f"{settings.rate:g} instances/s, seed {settings.seed}"
    )


def _axis(seconds: float, y: float) -> Iterator[str]:
    for time in range(0, int(seconds) + 1, TICK):
        yield f'<text x="{_x(time, seconds):.1f}" y="{y}" fill="#666">{time} s</text>'


def _lanes(outcome: Outcome, kinds: Sequence[str], seconds: float) -> Iterator[str]:
    for number, kind in enumerate(kinds):
        y = 24 + LANE * number
        yield f'<text x="8" y="{y + 11}">{escape(kind)}</text>'
        for hit in outcome.hits:
            if hit.fault.kind == kind:
                x = _x(hit.began, seconds)
                width = max(2.0, _x(hit.ended or seconds, seconds) - x)
                color = COLORS[number % len(COLORS)]
                yield (
                    f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{LANE - 4}" '
                    f'fill="{color}"><title>{escape(hit.fault.name)}: '
                    f"{hit.in_flight.total()} in flight</title></rect>"
                )


def _graph(name: str, values: Sequence[int], color: str, y: float) -> Iterator[str]:
    most = max([*values, 1])
    step = (WIDTH - LEFT - 10) / max(1, len(values) - 1)
    points = " ".join(
        f"{LEFT + i * step:.1f},{y + GRAPH - GRAPH * value / most:.1f}"
        for i, value in enumerate(values)
    )
    yield f'<text x="8" y="{y + 12}">{escape(name)}</text>'
    yield f'<text x="8" y="{y + 26}" fill="#666">at most {most}</text>'
    yield f'<polyline points="{points}" fill="none" stroke="{color}"/>'
    base = y + GRAPH
    yield f'<line x1="{LEFT}" y1="{base}" x2="{WIDTH - 10}" y2="{base}" stroke="#ccc"/>'


def _open(outcome: Outcome, seconds: float) -> list[int]:
    spans = [(i.accepted, i.ended or seconds) for i in outcome.instances if i.accepted is not None]
    times = (bucket * BUCKET for bucket in range(int(seconds / BUCKET) + 1))
    return [sum(began <= time < ended for began, ended in spans) for time in times]


def _per_bucket(times: Iterable[float], seconds: float) -> list[int]:
    counts = [0] * (int(seconds / BUCKET) + 1)
    for time in times:
        counts[min(len(counts) - 1, int(time / BUCKET))] += 1
    return counts


def _x(time: float, seconds: float) -> float:
    return LEFT + time / seconds * (WIDTH - LEFT - 10)
