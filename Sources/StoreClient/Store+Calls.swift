internal import Environment
package import WorkProtocol

/// An answer with what came with it.
package struct Answered<Value: Sendable>: Sendable {
    package var value: Value
    package var details: ReplyDetails
}

extension Store {
    /// Asks, and gives the answer as it came.
    package func reply(to request: ClientRequest) async throws(StoreError) -> Reply {
        let driver = driver
        let slot = TicketSlot()
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                driver.queue.run {
                    slot.begin(driver, request) { continuation.resume(returning: $0) }
                }
            }
        } onCancel: {
            driver.queue.run { slot.cancel(driver) }
        }
        return try result.get()
    }

    /// Asks for what `request` names. Its method is known by its type.
    ///
    /// - Parameter workspace: The ordinal of a workspace, or any gid in it; 0 for the directory.
    package func perform<Request: Message, Value: Message>(
        _ request: Request, in workspace: UInt64 = 0, _ options: CallOptions = CallOptions(),
        as type: Value.Type = Value.self
    ) async throws(StoreError) -> Answered<Value> {
        let reply = try await reply(to: try prepare(request, in: workspace, options))
        return Answered(
            value: try Self.decode(reply.payload, Value.self), details: reply.details)
    }

    /// Asks a method by payload, for tools that know the schema and not the types.
    package func call(
        _ method: Method, payload: [UInt8], in workspace: UInt64 = 0,
        _ options: CallOptions = CallOptions()
    ) async throws(StoreError) -> Reply {
        try await reply(to: try prepare(method, payload, in: workspace, options))
    }

    /// What the last answer said besides its content; nil before the first.
    package var lastReply: ReplyDetails? {
        get async {
            await withCheckedContinuation { continuation in
                driver.queue.run { [driver] in continuation.resume(returning: driver.lastReply) }
            }
        }
    }

    /// What the present server said of itself; nil while there is none.
    package var server: HelloOk? {
        get async {
            await withCheckedContinuation { continuation in
                driver.queue.run { [driver] in continuation.resume(returning: driver.server) }
            }
        }
    }

    /// A request of a message's own method, with the store's options where the call has none.
    package func prepare<Request: Message>(
        _ request: Request, in workspace: UInt64, _ options: CallOptions = CallOptions()
    ) throws(StoreError) -> ClientRequest {
        guard let method = Self.methods[Request.messageName] else {
            preconditionFailure("\(Request.messageName) is no method's request")
        }
        do throws(FieldViolation) {
            try request.validate()
        } catch {
            var problem = StoreError(.invalidRequest, "\(error.path): \(error.problem)")
            problem.fields = [.init(field: error.path, message: error.problem)]
            throw problem
        }
        return try prepare(method, request.encoded(), in: workspace, options)
    }

    /// A request by method and payload, with the store's options where the call has none.
    func prepare(
        _ method: Method, _ payload: [UInt8], in workspace: UInt64, _ options: CallOptions
    ) throws(StoreError) -> ClientRequest {
        var request = ClientRequest(
            method, route: workspace, payload: payload,
            timeout: Interval(options.deadline ?? self.options.deadline))
        request.followerOK = options.isFollowerEnough
        if request.nature == .command {
            request.minimumReplicas = options.minimumReplicas ?? self.options.minimumReplicas
        }
        if let text = options.requestID {
            guard let id = RequestID(text) else {
                throw StoreError(.invalidRequest, "“\(text)” is not a request ID.")
            }
            request.requestID = id
        }
        return request
    }

    static func decode<Value: Message>(
        _ payload: [UInt8], _ type: Value.Type = Value.self
    ) throws(StoreError) -> Value {
        do {
            return try Value(decoding: payload)
        } catch {
            throw StoreError(.protocolViolation, "The answer cannot be read: \(error)")
        }
    }

    /// Which method takes a message, by the message's name. Looked up, never walked.
    private static let methods: [String: Method] = Dictionary(
        Method.descriptions.map { ($0.request, $0.method) }, uniquingKeysWith: { first, _ in first }
    )
}

/// Remembers which call an asynchronous caller waits for, so that it can be cancelled, even before
/// it has begun. Touched on the driver's queue only, hence unchecked.
private final class TicketSlot: @unchecked Sendable {
    private var id: CallID?
    private var isCancelled = false

    func begin(
        _ driver: ClientDriver, _ request: ClientRequest,
        _ completed: @escaping ClientDriver.Completion
    ) {
        if isCancelled {
            completed(.failure(StoreError(.cancelled, "The call was cancelled.")))
        } else {
            id = driver.begin(request, completed: completed)
        }
    }

    func cancel(_ driver: ClientDriver) {
        isCancelled = true
        if let id { driver.cancel(id) }
    }
}
