/// Bytes of one connection that another thread than its loop's sends.
///
/// They are out of the owner's hands until the loop gives back what the socket did not take; the
/// socket stays open until then.
struct Parcel: Sendable {
    let owner: any ParcelOwner
    let socket: Int32
    var bytes: OutputBytes
    /// What the socket said instead of taking more; nil when it has taken all.
    var refusal: StreamSocket.Outcome?

    /// Sends what the socket takes. On any thread, one at a time.
    /// - Returns: what is left.
    func sent() -> Parcel {
        var rest = self
        rest.refusal = rest.bytes.write(to: socket)
        return rest
    }
}

/// Whose bytes another thread may send.
protocol ParcelOwner: AnyObject, Sendable {
    /// This was tried. On the loop's thread.
    func back(_ parcel: Parcel)
}
