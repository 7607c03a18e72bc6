internal import Environment

/// A path below a disk's directory, taken apart and found harmless.
///
/// Names come from our own code, but also from manifests: no component is `..`, none is empty, and
/// the walk to it follows no symbolic link.
struct DiskPath {
    /// The names from the directory down; none for the directory itself.
    let components: [String]

    /// - Throws: `.denied` for a path that is absolute, leaves the directory or is no name at all.
    init(_ path: String) throws(DiskError) {
        if path.isEmpty || path == "." {
            components = []
            return
        }
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        for part in parts {
            if part.isEmpty || part == "." || part == ".." || part.utf8.contains(0)
                || part.utf8.count > 255
            {
                throw DiskError(
                    .denied, path: path,
                    reason: "not a path below the directory: \"\(part)\" is no name in it")
            }
        }
        components = parts
    }

    /// The folder that holds the name, and the name.
    func split(_ path: String) throws(DiskError) -> (folder: ArraySlice<String>, name: String) {
        guard let name = components.last else {
            throw DiskError(.denied, path: path, reason: "the directory itself is no file in it")
        }
        return (components.dropLast(), name)
    }
}
