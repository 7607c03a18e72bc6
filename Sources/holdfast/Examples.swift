/// The examples in a command's help: lines as they are typed, without the program's name.
func examples(_ lines: String...) -> String {
    "EXAMPLES\n" + lines.map { "  holdfast \($0)" }.joined(separator: "\n")
}
