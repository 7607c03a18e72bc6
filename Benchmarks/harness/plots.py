"""Plots as SVG, by hand: bars of rates, lines of latency over load."""

import math

from harness import results

COLORS = {"holdfast": "#1b6ca8", "postgres": "#8a8a8a", "redis": "#c8553d", "tarantool": "#6a994e"}
FONT = 'font-family="sans-serif" font-size="12"'
# Lines do not run through letters.
HALO = 'stroke="white" stroke-width="3" paint-order="stroke"'

SOCKETS = {"unix": "UNIX sockets", "tcp": "loopback TCP"}


class Drawing:
    """Shapes on a white sheet."""

    def __init__(self, width, height, title):
        self.size = (width, height)
        self.shapes = []
        self.text(20, 24, title, weight="bold")

    def text(self, x, y, text, anchor="start", weight="normal", color="black"):
        safe = text.replace("&", "&amp;").replace("<", "&lt;")
        self.shapes.append(
            f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-weight="{weight}" '
            f'fill="{color}" {HALO} {FONT}>{safe}</text>')

    def box(self, x, y, width, height, color):
        self.shapes.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{height:.1f}" '
            f'fill="{color}"/>')

    def line(self, points, color, dashed=False):
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        dash = ' stroke-dasharray="4 3"' if dashed else ""
        self.shapes.append(
            f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="1.5"{dash}/>')

    def dot(self, x, y, color):
        self.shapes.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{color}"/>')

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

    def sparse_ticks(self, most):
        """At most so many of them, evenly spaced."""
        ticks = self.ticks
        return ticks[::-(-len(ticks) // most)]


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
    sheet = Drawing(width, 70 + group * len(keys), f"Operations a second, {SOCKETS[socket]}")
    scale = LogScale(rates, left, width - 90)
    for tick in scale.ticks:
        sheet.line([(scale(tick), 44), (scale(tick), 50 + group * len(keys))], "#dddddd")
        sheet.text(scale(tick), 40, f"{tick:,}", "middle")
    for index, wanted in enumerate(keys):
        top = 54 + index * group
        sheet.text(left - 8, top + group / 2, results.name(wanted), "end")
        for place, store in enumerate(found["stores"]):
            series = results.find(found, store, wanted)
            if series is None:
                continue
            value = results.median(series)
            y = top + place * bar
            sheet.box(left, y, scale(value) - left, bar - 2, COLORS[store])
            title = found["stores"][store]["title"]
            sheet.text(scale(value) + 4, y + bar - 3, f"{value:,.0f} {title}")
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
            sheet.text(x + 6, y + 4, found["stores"][store]["title"], color=COLORS[store])
    return sheet


# Each cost over size

PANEL = (290, 210)
PANELS_ACROSS = 4


def growth_panels(title, panels):
    """One panel for each (title, what the size counts, points): a line over both logarithms, and
    dashed one of slope 1 through the smallest."""
    rows = -(-len(panels) // PANELS_ACROSS)
    sheet = Drawing(PANELS_ACROSS * PANEL[0] + 30, rows * PANEL[1] + 50, title)
    for index, (name, counted, points) in enumerate(panels):
        left = 15 + index % PANELS_ACROSS * PANEL[0]
        top = 40 + index // PANELS_ACROSS * PANEL[1]
        _growth_panel(sheet, left, top, name, counted, points)
    return sheet


def _growth_panel(sheet, left, top, name, counted, points):
    right, bottom = left + PANEL[0] - 22, top + PANEL[1] - 42
    start = left + 52
    straight = [(size, points[0][1] * size / points[0][0]) for size, _ in points]
    across = LogScale([size for size, _ in points], start, right)
    up = LogScale([cost for _, cost in points + straight], bottom, top + 26)
    sheet.text(start, top + 14, f"{name}, over {counted}")
    for tick in across.ticks:
        sheet.line([(across(tick), top + 26), (across(tick), bottom)], "#dddddd")
        sheet.text(across(tick), bottom + 16, short(tick), "middle")
    for tick in up.sparse_ticks(5):
        sheet.line([(start, up(tick)), (right, up(tick))], "#dddddd")
        sheet.text(start - 6, up(tick) + 4, short(tick), "end")
    sheet.line([(across(size), up(cost)) for size, cost in straight], "#8a8a8a", dashed=True)
    sheet.line([(across(size), up(cost)) for size, cost in points], COLORS["holdfast"])
    for size, cost in points:
        sheet.dot(across(size), up(cost), COLORS["holdfast"])


def short(number):
    """A power of ten as people write it: 0.01, 10k, 1M."""
    for unit, word in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= unit:
            return f"{number / unit:g}{word}"
    return f"{number:g}"


# Over time

LINES = ["#1b6ca8", "#c8553d", "#6a994e", "#8a8a8a"]


class LinearScale:
    """Places values between two edges, from nothing on."""

    def __init__(self, values, low_edge, high_edge):
        most = max([*values, 0]) or 1
        step = 10 ** math.floor(math.log10(most))
        self.step = next(step * part for part in (0.2, 0.5, 1, 2) if most / (step * part) <= 6)
        self.most = self.step * math.ceil(most / self.step)
        self.edges = (low_edge, high_edge)

    def __call__(self, value):
        return self.edges[0] + value / self.most * (self.edges[1] - self.edges[0])

    @property
    def ticks(self):
        return [self.step * index for index in range(round(self.most / self.step) + 1)]


def timeline(title, series, is_logarithmic=False):
    """Lines over minutes, each with its name at its end."""
    width, height = 900, 360
    left, right, top, bottom = 70, width - 150, 50, height - 40
    sheet = Drawing(width, height, title)
    across = LinearScale([x for _, points in series for x, _ in points], left, right)
    values = [y for _, points in series for _, y in points]
    up = (LogScale if is_logarithmic else LinearScale)(values, bottom, top)
    for tick in across.ticks:
        sheet.line([(across(tick), top), (across(tick), bottom)], "#dddddd")
        sheet.text(across(tick), bottom + 18, f"{tick:g}", "middle")
    sheet.text(right + 20, bottom + 18, "minutes")
    for tick in up.ticks:
        sheet.line([(left, up(tick)), (right, up(tick))], "#dddddd")
        sheet.text(left - 6, up(tick) + 4, f"{tick:,.6g}", "end")
    ends = apart([up(points[-1][1]) for _, points in series], 14)
    for (name, points), color, end in zip(series, LINES, ends):
        sheet.line([(across(x), up(y)) for x, y in points], color)
        sheet.text(across(points[-1][0]) + 8, end + 4, name, color=color)
    return sheet


def apart(places, distance):
    """The same places, moved so that no two are nearer to each other than this; their order
    stays."""
    order = sorted(range(len(places)), key=lambda index: places[index])
    moved = list(places)
    for before, index in zip(order, order[1:]):
        moved[index] = max(moved[index], moved[before] + distance)
    if order:
        # Not further down than the lowest was, as far as there is room above.
        excess = moved[order[-1]] - places[order[-1]]
        limit = places[order[-1]]
        for index in reversed(order):
            moved[index] = min(moved[index], limit) if excess > 0 else moved[index]
            limit = moved[index] - distance
    return moved
