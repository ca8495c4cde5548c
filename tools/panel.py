"""The parts of the dashboard: charts and figures, each with its queries."""

from dataclasses import dataclass

SHARE, SECONDS, MILLISECONDS, BYTES = "percentunit", "s", "ms", "bytes"
PER_SECOND, COUNT, DAYS = "ops", "short", "d"

# The workflows that are chosen at the top of the page.
CHOSEN = '{workflow=~"$workflow"}'
STREAMS = 'http_target!~".*/stream"'


@dataclass(frozen=True)
class Query:
    """A query, and the name of each of its series."""

    expr: str
    legend: str


@dataclass(frozen=True)
class Panel:
    """A chart, or a single figure.

    Args:
        title: What it shows.
        about: What to read in it.
        unit: Of its values, by Grafana's name.
        queries: What it shows.
        figure: Whether it is the latest value, written large.
        alarm: The value from which on a figure is red.
    """

    title: str
    about: str
    unit: str
    queries: tuple[Query, ...]
    figure: bool = False
    alarm: float | None = None


Rows = tuple[tuple[str, tuple[Panel, ...]], ...]


def figure(title: str, about: str, unit: str, expr: str, alarm: float | None = None) -> Panel:
    """Return a single figure."""
    return Panel(title, about, unit, (Query(expr, title),), figure=True, alarm=alarm)


def chart(title: str, about: str, unit: str, *queries: tuple[str, str]) -> Panel:
    """Return a chart of queries, each with the name of its series."""
    return Panel(title, about, unit, tuple(Query(*query) for query in queries))


def rate(metric: str, by: str, where: str = "") -> str:
    """Return the query of how often a second, by some labels."""
    return f"sum by ({by}) (rate({metric}{where}[$__rate_interval]))"


def quantile(share: float, metric: str, by: str, where: str = "") -> str:
    """Return the query of what a share of the measured values stay below."""
    return f"histogram_quantile({share}, {rate(f'{metric}_bucket', f'{by}, le', where)})"
