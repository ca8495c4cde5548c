#!/usr/bin/env -S uv run --script
# /// script
# requires-python = ">=3.11"
# dependencies = ["grafana-foundation-sdk==0.0.21"]
# ///
"""Write Grafana's dashboard out of panels.py; with --check, say whether the written one is that."""

import sys
from pathlib import Path
from typing import TypeVar

from grafana_foundation_sdk.builders import common, dashboard, prometheus, stat, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import common as kinds
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    FieldColorModeId,
    Threshold,
    ThresholdsMode,
    VariableOption,
    VariableRefresh,
    VariableSort,
)
from panel import Panel, Query
from panels import ROWS

WRITTEN = Path(__file__).parents[1] / "k8s" / "monitoring" / "grafana" / "taskway.json"
SOURCE = kinds.DataSourceRef(type_val="prometheus", uid="prometheus")
WIDTH = 24
PER_LINE = 3
FIGURE_HEIGHT, CHART_HEIGHT = 4, 8
P = TypeVar("P", stat.Panel, timeseries.Panel)


def main() -> int:
    """Return 0 where the dashboard is written, or as it should be."""
    text = JSONEncoder(sort_keys=True, indent=2).encode(built().build()) + "\n"
    if "--check" not in sys.argv:
        WRITTEN.write_text(text, encoding="utf-8")
        return 0
    same = WRITTEN.exists() and WRITTEN.read_text(encoding="utf-8") == text
    print("the dashboard: as built" if same else "the dashboard is another: run tools/dashboard.py")
    return 0 if same else 1


def built() -> dashboard.Dashboard:
    """Return the dashboard."""
    board = (
        dashboard.Dashboard("Taskway")
        .uid("taskway")
        .description("Traffic, success, steps, waits, peers, and the engine below them")
        .tags(["taskway", "dapr"])
        .timezone("browser")
        .time("now-1h", "now")
        .refresh("15s")
        .readonly()
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .with_variable(workflows())
    )
    number = 1
    for title, panels in ROWS:
        board.with_row(dashboard.Row(title).id(number))
        number += 1
        for panel in panels:
            shown = figure(panel) if panel.figure else chart(panel)
            board.with_panel(shown.id(number))
            number += 1
    return board


def workflows() -> dashboard.QueryVariable:
    """Return the choice of workflows, all of them at first."""
    return (
        dashboard.QueryVariable("workflow")
        .label("Workflow")
        .datasource(SOURCE)
        .query("label_values(taskway_instances_started_total, workflow)")
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.ALPHABETICAL_ASC)
        .multi(True)
        .include_all(True)
        .all_value(".*")
        .current(VariableOption(selected=True, text="All", value="$__all"))
    )


def figure(panel: Panel) -> stat.Panel:
    """Return a single figure; it turns red where it should not be what it is."""
    steps = [Threshold(value=None, color="green")]
    if panel.alarm is not None:
        steps.append(Threshold(value=panel.alarm, color="red"))
    colours = dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps)
    shown = stat.Panel().graph_mode(kinds.BigValueGraphMode.NONE).thresholds(colours)
    shown.reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
    return dressed(shown, panel, FIGURE_HEIGHT, WIDTH // 6)


def chart(panel: Panel) -> timeseries.Panel:
    """Return a chart, with what each of its series came to beside it."""
    legend = common.VizLegendOptions().show_legend(True)
    legend.display_mode(kinds.LegendDisplayMode.LIST).placement(kinds.LegendPlacement.BOTTOM)
    shown = timeseries.Panel().min(0).fill_opacity(10).legend(legend)
    shown.show_points(kinds.VisibilityMode.NEVER)
    shown.color_scheme(dashboard.FieldColor().mode(FieldColorModeId.PALETTE_CLASSIC))
    shown.tooltip(common.VizTooltipOptions().mode(kinds.TooltipDisplayMode.MULTI))
    return dressed(shown, panel, CHART_HEIGHT, WIDTH // PER_LINE)


def dressed(shown: P, panel: Panel, height: int, width: int) -> P:
    """Return a panel with what every panel has."""
    shown.title(panel.title).description(panel.about).unit(panel.unit).datasource(SOURCE)
    for letter, query in zip("ABCDEF", panel.queries, strict=False):
        shown.with_target(target(letter, query))
    return shown.height(height).span(width)


def target(letter: str, query: Query) -> prometheus.Dataquery:
    """Return a query of a panel."""
    return (
        prometheus.Dataquery()
        .datasource(SOURCE)
        .ref_id(letter)
        .expr(query.expr)
        .legend_format(query.legend)
        .range()
    )


if __name__ == "__main__":
    sys.exit(main())
