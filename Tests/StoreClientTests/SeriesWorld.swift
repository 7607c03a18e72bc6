import ByteCoding
import Environment
import Simulation
import WorkGraph
import WorkProtocol

@testable import StoreClient

/// A client session that sends a series of imports to a pair, and what happens to it by a seed:
/// bytes that come in parts and late, connections lost, refusals, failovers, servers that leave.
final class SeriesWorld {
    /// One connection, as the network and the server see it.
    private final class Link {
        let number: Int
        let server: Int
        var toServer: [UInt8] = []
        var toClient = ByteWriter()
        var decoder = FrameDecoder(from: .client)
        var encoder = FrameEncoder()
        /// The client hears nothing of it any more; what it sent may still arrive.
        var isCut = false
        /// Requests above are not taken any more.
        var lastStream = UInt32.max

        init(_ number: Int, _ server: Int) {
            self.number = number
            self.server = server
        }
    }

    /// An answer that waits until what it has seen is on both nodes.
    private struct Held {
        var link: Link
        var stream: UInt32
        var records: Int
        var answer: Result<[UInt8], Rejection>
    }

    /// How often something bad happens, in a thousand steps.
    struct Misfortune {
        var cut = 15
        var failover = 4
        var goAway = 4
        /// Of a thousand requests.
        var refusal = 80
        var expiry = 25
        /// Whether the servers are older than series.
        var isOld = false
        /// How long a call may take.
        var timeout = Interval.seconds(3600)
    }

    private(set) var store: SeriesStore
    private var seed: Seed
    private let misfortune: Misfortune
    private var session: ClientSession
    private var now = Instant(nanoseconds: 1_000_000_000_000)
    private var epoch: UInt64 = 1
    private var primary = 0
    private var committed: Int
    private var held: [Held] = []
    private var links: [Link] = []
    private var wanted: [(number: Int, server: Int)] = []
    private var calls: [CallID] = []
    /// The results of the batches that have one, by their place in the import.
    private(set) var results: [Int: Result<[UInt8], StoreError>] = [:]
    /// What happened how often.
    private(set) var counts: [String: Int] = [:]

    private static let servers = [
        Endpoint.tcp(host: "a", port: 7400), .tcp(host: "b", port: 7400),
    ]

    init(_ seed: UInt64, _ misfortune: Misfortune) throws {
        self.seed = Seed(seed)
        self.misfortune = misfortune
        store = try SeriesStore()
        committed = store.records.count
        session = ClientSession(
            ClientSession.Configuration(servers: Self.servers, token: "hft"),
            SeededRandomness(Seed(seed ^ 0x5E51)))
    }

    /// Imports batches with so many under way at a time, until all have a result or one failed.
    func run(_ batches: [Import], window: Int) throws {
        var begun = 0
        for _ in 0..<200_000 {
            let hasFailed = results.values.contains { (try? $0.get()) == nil }
            while begun < batches.count, !hasFailed, begun - results.count < window {
                var request = ClientRequest(
                    .import, route: UInt64(SeriesStore.ordinal),
                    payload: batches[begun].encoded(), timeout: misfortune.timeout)
                request.series = 1
                calls.append(session.begin(request, at: now))
                begun += 1
                settle()
            }
            if results.count == begun, begun == batches.count || hasFailed { return }
            try step()
        }
        throw Stuck()
    }

    struct Stuck: Error {}

    // MARK: What happens

    private func step() throws {
        switch seed.number(below: 1000) {
        case ..<misfortune.cut: cut()
        case ..<(misfortune.cut + misfortune.failover): try failOver()
        case ..<(misfortune.cut + misfortune.failover + misfortune.goAway): goAway()
        case ..<500: deliverToServer()
        case ..<700: commit()
        case ..<950: deliverToClient()
        default: pass()
        }
        settle()
    }

    private func note(_ what: String) { counts[what, default: 0] += 1 }

    private func pass() {
        if let want = wanted.popLast() {
            if seed.chance(1, in: 10) {
                session.connectFailed(
                    want.number,
                    NetworkError(.refused, Self.servers[want.server], reason: "no"), at: now)
            } else {
                links.append(Link(want.number, want.server))
                session.connected(want.number, at: now)
            }
        } else if let wake = session.wakeTime,
            seed.chance(1, in: 4) || links.allSatisfy({ $0.isCut })
        {
            now = max(now, wake)
            session.tick(at: now)
        }
    }

    private func cut() {
        guard let link = links.last(where: { !$0.isCut }) else { return }
        note("cut")
        link.isCut = true
        session.closed(link.number, nil, at: now)
    }

    private func failOver() throws {
        note("failover")
        let kept = committed + seed.number(below: store.records.count - committed + 1)
        try store.failOver(keeping: kept)
        committed = kept
        epoch += 1
        primary = 1 - primary
        held = []
        for link in links where !link.isCut {
            deliver(link, Int.max)
            link.isCut = true
            session.closed(link.number, nil, at: now)
        }
        // Nothing that the old primary takes in now comes to anything.
        links = []
    }

    private func goAway() {
        guard let link = links.last, !link.isCut, link.lastStream == .max,
            link.decoder.lastStream > 0
        else { return }
        note("goaway")
        var leaving = GoAway()
        leaving.reason = Reason.starting.rawValue
        leaving.lastStream = link.decoder.lastStream
        link.lastStream = leaving.lastStream
        link.encoder.append(
            FrameHeader(.goAway, code: UInt16(leaving.reason)), payload: leaving.encoded(),
            to: &link.toClient)
    }

