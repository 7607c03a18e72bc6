/// E-mail addresses as the store takes them.
enum MailAddress {
    /// Whether there is something before and after a single `@`, no blank, and not too much.
    static func isPlausible(_ address: String) -> Bool {
        let parts = address.split(separator: "@", omittingEmptySubsequences: false)
        return parts.count == 2 && parts.allSatisfy { !$0.isEmpty } && !address.contains(" ")
            && CleanText.line(address, limit: 320).changes.isEmpty
    }
}
