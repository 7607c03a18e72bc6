import Glibc

/// The words of the command line.
struct Options {
    enum Command: String { case prepare, run, spin }
    enum Store: String, CaseIterable { case holdfast, redis, tarantool, postgres }

    var command = Command.run
    var store = Store.holdfast
    var place = ""
    var authority = ""
    var tokenFile = ""
    var keys = ""
    var tasks = 100_000
    var rows: [Row] = []
    var course = Course(warmSeconds: 2, seconds: 10, rate: nil, groups: [])

    static let help = """
        peer-load prepare --store STORE --at PLACE --keys FILE [--tasks N]
        peer-load run --store STORE --at PLACE --keys FILE --row KIND:CONNECTIONSxDEPTH …
        peer-load spin [--seconds S]

        prepare  loads N tasks and writes to FILE what the store calls them
        run      measures rows, and prints one line of JSON for each
        spin     looks at the clock on this core without pause, and prints the share of the time
                 that was lost to others

          --store STORE      holdfast, redis, tarantool or postgres
          --at PLACE         unix:PATH or tcp:ADDRESS:PORT
          --data DIR         holdfast: a node's folder, for socket, token and authority
          --token FILE       holdfast: the file with the token
          --authority FILE   over TCP: TLS 1.3, the server verified by this certificate
          --row …            create, update, get, list, mix (80 % get, 20 % update) or work (70 %
                             get, 20 % update, 10 % create): 64x16 is 64 connections with 16
                             requests under way on each
          --seconds S        how long a row is measured (10)
          --slices N         measure N times so long without a pause, a line of JSON for each (1)
          --warm S           how long it runs before (2)
          --rate R           an open loop: R requests a second over all connections; latencies
                             count from when a request was due
          --group NAME=PID   processes whose use of the processor is printed: the one and all that
                             descend from it
        """

    init(_ arguments: [String]) throws {
        var rest = arguments[...]
        guard let word = rest.popFirst(), let command = Command(rawValue: word) else {
            throw Complaint(Self.help)
        }
        self.command = command
        while let flag = rest.popFirst() {
            guard let value = rest.popFirst() else { throw Complaint("\(flag) needs a value") }
            try take(flag, value)
        }
        if command == .spin { return }
        guard !place.isEmpty, !keys.isEmpty else { throw Complaint(Self.help) }
        if command == .run, rows.isEmpty { throw Complaint("run needs --row") }
    }

    private mutating func take(_ flag: String, _ value: String) throws {
        switch flag {
        case "--store":
            guard let store = Store(rawValue: value) else { throw Complaint("no store: \(value)") }
            self.store = store
        case "--at": place = value
        case "--data":
            if place.isEmpty { place = "unix:\(value)/holdfast.sock" }
            tokenFile = "\(value)/admin.token"
            authority = "\(value)/tls/ca.pem"
        case "--token": tokenFile = value
        case "--authority": authority = value
        case "--keys": keys = value
        case "--tasks": tasks = max(Int(try number(value)), 2_000)
        case "--row": rows.append(try Row(value))
        case "--seconds": course.seconds = try number(value)
        case "--slices": course.slices = max(Int(try number(value)), 1)
        case "--warm": course.warmSeconds = try number(value)
        case "--rate": course.rate = try number(value)
        case "--group":
            let parts = value.split(separator: "=")
            guard parts.count == 2, let process = Int32(parts[1]) else {
                throw Complaint("\(value) is not NAME=PID")
            }
            course.groups.append(ProcessGroup(name: String(parts[0]), root: process))
        default: throw Complaint("\(flag) is no option\n\n\(Self.help)")
        }
    }

    private func number(_ text: String) throws -> Double {
        guard let value = Double(text), value >= 0, value < 1e9 else {
            throw Complaint("\(text) is no number")
        }
        return value
    }

    /// The store these options name.
    func target() throws -> Target {
        var target = Target(place: try Place(place))
        if !tokenFile.isEmpty {
            target.token = String(
                decoding: try readFile(tokenFile).filter { $0 > 0x20 }, as: UTF8.self)
        }
        if case .tcp = target.place, !authority.isEmpty {
            target.tls = try TLSContext(authority: authority)
        }
        return target
    }
}