    private func commit() {
        committed += seed.number(below: store.records.count - committed + 1)
        let ready = held.filter { $0.records <= committed }
        held.removeAll { $0.records <= committed }
        for reply in ready { respond(reply) }
    }

    private func deliverToClient() {
        guard let link = links.last(where: { !$0.isCut }) else { return }
        deliver(link, 1 + seed.number(below: 400))
    }

    private func deliver(_ link: Link, _ most: Int) {
        let bytes = Array(link.toClient.bytes.prefix(most))
        let rest = Array(link.toClient.bytes.dropFirst(bytes.count))
        guard !bytes.isEmpty else { return }
        link.toClient.removeAll()
        link.toClient.append(rest)
        session.received(link.number, bytes.span.bytes, at: now)
        settle()
    }

    /// Of any connection, also of one that the client has lost.
    private func deliverToServer() {
        let sending = links.filter { !$0.toServer.isEmpty }
        guard !sending.isEmpty else { return }
        let link = sending[seed.number(below: sending.count)]
        let count = 1 + seed.number(below: 600)
        let bytes = Array(link.toServer.prefix(count))
        link.toServer.removeFirst(bytes.count)
        var reader = ByteReader(bytes.span.bytes)
        do throws(FrameError) {
            while let frame = try link.decoder.next(&reader) {
                switch frame.header.type {
                case .hello: greet(link)
                case .request where frame.header.stream <= link.lastStream: take(frame, link)
                case .ping:
                    link.encoder.append(FrameHeader(.pong), to: &link.toClient)
                default: break
                }
            }
        } catch {
            fatalError("the client sent a bad frame: \(error)")
        }
    }

    // MARK: The client's effects

    private func settle() {
        for effect in session.takeEffects() {
            switch effect {
            case .connect(let number, let server):
                wanted = [(number, server == Self.servers[0] ? 0 : 1)]
            case .send(let number, let bytes):
                links.first { $0.number == number }?.toServer += bytes
            case .close(let number):
                wanted.removeAll { $0.number == number }
                links.first { $0.number == number }?.isCut = true
            case .data: break
            case .complete(let id, let result):
                guard let place = calls.firstIndex(of: id) else { continue }
                results[place] = result.map(\.payload)
            }
        }
    }

    // MARK: The server

    private func greet(_ link: Link) {
        var hello = HelloOk()
        hello.version = 1
        hello.role = link.server == primary ? "primary" : "follower"
        hello.node = "\(Self.servers[link.server])"
        hello.epochVersion = epoch
        hello.primaryAddress = "\(Self.servers[primary])"
        hello.serverTime = 1_790_000_000_000
        hello.initialCredit = 1000
        link.decoder.open(features: [])
        link.encoder.append(FrameHeader(.helloOk), payload: hello.encoded(), to: &link.toClient)
    }

    private func take(_ frame: borrowing Frame, _ link: Link) {
        let stream = frame.header.stream
        if let refusal = refusal(isFirst: !frame.header.flags.contains(.retry)) {
            return fail(link, stream, refusal)
        }
        let answer: Result<[UInt8], Rejection>
        do {
            let request = try frame.extensions().requestID
            if misfortune.isOld, request?.after ?? 0 > 0 {
                throw Rejection(.unknownExtension, "0x8B is not known.")
            }
            let command = try Command(method: .import, payload: frame.payload)
            answer = .success(
                try store.perform(command, request: request, hash: XXH3.hash(frame.payload)))
        } catch {
            guard let rejection = error as? Rejection else { fatalError("\(error)") }
            if rejection.reason == .outOfOrder { note("out of order") }
            answer = .failure(rejection)
        }
        let reply = Held(link: link, stream: stream, records: store.records.count, answer: answer)
        if reply.records <= committed { respond(reply) } else { held.append(reply) }
    }

    /// A session is told to be too old by requests that come for the first time alone: nobody
    /// could tell what became of the others.
    private func refusal(isFirst: Bool) -> Failure? {
        if isFirst, seed.number(below: 1000) < misfortune.expiry {
            note("expired")
            return Failure(Rejection(.sessionExpired, "Too old."))
        }
        guard seed.number(below: 1000) < misfortune.refusal else { return nil }
        note("refused")
        let reasons: [Reason] = [.overloaded, .followerLost, .insufficientCopies, .noReadLease]
        return Failure(Rejection(reasons[seed.number(below: reasons.count)], "Not now."))
    }

    private func fail(_ link: Link, _ stream: UInt32, _ failure: Failure) {
        var failure = failure
        failure.epochVersion = epoch
        link.encoder.append(
            FrameHeader(
                .response, flags: .end, code: failure.status, stream: stream,
                aux: failure.retryAfter), payload: failure.encoded(), to: &link.toClient)
    }

    private func respond(_ reply: Held) {
        switch reply.answer {
        case .failure(let rejection): fail(reply.link, reply.stream, Failure(rejection))
        case .success(let payload):
            var extensions = Extensions()
            extensions.standing = .init(epoch: WireEpoch(version: epoch), replicas: 2)
            reply.link.encoder.append(
                FrameHeader(.response, flags: .end, stream: reply.stream), extensions: extensions,
                payload: payload, to: &reply.link.toClient)
        }
    }
}
