"""Plots as SVG, by hand: bars of rates, lines of latency over load."""

import math

from harness import results

COLORS = {"holdfast": "#1b6ca8", "postgres": "#8a8a8a", "redis": "#c8553d", "tarantool": "#6a994e"}
FONT = 'font-family="sans-serif" font-size="12"'


class Drawing:
    """Shapes on a white sheet."""

    def __init__(self, width, height, title):
        self.size = (width, height)
        self.shapes = []
        self.text(20, 24, title, weight="bold")

    def text(self, x, y, text, anchor="start", weight="normal"):
        safe = text.replace("&", "&amp;").replace("<", "&lt;")
        self.shapes.append(
            f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-weight="{weight}" {FONT}>'
            f"{safe}</text>")

    def box(self, x, y, width, height, color):
        self.shapes.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{height:.1f}" '
            f'fill="{color}"/>')

    def line(self, points, color, dashed=False):
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        dash = ' stroke-dasharray="4 3"' if dashed else ""
        self.shapes.append(
            f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="1.5"{dash}/>')

    def write(self, path):
        width, height = self.size
        path.write_text(
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}">\n<rect width="100%" height="100%" fill="white"/>\n'
            + "\n".join(self.shapes) + "\n</svg>\n")


class LogScale:
    """Places values between two edges by their logarithm, from power to power of ten."""

    def __init__(self, values, low_edge, high_edge):
        positive = [value for value in values if value > 0] or [1]
        self.low = math.floor(math.log10(min(positive)))
        self.high = max(math.ceil(math.log10(max(positive))), self.low + 1)
        self.edges = (low_edge, high_edge)

    def __call__(self, value):
        share = (math.log10(max(value, 10**self.low)) - self.low) / (self.high - self.low)
        return self.edges[0] + share * (self.edges[1] - self.edges[0])

    @property
    def ticks(self):
        return [10**power for power in range(self.low, self.high + 1)]


def draw(found, folder):
    """All plots of a result."""
    folder.mkdir(exist_ok=True)
    for socket in ("unix", "tcp"):
        if any(series["socket"] == socket for series in found["series"]):
            _throughput(found, socket).write(folder / f"throughput-{socket}.svg")
    for kind in sorted({point["kind"] for point in found["latency"]}):
        _latency(found, kind).write(folder / f"latency-{kind}.svg")


def _throughput(found, socket):
    """One group of bars a row, on a logarithmic axis."""
    keys = []
    for series in found["series"]:
        if series["socket"] == socket and results.key(series) not in keys:
            keys.append(results.key(series))
    rates = [results.median(one) for one in found["series"] if one["socket"] == socket]
    bar, left, width = 13, 150, 900
    group = bar * len(found["stores"]) + 12
    sheet = Drawing(width, 70 + group * len(keys), f"Operations a second, {socket} sockets")
    scale = LogScale(rates, left, width - 90)
    for tick in scale.ticks:
        sheet.line([(scale(tick), 44), (scale(tick), 50 + group * len(keys))], "#dddddd")
        sheet.text(scale(tick), 40, f"{tick:,}", "middle")
    for index, wanted in enumerate(keys):
        top = 54 + index * group
        sheet.text(left - 8, top + group / 2, " ".join(wanted[:2]).strip(), "end")
        for place, store in enumerate(found["stores"]):
            series = results.find(found, store, wanted)
            if series is None:
                continue
            value = results.median(series)
            y = top + place * bar
            sheet.box(left, y, scale(value) - left, bar - 2, COLORS[store])
            sheet.text(scale(value) + 4, y + bar - 3, f"{value:,.0f} {store}")
    return sheet


def _latency(found, kind):
    """p50 dashed, p99 whole, over the rate offered; both axes logarithmic."""
    points = [point for point in found["latency"] if point["kind"] == kind]
    width, height = 900, 480
    sheet = Drawing(
        width, height, f"{kind}: latency over load, open loop (p99, dashed p50), µs")
    across = LogScale([point["report"]["offered"] for point in points], 70, width - 120)
    up = LogScale(
        [point["report"][field] for point in points for field in ("p50_us", "p99_us")],
        height - 40, 50)
    for tick in across.ticks:
        sheet.line([(across(tick), 50), (across(tick), height - 40)], "#dddddd")
        sheet.text(across(tick), height - 20, f"{tick:,}/s", "middle")
    for tick in up.ticks:
        sheet.line([(70, up(tick)), (width - 120, up(tick))], "#dddddd")
        sheet.text(64, up(tick) + 4, f"{tick:,}", "end")
    for store in found["stores"]:
        own = [point["report"] for point in points if point["store"] == store]
        for field in ("p50_us", "p99_us"):
            path = [(across(one["offered"]), up(one[field])) for one in own]
            if path:
                sheet.line(path, COLORS[store], dashed=field == "p50_us")
        if own:
            x, y = across(own[-1]["offered"]), up(own[-1]["p99_us"])
            sheet.text(x + 6, y + 4, found["stores"][store]["title"])
    return sheet
