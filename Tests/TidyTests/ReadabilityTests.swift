import Foundation
import Testing

private let columns = 100
private let fileLines = 800
private let functionLines = 70

@Suite struct ReadabilityTests {
    @Test func `files and lines stay readable`() throws {
        for file in try SourceTree.all() where !file.isGenerated {
            #expect(file.lines.count <= fileLines, "\(file.path) has \(file.lines.count) lines")
            // A row of a table cannot be broken.
            for (number, line) in file.lines.enumerated()
            where line.count > columns && !line.contains("/// |") {
                Issue.record("\(file.path):\(number + 1) is \(line.count) columns wide")
            }
        }
    }

    @Test func `functions fit a page`() throws {
        for file in try SourceTree.product() where !file.isGenerated {
            for function in functions(file) where function.lines > functionLines {
                Issue.record("\(file.path): \(function.name) has \(function.lines) lines")
            }
        }
    }

    @Test func `nothing is left to be done later`() throws {
        let words = ["FIX" + "ME", "TO" + "DO", "XX" + "X", "HA" + "CK"]
        for file in try SourceTree.all() {
            for (number, line) in file.lines.enumerated() {
                for word in words where line.contains(word) {
                    Issue.record("\(file.path):\(number + 1) says \(word)")
                }
            }
        }
    }

    @Test func `every file the pages name is there`() throws {
        for page in try SourceTree.pages() {
            for match in page.text.matches(
                of: /`((?:Sources|Tests|tools|Benchmarks)\/[^`\s*<>…]+)`/)
            {
                let path = String(match.1)
                let url = SourceTree.root.appending(path: path)
                #expect(
                    FileManager.default.fileExists(atPath: url.path),
                    "\(page.path) names \(path), which is not there")
            }
        }
    }

    @Test func `every type the pages name is there`() throws {
        var words: Set<Substring> = []
        for file in try SourceTree.all() {
            for line in file.lines {
                words.formUnion(line.split { !$0.isLetter && !$0.isNumber && $0 != "_" })
            }
            words.formUnion(file.path.split { $0 == "/" || $0 == "." })
        }
        for page in try SourceTree.pages() {
            for match in page.text.matches(of: /`([A-Z][a-z]+[A-Z][A-Za-z0-9]+)`/) {
                #expect(
                    words.contains(match.1), "\(page.path) names \(match.1), which is not there")
            }
        }
    }

    @Test func `every link between pages leads somewhere`() throws {
        let pages = try SourceTree.pages()
        let names = Set(pages.map { $0.path.split(separator: "/").last.map(String.init) ?? "" })
        for page in pages {
            for match in page.text.matches(of: /<doc:([A-Za-z0-9-]+)>/) {
                #expect(
                    names.contains("\(match.1).md"), "\(page.path) links to \(match.1), unknown")
            }
        }
    }
}

private struct Function {
    var name: String
    var lines: Int
}

/// Functions by their braces: good enough for formatted code. A `switch` of one-line cases counts
/// once, however long it is.
private func functions(_ file: SourceFile) -> [Function] {
    var found: [Function] = []
    var open: [(name: String, indent: Int, lines: Int)] = []
    for line in file.lines {
        let indent = line.prefix { $0 == " " }.count
        let text = line.dropFirst(indent)
        if let last = open.last, indent <= last.indent, text.hasPrefix("}") {
            found.append(Function(name: last.name, lines: last.lines))
            open.removeLast()
        }
        for index in open.indices where !text.hasPrefix("case ") { open[index].lines += 1 }
        let isFunction =
            text.contains("func ") || text.hasPrefix("init(") || text.contains(" init(")
        if isFunction, !text.hasPrefix("//"), line.hasSuffix("{") {
            open.append((String(text.prefix(60)), indent, 1))
        }
    }
    return found
}
