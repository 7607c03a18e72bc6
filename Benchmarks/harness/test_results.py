"""The arithmetic of the results: medians, spreads, ratios, targets, and what exceeds the noise."""

import pathlib
import tempfile
import unittest
import xml.etree.ElementTree

from harness import plots, report, results


def series(store, row, rates, p50=100, pin="", socket="unix"):
    return {
        "store": store, "row": row, "pin": pin, "socket": socket,
        "rounds": [
            {"rate": rate, "operations": rate * 2, "seconds": 2, "errors": 0, "p50_us": p50,
             "p99_us": 2 * p50, "p999_us": 3 * p50,
             "processor_seconds": {"primary": 1, "replica": 0.5, "load": 0.25},
             "written_bytes": {"primary": rate * 800}, "round": number}
            for number, rate in enumerate(rates)]}


def found(*all_series):
    names = {one["store"] for one in all_series}
    return {
        "stores": {
            name: {"title": name, "version": "1", "flags": "", "memory_bytes": 1 << 20,
                   "memory_bytes_a_task": 500, "loading_seconds": 1} for name in sorted(names)},
        "series": list(all_series), "latency": [], "failures": [],
        "machine": {"processor": "one", "cores": 2, "memory_bytes": 1 << 30, "system": "a",
                    "kernel": "1", "file_system": "ext"},
        "date": "today", "commit": "0", "command": "run", "tasks": 1, "seconds": 1,
        "rounds": max(len(one["rounds"]) for one in all_series),
        "lost_before": [0.01], "lost_after": [0.02]}


CREATE = ("create:64x16", "", "unix")


