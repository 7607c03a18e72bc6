internal import ArgumentParser

/// The words of a line that say which command it is.
enum CommandWords {
    /// Refuses a line whose command there is not, and offers the one that was probably meant; the
    /// library would call the words unexpected arguments.
    static func check(_ words: [String], of root: any ParsableCommand.Type) throws {
        var command = root
        var path = root._commandName
        for word in words {
            let inner = command.configuration.subcommands
            // From an option, or an argument, on there are no more names of commands.
            guard !inner.isEmpty, !word.hasPrefix("-"), word != "help" else { return }
            if let next = inner.first(where: { $0._commandName == word }) {
                command = next
                path += " \(word)"
                continue
            }
            guard command.configuration.defaultSubcommand == nil else { return }
            throw Complaint(
                .usage,
                "there is no command “\(word)”\(meant(word, inner.map { $0._commandName }))",
                help: "\(path) --help")
        }
    }

    private static func meant(_ word: String, _ names: [String]) -> String {
        let near = names.map { (name: $0, distance: distance(word.lowercased(), $0)) }
            .filter { $0.distance <= 2 && $0.distance < $0.name.count }
            .min { $0.distance < $1.distance }
        return near.map { "; “\($0.name)” perhaps" } ?? ""
    }

    /// How many letters have to be changed, put in, left out or exchanged with their neighbours.
    private static func distance(_ one: String, _ other: String) -> Int {
        let (one, other) = (Array(one), Array(other))
        var before: [Int] = []
        var last = Array(0...other.count)
        for (row, letter) in one.enumerated() {
            var next = [row + 1]
            for (column, counterpart) in other.enumerated() {
                var least = min(
                    next[column] + 1, last[column + 1] + 1,
                    last[column] + (letter == counterpart ? 0 : 1))
                if row > 0, column > 0, letter == other[column - 1], one[row - 1] == counterpart {
                    least = min(least, before[column - 1] + 1)
                }
                next.append(least)
            }
            (before, last) = (last, next)
        }
        return last[other.count]
    }
}
