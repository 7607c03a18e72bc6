import ArgumentParser
import Environment
import Glibc
import SystemEnvironment

/// Standard output for data, standard error for everything else.
enum Console {
    /// Writes text and a line feed to standard output.
    static func say(_ text: String) { write(Array((text + "\n").utf8)) }

    /// Writes bytes to standard output; a reader that has gone away ends the program quietly.
    static func write(_ bytes: [UInt8]) {
        guard put(bytes, STDOUT_FILENO) else { exit(0) }
    }

    static func tell(_ text: String) { _ = put(Array((text + "\n").utf8), STDERR_FILENO) }

    private static func put(_ bytes: [UInt8], _ descriptor: Int32) -> Bool {
        var offset = 0
        while offset < bytes.count {
            let count = unsafe bytes.withUnsafeBytes {
                unsafe Glibc.write(
                    descriptor, $0.baseAddress?.advanced(by: offset), $0.count - offset)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return false }
            offset += count
        }
        return true
    }

    static func environment(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        return unsafe String(cString: value)
    }

    /// The folder this program lies in: its siblings are there, too.
    static var programs: String {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = unsafe readlink("/proc/self/exe", &buffer, buffer.count - 1)
        guard count > 0 else { return "." }
        let path = String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return path.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" }
    }

    /// A new folder for what is thrown away afterwards.
    static func temporaryFolder() throws -> String {
        let base = environment("TMPDIR") ?? "/tmp"
        var template = Array("\(base)/holdfast-\(String(repeating: "X", count: 6))".utf8CString)
        guard unsafe mkdtemp(&template) != nil else {
            throw Failure(74, "\(base): no temporary folder can be made")
        }
        return String(
            decoding: template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Removes a folder that `temporaryFolder` made. What cannot be removed stays: it is in the
    /// system's folder for such things.
    static func removeFolder(_ folder: String) {
        guard let parent = folder.lastIndex(of: "/") else { return }
        let disk = try? SystemDisk(root: String(folder[..<parent]))
        try? disk?.removeFolder(String(folder[folder.index(after: parent)...]))
    }

    /// Processor time a process has used, in seconds; nil if it is gone.
    static func processorSeconds(of pid: Int32) -> Double? {
        guard let text = try? FileReading.text("/proc/\(pid)/stat"),
            let end = text.lastIndex(of: ")")
        else { return nil }
        let words = text[text.index(after: end)...].split(separator: " ")
        guard words.count > 12, let user = Double(words[11]), let system = Double(words[12]) else {
            return nil
        }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }
}

/// How machine output is asked for.
enum Output: String, ExpressibleByArgument, CaseIterable { case text, json, jsonl }

/// An error of the program, with its exit code.
struct Failure: Error, CustomStringConvertible {
    var exitCode: Int32
    var description: String

    init(_ exitCode: Int32, _ description: String) {
        self.exitCode = exitCode
        self.description = description
    }

    init(_ error: DiskError) {
        let code: Int32 = error.kind == .missing ? 66 : error.kind == .exists ? 73 : 74
        self.init(code, error.description)
    }
}

/// Runs a command's body; says what is wrong and ends with the exit code that goes with it.
func reporting(_ body: () async throws -> Void) async throws {
    do { try await body() } catch let failure as Failure {
        Console.tell("holdfast-tools: \(failure)")
        throw ExitCode(failure.exitCode)
    } catch let error as DiskError {
        let failure = Failure(error)
        Console.tell("holdfast-tools: \(failure)")
        throw ExitCode(failure.exitCode)
    } catch let code as ExitCode {
        throw code
    } catch {
        Console.tell("holdfast-tools: \(error)")
        throw ExitCode(70)
    }
}
