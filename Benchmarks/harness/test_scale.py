"""The arithmetic of `scale` and `steady`: growth, targets, trends, bounds, and what is drawn."""

import copy
import pathlib
import tempfile
import unittest
import xml.etree.ElementTree

from harness import growth, pair, plots, scale_page, steadiness, steady_page

MACHINE = {
    "machine": {"processor": "one", "cores": 2, "memory_bytes": 1 << 30, "system": "a",
                "kernel": "1", "file_system": "ext"},
    "date": "today", "commit": "0", "command": "scale", "failures": [], "lost_before": [0.01],
    "lost_after": [0.02]}


def size(tasks, power=1.0):
    """Figures of a size whose times grow with this power of it."""
    seconds = tasks ** power / 1e6
    export = {
        "seconds": seconds / 10, "rows": tasks // 10, "rows_a_second": 4e5, "bytes": tasks * 30,
        "memory_growth_bytes": {"client": 20 << 20, "primary": 10 << 20, "replica": 0}}
    done = {
        "seconds": seconds / 2, "tasks": tasks // 10, "tasks_a_second": 2e5,
        "memory_growth_bytes": {"client": 20 << 20}, "processor_seconds": {"primary": seconds}}
    return {
        "tasks": tasks, "workspaces": 1, "largest": {"project": 1, "tasks": tasks // 10},
        "load": {"seconds": seconds, "tasks_a_second": 1e6, "objects": 2 * tasks},
        "memory": {"primary_bytes": tasks * 400, "payload_bytes": tasks * 300, "ratio": 4 / 3},
        "snapshot": {"seconds": seconds, "bytes": tasks * 150, "ratio": 0.5,
                     "tasks_a_second": 1e6},
        "get": {"p50_us": 30}, "get_many": {"rate": 5e5}, "list": {"p50_us": 60},
        "list_many": {"rate": 4e4},
        "writers": {"rate": 5000, "share": 0.9, "ratio": 1.5,
                    "without": {"p50_us": 300, "p99_us": 500, "p999_us": 900},
                    "with": {"p50_us": 310, "p99_us": 600, "p999_us": 1350}},
        "recovery": {
            "snapshot": {"until_open_seconds": seconds / 2, "load_seconds": seconds / 2,
                         "tasks_a_second": 2e6},
            "log": {"until_open_seconds": seconds, "applied": 1000, "log_open_ms": 1,
                    "apply_ms": 1, "records_a_second": 2e6, "record_us": 0.5}},
        "export": {"csv": export, "json": export}, "import": {"csv": done, "json": done},
        "alarms": []}


def one_slice(number, p50=100.0, log=300 << 20, errors=0):
    return {
        "report": {"rate": 1000, "offered": 1000, "operations": 60_000, "seconds": 60,
                   "errors": errors, "p50_us": p50, "p99_us": 2 * p50, "p999_us": 4 * p50,
                   "processor_seconds": {"primary": 30, "replica": 20, "load": 10}},
        "memory": {"primary": (1000 + number) << 20, "replica": (1000 + number) << 20},
        "disk": {"log a": log, "log b": log, "snapshots a": 1 << 20, "snapshots b": 1 << 20,
                 "archive": number << 20}}


class GrowthTests(unittest.TestCase):
    def test_the_power_is_the_slope_of_the_logarithms(self):
        square = [(10 ** power, 3 * 10 ** (2 * power)) for power in range(1, 5)]
        self.assertAlmostEqual(growth.exponent(square), 2)
        self.assertIsNone(growth.exponent([(10, 1)]))

    def test_a_fixed_cost_does_not_hide_the_last_step(self):
        hidden = [(10, 100), (100, 100), (1_000, 100), (10_000, 4_000)]
        whole, last, word = growth.judge(hidden)
        self.assertLess(whole, growth.LINEAR)
        self.assertAlmostEqual(last, 1.602, 3)
        self.assertEqual(word, "FASTER THAN LINEAR")
        self.assertEqual(growth.judge([(10, 1), (100, 10)])[2], "linear or slower")
        self.assertEqual(growth.judge([(10, 1)])[2], "not known from one size")

    def test_targets_are_judged_at_the_largest_size(self):
        small, large = size(10_000), size(1_000_000)
        large["memory"]["ratio"] = 1.7
        met = {(name, tasks): is_met for name, tasks, _, _, is_met in
               growth.targets([large, small])}
        self.assertFalse(met["memory a task, over the payload", 1_000_000])
        self.assertTrue(met["recovery from a snapshot", 1_000_000])
        self.assertTrue(met["CSV import, tasks", 1_000_000])
        self.assertNotIn(("snapshot, of the raw bytes", 10_000), met)

    def test_what_was_not_measured_is_not_judged(self):
        figures = size(1_000_000)
        del figures["import"], figures["recovery"]["log"]
        names = [row[0] for row in growth.targets([figures])]
        self.assertNotIn("CSV import, tasks", names)
        self.assertNotIn("log replay, records", names)
        self.assertIn("CSV export, rows", names)

    def test_what_a_node_tells_of_its_start_is_read(self):
        said = (
            "note: snapshot 2586: 1000 tasks, 2000 rows of 300000 bytes in 400000, loaded in 12 ms"
            "\nnote: log of 67108864 bytes opened in 3 ms\n"
            "note: 480 records of the log applied in 6 ms\n"
            "note: 20 records of the log applied in 1 ms\nnote: epoch 2.1: open, 2 copies\n")
        self.assertEqual(pair.recovery(said), {
            "tasks": 1000, "rows": 2000, "content_bytes": 300_000, "allocated_bytes": 400_000,
            "load_ms": 12, "log_bytes": 67_108_864, "log_open_ms": 3, "applied": 500,
            "apply_ms": 7})
        self.assertTrue(pair.SERVES.search(said))
        self.assertEqual(pair.recovery("note: primary in epoch 2.1"), {})

    def test_a_page_and_a_plot_are_drawn(self):
        found = {**copy.deepcopy(MACHINE), "seconds": 1, "rounds": 1,
                 "sizes": [size(10_000, 1.2), size(100_000, 1.2)], "workspaces": []}
        many = {**size(100_000), "workspaces": 100, "alarms": ["a: ALARM: N"]}
        found["workspaces"].append(many)
        page = scale_page.page(found)
        self.assertIn("FASTER THAN LINEAR", page)
        self.assertIn("100 workspaces", page)
        self.assertIn("- 100,000: a: ALARM: N", page)
        with tempfile.TemporaryDirectory() as folder:
            scale_page.draw(found, pathlib.Path(folder) / "plots")
            xml.etree.ElementTree.parse(pathlib.Path(folder) / "plots" / "scale.svg")

    def test_a_run_that_broke_off_has_a_page(self):
        found = {**copy.deepcopy(MACHINE), "seconds": 1, "rounds": 1,
                 "sizes": [{"tasks": 10, "workspaces": 1}], "workspaces": []}
        found["failures"].append("10 tasks, load: gone")
        self.assertIn("**Failed:** 10 tasks, load: gone", scale_page.page(found))


class SteadinessTests(unittest.TestCase):
    def test_a_rise_beyond_the_noise_is_not_flat(self):
        noise = [0, 3, -2, 1, -3, 2, 0, -1]
        level = [one_slice(index, 100 + noise[index % 8]) for index in range(40)]
        rising = [one_slice(index, 100 + noise[index % 8] + index) for index in range(40)]
        flat = steadiness.latency(level, "p50_us")
        self.assertTrue(flat["is_flat"])
        self.assertLess(abs(flat["rise"]), 0.05)
        steep = steadiness.latency(rising, "p99_us")
        self.assertFalse(steep["is_flat"])
        self.assertAlmostEqual(steep["rise"], 39 / 119.5, 1)

    def test_two_slices_have_no_error(self):
        found = steadiness.latency([one_slice(0, 100), one_slice(1, 120)], "p50_us")
        self.assertIsNone(found["error"])
        self.assertFalse(found["is_flat"])
        self.assertTrue(steadiness.latency([one_slice(0)], "p50_us")["is_flat"])

    def test_the_log_is_bounded_by_what_is_kept(self):
        bound = (2 * 256 + 7 * 64) << 20
        self.assertEqual(steadiness.log_bound(1 << 20), bound)
        self.assertEqual(steadiness.log_bound(75 << 20), bound + (2 * 44 << 20))
        self.assertEqual(steadiness.log_bound(5 << 30), (2 * 1024 + 7 * 64) << 20)
        self.assertTrue(steadiness.log_space([one_slice(0, log=bound)], 0)["is_bounded"])
        self.assertFalse(steadiness.log_space([one_slice(0, log=bound + 1)], 0)["is_bounded"])

    def test_growth_is_put_down_to_rows(self):
        start = {"rows": 1000, "tasks": 500, "content_bytes": 300_000, "primary_bytes": 1e6,
                 "replica_bytes": 1e6}
        end = {"rows": 3000, "tasks": 1500, "content_bytes": 900_000, "primary_bytes": 1.8e6,
               "replica_bytes": 1.6e6}
        found = steadiness.memory(start, end, 350)
        self.assertEqual(found["primary_bytes_a_row"], 400)
        self.assertEqual(found["content_bytes_a_row"], 300)
        self.assertTrue(found["is_for_rows"])
        self.assertFalse(steadiness.memory(start, end, 300)["is_for_rows"])
        # The follower has to hold them in as much.
        more = {**end, "replica_bytes": 2e6}
        self.assertFalse(steadiness.memory(start, more, 350)["is_for_rows"])

    def test_a_page_and_plots_are_drawn(self):
        ran = [one_slice(index, 100 + index % 3, errors=index % 2) for index in range(10)]
        found = {
            **copy.deepcopy(MACHINE), "tasks": 1, "share": 0.7, "slice": 60, "minutes": 10,
            "maximum": {"rates": [1400, 1500], "rate": 1450}, "offered": 1000, "slices": ran,
            "sessions": {"count": 100, "bytes_an_update": 120, "bytes_a_session": 500},
            "alarms": [], "verdict": {
                "latency": {field: steadiness.latency(ran, field)
                            for field in ("p50_us", "p99_us", "p999_us")},
                "answered": steadiness.answered(ran), "log": steadiness.log_space(ran, 0),
                "memory": steadiness.memory(
                    {"rows": 0, "tasks": 0, "content_bytes": 0, "primary_bytes": 0,
                     "replica_bytes": 0},
                    {"rows": 10, "tasks": 5, "content_bytes": 3000, "primary_bytes": 4000,
                     "replica_bytes": 4000}, 400)}}
        page = steady_page.page(found)
        self.assertIn("p50 flat: yes", page)
        self.assertIn("No error: **no**. 600,000 answers, 5 wrong", page)
        with tempfile.TemporaryDirectory() as folder:
            steady_page.draw(found, pathlib.Path(folder) / "plots")
            drawn = sorted((pathlib.Path(folder) / "plots").iterdir())
            self.assertEqual([path.name for path in drawn], [
                "steady-archive.svg", "steady-disk.svg", "steady-latency.svg",
                "steady-memory.svg"])
            for path in drawn:
                xml.etree.ElementTree.parse(path)


class PlotTests(unittest.TestCase):
    def test_labels_are_moved_apart_and_keep_their_order(self):
        moved = plots.apart([50, 10, 51, 12], 14)
        ordered = [moved[1], moved[3], moved[0], moved[2]]
        self.assertEqual(ordered, sorted(ordered))
        for low, high in zip(ordered, ordered[1:]):
            self.assertGreaterEqual(high - low, 14)
        self.assertEqual(plots.apart([10, 100], 14), [10, 100])

    def test_ticks_of_a_linear_axis_are_round(self):
        self.assertEqual(plots.LinearScale([60], 0, 1).ticks, [0, 10, 20, 30, 40, 50, 60])
        self.assertEqual(plots.LinearScale([3700], 0, 1).ticks, [0, 1000, 2000, 3000, 4000])
        self.assertEqual(plots.LinearScale([], 0, 1)(0), 0)

    def test_numbers_on_axes_are_short(self):
        self.assertEqual([plots.short(10 ** power) for power in (-1, 2, 4, 6)],
                         ["0.1", "100", "10k", "1M"])


if __name__ == "__main__":
    unittest.main()