class ResultsTests(unittest.TestCase):
    def test_the_median_and_half_of_nothing_but_the_rounds(self):
        one = series("holdfast", "create:64x16", [90, 100, 120])
        self.assertEqual(results.median(one), 100)
        self.assertAlmostEqual(results.spread(one), 0.3)
        self.assertAlmostEqual(results.cost(one, "primary"), 3 / 620 * 1e6)
        self.assertAlmostEqual(results.written(one, "primary"), 400)
        self.assertAlmostEqual(results.share(one, "load"), 0.125)

    def test_a_target_is_judged_against_the_best_peer(self):
        own = series("holdfast", "create:64x16", [300_000])
        slow = [series(store, "create:64x16", [10_000]) for store in ("postgres", "tarantool")]
        good = found(own, *slow, series("redis", "create:64x16", [100_000]))
        self.assertEqual(results.verdict(good, CREATE), "yes")
        close = found(own, *slow, series("redis", "create:64x16", [120_000]))
        self.assertEqual(results.verdict(close, CREATE), "no: 2.50 of 3")
        self.assertEqual(results.misses(close, CREATE), "")

    def test_a_target_is_met_in_every_round_or_not_at_all(self):
        own = series("holdfast", "create:64x16", [300, 330, 280])
        peers = [series(store, "create:64x16", [10, 10, 10]) for store in ("postgres", "tarantool")]
        steady = found(own, *peers, series("redis", "create:64x16", [90, 100, 90]))
        self.assertEqual(results.verdict(steady, CREATE), "yes")
        once = found(own, *peers, series("redis", "create:64x16", [90, 120, 90]))
        self.assertEqual(results.verdict(once, CREATE), "no: 2.75 of 3")
        self.assertIn("3.33 (≥ 2.75)", report.table(once, "unix"))

    def test_a_round_that_failed_is_missed_and_not_paired_with_another(self):
        own = series("holdfast", "create:64x16", [300, 100, 300])
        peers = [series(store, "create:64x16", [10, 10, 10]) for store in results.PEERS]
        del peers[0]["rounds"][1]
        result = found(own, *peers)
        self.assertEqual(results.verdict(result, CREATE), "no: 2 of 3 rounds of postgres")
        self.assertEqual(results.least_ratios(result, CREATE)["postgres"], 30)

    def test_nothing_is_met_without_a_peer_or_with_wrong_answers(self):
        peers = [series(store, "create:64x16", [10]) for store in ("postgres", "redis", "tarantool")]
        own = series("holdfast", "create:64x16", [300])
        self.assertEqual(results.verdict(found(own, *peers), CREATE), "yes")
        self.assertEqual(results.verdict(found(own, *peers[1:]), CREATE), "no: no postgres")
        peers[1]["rounds"][0]["errors"] = 1
        self.assertEqual(
            results.verdict(found(own, *peers), CREATE), "no: wrong answers of redis")

    def test_single_peers_have_factors_of_their_own(self):
        wanted = ("create:1x1", "one core", "unix")
        result = found(
            series("holdfast", "create:1x1", [3_000], 300, "one core"),
            series("redis", "create:1x1", [4_000], pin="one core"),
            series("postgres", "create:1x1", [2_000], pin="one core"),
            series("tarantool", "create:1x1", [1_000], pin="one core"))
        self.assertEqual(results.verdict(result, wanted), "no: postgres 1.50 of 2")
        self.assertEqual(results.misses(result, wanted), "3,000/s of 3,600, p50 300 µs of 260")

    def test_only_what_exceeds_the_noise_is_a_difference(self):
        before = series("holdfast", "get:64x1", [95, 100, 105])
        within = series("holdfast", "get:64x1", [99, 104, 106])
        beyond = series("holdfast", "get:64x1", [118, 120, 122])
        self.assertFalse(results.difference(before, within)[2])
        change, noise, is_real = results.difference(before, beyond)
        self.assertAlmostEqual(change, 0.2)
        self.assertAlmostEqual(noise, 0.1)
        self.assertTrue(is_real)

    def test_one_round_has_a_noise_that_is_not_known(self):
        before = series("holdfast", "get:64x1", [100])
        self.assertFalse(results.difference(before, series("holdfast", "get:64x1", [110]))[2])
        self.assertTrue(results.difference(before, series("holdfast", "get:64x1", [70]))[2])

    def test_ratios_are_compared_and_what_only_one_has_is_told(self):
        before = found(
            series("holdfast", "get:64x1", [100, 101]), series("redis", "get:64x1", [50, 50]))
        # The machine was half as fast, for both.
        after = found(
            series("holdfast", "get:64x1", [50, 51]), series("redis", "get:64x1", [25, 25]),
            series("holdfast", "list:64x1", [1]))
        rows = results.compare(before, after)
        self.assertEqual(
            [(row[0], row[1][0], row[4]) for row in rows],
            [("holdfast", "get:64x1", True), ("redis", "get:64x1", False)])
        self.assertEqual(results.missing(before, after), ["holdfast list:64x1 unix: not in the first"])
        self.assertEqual(results.unlike(before, after), [])
        after["seconds"] = 10
        self.assertEqual(results.unlike(before, after), ["seconds: 1 and 10"])

    def test_the_rounds_of_an_open_loop_are_one_point(self):
        rounds = [
            {"offered": 10, "errors": errors, "p50_us": 1, "p99_us": p99, "p999_us": 9}
            for errors, p99 in ((0, 5), (1, 7), (0, 6))]
        middle = results.middle(rounds)
        self.assertEqual((middle["p99_us"], middle["errors"], middle["offered"]), (6, 1, 10))

    def test_a_page_and_plots_are_drawn(self):
        result = found(
            series("holdfast", "create:64x16", [300, 310]),
            series("redis", "create:64x16", [100, 110]))
        for store in ("holdfast", *results.PEERS):
            result["stores"].setdefault(store, {**result["stores"]["redis"], "title": store})
            for fraction in (0.1, 0.5):
                result["latency"].append({
                    "store": store, "kind": "create", "fraction": fraction, "maximum": 300,
                    "report": {"offered": 300 * fraction, "errors": 0, "p50_us": 90, "p99_us": 400,
                               "p999_us": 300 if store == "holdfast" else 900}})
                if store == "redis":
                    result["latency"][-1]["report"]["p99_us"] = 390
        page = report.page(result)
        self.assertIn("create 64×16", page)
        self.assertIn("(redis): met.", page)
        self.assertNotIn("**", page)
        result["latency"][-1]["fraction"] = 0.75
        self.assertIn(f"not judged, no {result['latency'][-1]['store']}", report.page(result))
        result["lost_after"] = [0.01, 0.4]
        result["failures"].append("redis, create:64x16: gone")
        self.assertIn("measure again", report.page(result))
        self.assertIn("**Failed:** redis, create:64x16: gone", report.page(result))
        with tempfile.TemporaryDirectory() as folder:
            plots.draw(result, pathlib.Path(folder) / "plots")
            drawn = sorted((pathlib.Path(folder) / "plots").iterdir())
            self.assertEqual(
                [path.name for path in drawn], ["latency-create.svg", "throughput-unix.svg"])
            for path in drawn:
                xml.etree.ElementTree.parse(path)


if __name__ == "__main__":
    unittest.main()
