/// Splits a line into words as a shell does: blanks between them, quotes and backslashes around
/// what is to be taken as it is. No variables, no patterns.
enum ShellWords {
    static func split(_ line: String) throws -> [String] {
        var words: [String] = []
        var word: String?
        var quote: Character?
        var rest = line[...]
        while let character = rest.popFirst() {
            switch (character, quote) {
            case ("\\", nil), ("\\", "\""):
                guard let next = rest.popFirst() else {
                    throw Complaint(.usage, "the line ends in a backslash")
                }
                // Within quotes only these two lose their meaning.
                let isEscape = quote == nil || next == "\"" || next == "\\"
                word = (word ?? "") + (isEscape ? "" : "\\") + String(next)
            case (let character, let open?) where character == open: quote = nil
            case (_, .some): word = (word ?? "") + String(character)
            case ("\"", nil), ("'", nil):
                quote = character
                word = word ?? ""
            case (" ", nil), ("\t", nil), ("\r", nil):
                if let done = word { words.append(done) }
                word = nil
            case ("#", nil) where word == nil: rest = ""
            default: word = (word ?? "") + String(character)
            }
        }
        guard quote == nil else { throw Complaint(.usage, "a quote is not closed") }
        if let word { words.append(word) }
        return words
    }
}
