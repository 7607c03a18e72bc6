package import Environment
internal import SystemEnvironment
internal import WorkProtocol

/// A connection to a Holdfast store: finds the primary among the addresses given, follows it when
/// it changes, and sends again what is safe to send again. The application notices a failover as
/// latency.
///
/// Every command carries a request ID, so that it takes effect at most once. A call that fails
/// tells in its `StoreError` whether it may have taken effect.
///
///     let store = try await Store.connect(
///         to: ["a.example:7400", "b.example:7400"], certificateAuthority: pem, token: token)
///     let task = try await store.createTask(Store.NewTask(name: "Order the cake"), in: workspace)
public final class Store: Sendable {
    /// The number of an object: positive, below 2^53, with its workspace in the high bits.
    public typealias Gid = UInt64

    /// How to behave, where the defaults are not wanted.
    public struct Options: Sendable {
        /// How long a call may take, if it does not say itself.
        public var deadline: Duration = .seconds(10)
        /// Commands are refused unless so many copies would hold the change; 0: as many as there
        /// are.
        public var minimumReplicas: UInt8 = 0
        /// The only cluster to talk to (16 bytes); none: any.
        public var cluster: [UInt8] = []
        /// Named to the server, for its diagnostics.
        public var clientName = "holdfast"
        public var clientVersion = ""
        /// Whether large messages may be compressed.
        public var isCompressed = false
        /// How long to look for a server before calls fail; nil: until their time is over.
        public var patience: Duration?
        /// Whether calls are for the primary, wherever it is, or for the first server that answers,
        /// whatever its role.
        package var seeksPrimary = true

        public init() {}
    }

    /// How one call is to behave; what is nil is as the store's options say.
    public struct CallOptions: Sendable {
        public var deadline: Duration?
        public var minimumReplicas: UInt8?
        /// The request ID of a command that was asked before and whose outcome is not known.
        public var requestID: String?
        /// A follower may answer, from a state that may be older.
        public var isFollowerEnough = false

        public init() {}
    }

    package let driver: ClientDriver
    let options: Options

    /// The thread of all stores of this process. It ends with the process: what may still be given
    /// to it by a stream or a cancelled task must find it there.
    private static let scheduler = SystemScheduler()

    package init(driver: ClientDriver, options: Options = Options()) {
        self.driver = driver
        self.options = options
    }

    deinit {
        let driver = driver
        driver.queue.run { driver.end() }
    }

    /// Finds a store and signs in.
    ///
    /// - Parameters:
    ///   - addresses: `host:port`, or the absolute path of a UNIX socket; those of all nodes, in
    ///     any order. What the servers tell of each other is learnt.
    ///   - certificateAuthority: The PEM text that the servers' certificates are checked against.
    ///     Needed for TCP.
    ///   - token: What the principal signs in with.
    public static func connect(
        to addresses: [String], certificateAuthority: [UInt8]? = nil, token: String,
        options: Options = Options()
    ) async throws(StoreError) -> Store {
        let store = try Store(
            to: addresses, certificateAuthority: certificateAuthority, token: token,
            options: options)
        do throws(StoreError) {
            _ = try await store.reply(to: .ready(timeout: Interval(options.deadline)))
        } catch {
            await store.close()
            throw error
        }
        return store
    }

    /// A store that connects with its first call.
    public convenience init(
        to addresses: [String], certificateAuthority: [UInt8]? = nil, token: String,
        options: Options = Options()
    ) throws(StoreError) {
        var servers: [Endpoint] = []
        for address in addresses {
            guard let endpoint = Endpoint(address) else {
                throw StoreError(
                    .invalidRequest, "“\(address)” is not an address.",
                    hint: "Give HOST:PORT, or the path of a UNIX socket.")
            }
            servers.append(endpoint)
        }
        guard !servers.isEmpty else {
            throw StoreError(.invalidRequest, "No address of a store was given.")
        }
        var configuration = ClientSession.Configuration(servers: servers, token: token)
        configuration.clientName = options.clientName
        configuration.clientVersion = options.clientVersion
        configuration.expectedCluster = options.cluster
        configuration.seeksPrimary = options.seeksPrimary
        configuration.patience = options.patience.map { Interval($0) }
        if options.isCompressed { configuration.features.insert(.lz4) }
        let scheduler = Store.scheduler
        let network = SystemNetwork(TLSMaterial(clientAuthority: certificateAuthority))
        self.init(
            driver: ClientDriver(
                configuration, network: network, scheduler: scheduler,
                randomness: SystemRandomness(), queue: scheduler.makeQueue("client", .core)),
            options: options)
    }

    /// Gives up what is still under way, and ends. The store cannot be used after it.
    public func close() async {
        await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
            driver.queue.run { [driver] in
                driver.end()
                done.resume()
            }
        }
    }
}

extension Interval {
    /// A duration that is not negative; a negative one is nothing.
    package init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        guard seconds >= 0, attoseconds >= 0 else {
            self = .zero
            return
        }
        let (whole, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, again) = whole.addingReportingOverflow(UInt64(attoseconds) / 1_000_000_000)
        self.init(nanoseconds: overflow || again ? .max : sum)
    }
}
