/// Addresses of attachments: the store takes only those of the web, as others could run something
/// in the browser of whoever follows them.
enum WebAddress {
    /// The address if it can be kept, else an empty text.
    static func accepted(_ address: String) -> String {
        let scheme = address.prefix(8).lowercased()
        guard scheme.hasPrefix("https://") || scheme.hasPrefix("http://") else { return "" }
        let clean = CleanText.line(address, limit: 4096)
        return clean.changes.isEmpty ? address : ""
    }
}
