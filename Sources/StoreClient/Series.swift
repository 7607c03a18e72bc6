internal import Environment
package import WorkProtocol

/// Commands of one workspace that are executed in the order they were begun, while several are
/// under way: each only after all before it were. Once one fails, so do those behind it.
///
/// What was executed of them is always the first ones, whatever was lost, refused or sent again on
/// the way (Decision 22).
package final class Series: @unchecked Sendable {
    // `@unchecked Sendable`: `number` is touched on the driver's queue only.
    private let store: Store
    private var number: UInt64?

    package init(_ store: Store) { self.store = store }

    /// Begins a command by its payload. Its result is told by what is given back.
    ///
    /// - Throws: `invalidRequest` for options that cannot be.
    package func begin(
        _ method: Method, payload: [UInt8], in workspace: UInt64,
        _ options: Store.CallOptions = Store.CallOptions()
    ) throws(StoreError) -> BegunCall {
        let request = try store.prepare(method, payload, in: workspace, options)
        let call = BegunCall(store)
        store.driver.queue.run { [self] in
            let number = number ?? store.driver.newSeries()
            self.number = number
            call.begin(request, of: number)
        }
        return call
    }
}

/// A call that is under way. Its result may be asked for once, by one caller.
package final class BegunCall: @unchecked Sendable {
    // `@unchecked Sendable`: everything that varies is touched on the driver's queue only.
    private let store: Store
    private var id: CallID?
    private var result: Result<Reply, StoreError>?
    private var waiting: CheckedContinuation<Result<Reply, StoreError>, Never>?

    fileprivate init(_ store: Store) { self.store = store }

    fileprivate func begin(_ request: ClientRequest, of series: UInt64) {
        var request = request
        request.series = series
        id = store.driver.begin(request) { [self] result in
            self.result = result
            serve()
        }
    }

    /// The answer, as soon as it is there. A caller that is cancelled gives the call up.
    package func reply() async throws(StoreError) -> Reply {
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                store.driver.queue.run { [self] in
                    precondition(waiting == nil, "a call is awaited by one caller")
                    waiting = continuation
                    serve()
                }
            }
        } onCancel: {
            cancel()
        }
        return try result.get()
    }

    /// Gives the call up, from anywhere.
    package func cancel() {
        store.driver.queue.run { [self] in
            if result == nil, let id { store.driver.cancel(id) }
        }
    }

    private func serve() {
        guard let waiting, let result else { return }
        self.waiting = nil
        waiting.resume(returning: result)
    }
}
