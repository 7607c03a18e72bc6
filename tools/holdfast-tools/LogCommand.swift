import ArgumentParser
import ByteCoding
import ReplicatedLog
import WorkProtocol

/// `log`: looks into a log that no process has open.
struct LogCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log", abstract: "Look into a log.",
        subcommands: [List.self, Cat.self, Verify.self, LogRepairCommand.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the segments.", discussion: "EXAMPLES\n  holdfast-tools log list DIR")
        @Argument(help: "A node's folder, or its log's.") var folder: String

        func run() async throws {
            try await reporting {
                let (disk, folder) = try FileReading.split(folder)
                Console.say("segment\tbytes\tfirst\tnumber\thistory")
                for segment in try LogInspection(disk: disk, folder: folder).segments() {
                    guard let header = segment.header else {
                        Console.say("\(segment.name)\t\(segment.bytes)\t\(segment.problem ?? "")")
                        continue
                    }
                    Console.say(
                        "\(segment.name)\t\(segment.bytes)\t\(header.first)\t\(header.number)\t"
                            + header.history.description)
                }
            }
        }
    }

    struct Cat: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the records, one JSON object a line.",
            discussion: "EXAMPLES\n  holdfast-tools log cat DIR --from 100 --to 200")
        @Argument(help: "A node's folder, or its log's.") var folder: String
        @Option(help: "The first LSN.") var from: UInt64 = 1
        @Option(help: "The last LSN.") var to: UInt64 = .max

        func run() async throws {
            try await reporting {
                let (disk, folder) = try FileReading.split(folder)
                var unreadable: Corruption?
                let wrong = try LogInspection(disk: disk, folder: folder).forEachBatch(
                    from: LSN(from), to: LSN(to)
                ) { batch in
                    do throws(Corruption) { try print(batch) } catch {
                        // Whole by its checksums, and yet no records: written wrong.
                        unreadable = error.within(
                            file: "\(folder)/\(batch.segment)", at: batch.offset + 80)
                    }
                    return unreadable == nil
                }
                if let wrong = unreadable ?? wrong { throw Failure(80, "\(wrong)") }
            }
        }

        private func print(_ inspected: LogInspection.InspectedBatch) throws(Corruption) {
            let batch = inspected.batch
            try batch.forEachRecord { record throws(Corruption) in
                guard record.lsn.rawValue >= from, record.lsn.rawValue <= to else { return }
                let content = record.copy()
                Console.say(
                    "{\"lsn\":\(record.lsn),\"epoch\":\"\(batch.epoch)\",\"time\":\(batch.time),"
                        + "\"workspace\":\(content.workspace),\"position\":\(content.position),"
                        + "\"type\":\"\(content.type)\",\"content\":\(Self.json(content))}")
            }
        }

        private static func json(_ record: Record) -> String {
            switch record.type {
            case .change:
                (try? SchemaJSON.json(of: ChangeRecord.messageName, record.body)) ?? "null"
            case .register:
                (try? Register(record.body)).map {
                    "{\"version\":\($0.version),\"mode\":\"\($0.mode)\","
                        + "\"primary\":\"\($0.primary)\"}"
                } ?? "null"
            }
        }
    }

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Verify every byte of a log, as a start would.",
            discussion: "Exit code 80 if anything is wrong.\n\nEXAMPLES\n  "
                + "holdfast-tools log verify DIR")
        @Argument(help: "A node's folder, or its log's.") var folder: String

        func run() async throws {
            try await reporting {
                let (disk, folder) = try FileReading.split(folder)
                let report = try LogInspection(disk: disk, folder: folder).verify()
                Console.say("segments\t\(report.segments)")
                Console.say("records\t\(report.oldest) to \(report.head.last)")
                Console.say("epoch\t\(report.head.epoch)")
                switch report.verdict {
                case .cleanEnd: Console.say("verdict\twhole")
                case .crashInRotation(let file):
                    Console.say(
                        "verdict\twhole; \(file) is a half-made segment, and goes at a start")
                case .tornTail(let tail), .undecided(let tail):
                    throw Failure(80, "a torn end: \(tail)")
                case .damage(let damage): throw Failure(80, "\(damage)")
                case .foreign(let foreign): throw Failure(78, "\(foreign)")
                }
            }
        }
    }
}
