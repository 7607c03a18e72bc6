internal import Interchange
internal import WorkProtocol

/// One value of an answer, however it is shown.
indirect enum Cell {
    /// There is none.
    case missing
    case text(String)
    case number(Int64)
    case flag(Bool)
    /// An object by its number: a string in JSON, which has no such integers everywhere.
    case gid(UInt64)
    /// Days since 1970-01-01.
    case day(Int32)
    /// Milliseconds since 1970, UTC.
    case moment(Int64)
    /// An object of which the name is shown.
    case reference(UInt64, String)
    case list([Cell])
    case object([(String, Cell)])

    static func day(_ days: Int32?) -> Cell { days.map { .day($0) } ?? .missing }
    static func moment(orMissing milliseconds: Int64) -> Cell {
        milliseconds == 0 ? .missing : .moment(milliseconds)
    }
    static func text(orMissing text: String) -> Cell { text.isEmpty ? .missing : .text(text) }
    /// A case of an enumeration, by its word in the schema; its case for nothing is missing.
    static func word(_ value: some Any) -> Cell {
        let text = holdfast.word(value)
        return text == "none" ? .missing : .text(text)
    }
    static func count(_ number: some BinaryInteger) -> Cell { .number(Int64(clamping: number)) }

    /// Whether half of it would say something else: all but words.
    var isWhole: Bool {
        switch self {
        case .missing, .number, .flag, .gid, .day, .moment: true
        case .text, .reference, .list, .object: false
        }
    }

    /// For people: dates as they write them, times in their zone.
    func shown(_ time: LocalTime) -> String {
        switch self {
        case .missing: ""
        case .text(let text): text
        case .number(let number): String(number)
        case .flag(let flag): flag ? "yes" : ""
        case .gid(let gid): gid == 0 ? "" : String(gid)
        case .day(let days): CivilDate(days: days)?.shown(today: time.today) ?? ""
        case .moment(let milliseconds): time.shown(milliseconds)
        case .reference(let gid, let name): name.isEmpty && gid != 0 ? String(gid) : name
        case .list(let cells): cells.map { $0.shown(time) }.joined(separator: ", ")
        case .object(let members):
            members.map { "\($0.0) \($0.1.shown(time))" }.joined(separator: ", ")
        }
    }

    /// For programs that read columns: ISO 8601, `true` and `false`.
    var plain: String {
        switch self {
        case .missing: ""
        case .text(let text): text
        case .number(let number): String(number)
        case .flag(let flag): flag ? "true" : "false"
        case .gid(let gid): gid == 0 ? "" : String(gid)
        case .day(let days): CivilDate(days: days)?.description ?? ""
        case .moment(let milliseconds): Timestamp.text(milliseconds)
        case .reference(let gid, let name): name.isEmpty && gid != 0 ? String(gid) : name
        case .list(let cells): cells.map(\.plain).joined(separator: ",")
        case .object(let members): members.map { "\($0.0)=\($0.1.plain)" }.joined(separator: ",")
        }
    }

    func write(to writer: inout JSONWriter) {
        switch self {
        case .missing: writer.null()
        case .text(let text): writer.string(text)
        case .number(let number): writer.number(number)
        case .flag(let flag): writer.bool(flag)
        case .gid(let gid): if gid == 0 { writer.null() } else { writer.string(String(gid)) }
        case .day, .moment: writer.string(plain)
        case .reference(let gid, let name):
            guard gid != 0 else { return writer.null() }
            writer.beginObject()
            writer.string("gid", String(gid))
            writer.string("name", name)
            writer.endObject()
        case .list(let cells):
            writer.beginArray()
            for cell in cells { cell.write(to: &writer) }
            writer.endArray()
        case .object(let members):
            writer.beginObject()
            for (key, value) in members {
                writer.key(key)
                value.write(to: &writer)
            }
            writer.endObject()
        }
    }
}
