internal import Environment
package import WorkProtocol

/// The bytes of a stream's answer, in parts, as fast as they are taken: the server sends no more
/// than its credit (256 KiB) ahead of the reader.
///
/// It ends with an error if the server breaks off. Only one reader may read it, once. A stream that
/// is not read to its end is given up when the stream itself is let go.
public final class AnswerStream: AsyncSequence, Sendable {
    public typealias Element = [UInt8]
    public typealias Failure = StoreError

    /// Kept open while it is read.
    private let store: Store
    private let pipe: AnswerPipe

    init(_ store: Store, _ request: ClientRequest) {
        let driver = store.driver
        let pipe = AnswerPipe(driver)
        self.store = store
        self.pipe = pipe
        driver.queue.run { pipe.begin(request) }
    }

    deinit {
        let pipe = pipe
        pipe.driver.queue.run { pipe.giveUp() }
    }

    public func makeAsyncIterator() -> Iterator { Iterator(stream: self) }

    public struct Iterator: AsyncIteratorProtocol {
        fileprivate let stream: AnswerStream

        public mutating func next() async throws(StoreError) -> [UInt8]? {
            try await stream.pipe.next().get()
        }

        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(StoreError) -> [UInt8]? {
            try await stream.pipe.next().get()
        }
    }

    /// What the stream ended with; nil before its end.
    package var end: Reply? {
        get async {
            await withCheckedContinuation { continuation in
                pipe.driver.queue.run { [pipe] in continuation.resume(returning: pipe.end) }
            }
        }
    }
}

/// Holds what has come of a stream and was not taken. Touched on the driver's queue only, hence
/// unchecked.
private final class AnswerPipe: @unchecked Sendable {
    let driver: ClientDriver
    private var id: CallID?
    /// Invariant: no more bytes than the stream's credit.
    private var parts: [[UInt8]] = []
    private var taken = 0
    private var waiting: CheckedContinuation<Result<[UInt8]?, StoreError>, Never>?
    private var result: Result<Reply, StoreError>?

    init(_ driver: ClientDriver) { self.driver = driver }

    var end: Reply? { try? result?.get() }

    func begin(_ request: ClientRequest) {
        id = driver.begin(
            request,
            received: { [weak self] bytes in
                self?.parts.append(bytes)
                self?.serve()
            },
            completed: { [weak self] result in
                self?.result = result
                self?.serve()
            })
    }

    func giveUp() { if result == nil, let id { driver.cancel(id) } }

    func next() async -> Result<[UInt8]?, StoreError> {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                driver.queue.run { [self] in
                    precondition(waiting == nil, "a stream has one reader")
                    waiting = continuation
                    serve()
                }
            }
        } onCancel: {
            driver.queue.run { [self] in giveUp() }
        }
    }

    private func serve() {
        guard let waiting else { return }
        if taken < parts.count {
            let part = parts[taken]
            taken += 1
            if taken == parts.count {
                parts = []
                taken = 0
            }
            self.waiting = nil
            waiting.resume(returning: .success(part))
            if let id { driver.consumed(id, part.count) }
        } else if let result {
            self.waiting = nil
            waiting.resume(returning: result.map { _ in nil })
        }
    }
}

extension Store {
    /// Asks a method that answers with a stream. Nothing is lost if it is not read: it waits.
    package func stream<Request: Message>(
        _ request: Request, in workspace: UInt64, _ options: CallOptions = CallOptions()
    ) throws(StoreError) -> AnswerStream {
        AnswerStream(self, try prepare(request, in: workspace, options))
    }
}
