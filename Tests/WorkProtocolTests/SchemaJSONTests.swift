import ByteCoding
import Testing

@testable import WorkProtocol

@Suite struct SchemaJSONTests {
    private static func failure(_ message: String, _ json: String) -> String? {
        do throws(SchemaJSON.Failure) {
            _ = try SchemaJSON.bytes(of: message, json: json)
            return nil
        } catch {
            return error.description
        }
    }

    @Test func `a message is shown as Protocol Buffers' JSON`() throws {
        var task = WorkTask()
        task.gid = .max
        task.name = "\"Käse\"\n\u{7F}"
        task.subtype = .milestone
        task.dueOn = 0
        task.isPublic = true
        task.collaborators = [1, 2]
        task.external = External()
        #expect(
            try SchemaJSON.json(of: "WorkTask", task.encoded())
                == #"{"gid":"18446744073709551615","name":"\"Käse\"\n\u007f","#
                + #""subtype":"TASK_SUBTYPE_MILESTONE","dueOn":0,"external":{},"#
                + #""isPublic":true,"collaborators":["1","2"]}"#)
        #expect(
            try SchemaJSON.json(of: "TeamMember", [9, 1, 0, 0, 0, 0, 0, 0, 0], isIndented: true)
                == "{\n  \"account\": \"1\"\n}")
        #expect(try SchemaJSON.json(of: "WhoAmI", [], isIndented: true) == "{}")
    }

    @Test func `both spellings of a name, and integers with or without quotes, are read`() throws {
        let first = try SchemaJSON.bytes(of: "WorkTask", json: #"{"createdAt":"-7","dueOn":3}"#)
        let second = try SchemaJSON.bytes(
            of: "WorkTask", json: #" { "due_on" : "3", "created_at" : -7, "name" : null } "#)
        #expect(first == second)
        var task = WorkTask()
        task.createdAt = -7
        task.dueOn = 3
        #expect(first == task.encoded())
    }

    @Test func `days are written as dates if asked for, and read as dates or numbers`() throws {
        var task = WorkTask()
        task.startOn = -1
        task.dueOn = 20784
        var field = FieldValue()
        field.date = CivilDate.daysMax
        task.fields = [field]
        let json = try SchemaJSON.json(of: "WorkTask", task.encoded(), withDates: true)
        #expect(json.contains(#""startOn":"1969-12-31","dueOn":"2026-11-27""#), "\(json)")
        #expect(json.contains(#""date":"9999-12-31""#), "\(json)")
        #expect(try SchemaJSON.bytes(of: "WorkTask", json: json) == task.encoded())
        // What is no day stays what it is.
        task.dueOn = .max
        #expect(
            try SchemaJSON.json(of: "WorkTask", task.encoded(), withDates: true)
                .contains(#""dueOn":2147483647"#))
        for wrong in ["2026-02-29", "friday", ""] {
            #expect(
                Self.failure("WorkTask", "{\"dueOn\":\"\(wrong)\"}")?
                    .hasPrefix("dueOn: a day, YYYY-MM-DD or its number") == true)
        }
    }

    @Test func `nothing but days is of the type that days have`() throws {
        var names: Set<String> = []
        for message in SchemaTable.shared.messageNames {
            let fields = SchemaTable.shared.message(named: message)?.fields ?? []
            for field in fields where field.kind == .scalar(.sint32) { names.insert(field.name) }
        }
        #expect(names == ["start_on", "due_on", "day", "date"])
    }

    @Test func `a name the message does not have is refused and named`() {
        #expect(Self.failure("WorkTask", #"{"nmae":"x"}"#) == "nmae: WorkTask has no such field")
        #expect(
            Self.failure("Bulk", #"{"items":[{},{"create":{"external":{"id":"7"}}}]}"#)
                == "items[1].create.external.id: External has no such field")
        #expect(Self.failure("Nothing", "{}") == "there is no message Nothing")
    }

    @Test(arguments: [
        (#"{"version":-1}"#, "version: an integer from 0 to 4294967295"),
        (#"{"version":4294967296}"#, "version: an integer"), (#"{"version":1.5}"#, "version"),
        (#"{"version":"+1"}"#, "version"), (#"{"version":true}"#, "version"),
        (#"{"version":""}"#, "version"), (#"{"gid":"18446744073709551616"}"#, "gid"),
        (#"{"name":7}"#, "name: a string expected, found the number 7"),
        (#"{"completed":"true"}"#, "completed: true or false expected"),
        (#"{"subtype":"MILESTONE"}"#, "subtype: one of TASK_SUBTYPE_DEFAULT_TASK"),
        (#"{"subtype":9}"#, "subtype: one of"), (#"{"likes":7}"#, "likes: an array expected"),
        (#"{"likes":["1",null]}"#, "likes[1]: an integer"),
        (#"{"external":[]}"#, "external: an object expected"),
        (#"{"createdAt":1,"created_at":2}"#, "created_at: the field is there twice"),
        (#"[]"#, "an object expected"), (#"null"#, "an object expected"),
    ])
    func `a value of the wrong type is refused and named`(json: String, problem: String) {
        #expect(Self.failure("WorkTask", json)?.hasPrefix(problem) == true)
    }

    @Test func `two members of a oneof are refused`() {
        let failure = Self.failure("BulkItem", #"{"create":{},"delete":{}}"#)
        #expect(failure == "delete: create is given, which excludes it")
    }

    @Test(arguments: [
        "", "{", "}", "{]", #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#, #"{,}"#, #"{a:1}"#, #"{'a':1}"#,
        "[1,]", "[1 2]", "[,1]", "01", "1.", ".5", "-", "+1", "1e", "1e+", "0x10", "NaN", "tru",
        "nul", "True", "\"", "\"\\x\"", "\"\\u12\"", "\"\\u12G4\"", "\"a\nb\"", "\"\\ud800\"",
        "\"\\ud800\\u0041\"", "\"\\udc00\"", #"{"a":1,"a":2}"#, "{} {}", "// no\n{}", "\u{FEFF}{}",
    ])
    func `what is not JSON is refused`(text: String) {
        #expect(throws: JSONReader.Problem.self) { try JSONReader.value(of: text) }
    }

    @Test func `escapes, pairs and spaces are read`() throws {
        let text = "\n\t{ \"\\u0061\\ud83c\\udf82\\/\\b\" : [ 1 , -0.5e+3 , true , null ] } "
        #expect(
            try JSONReader.value(of: text)
                == .object([
                    JSONMember(
                        name: "a🎂/\u{8}",
                        value: .array([.number("1"), .number("-0.5e+3"), .bool(true), .null]))
                ]))
    }

    @Test func `nesting has a limit, and the place of a problem is told`() throws {
        let deepest = String(repeating: "[", count: 33) + String(repeating: "]", count: 33)
        #expect(throws: Never.self) { try JSONReader.value(of: deepest) }
        #expect(throws: JSONReader.Problem.self) { try JSONReader.value(of: "[\(deepest)]") }
        let endless = String(repeating: "[", count: 1_000_000)
        #expect(throws: JSONReader.Problem.self) { try JSONReader.value(of: endless) }
        let failure = Self.failure("WorkTask", "{\n  \"name\" \"x\"\n}")
        #expect(failure == "not JSON: line 2, column 10: ':' expected")
    }

    @Test func `base64 comes back, and only base64 is read`() {
        let vectors = [
            "": "", "f": "Zg==", "fo": "Zm8=", "foo": "Zm9v", "foob": "Zm9vYg==",
            "fooba": "Zm9vYmE=", "foobar": "Zm9vYmFy",
        ]
        for (plain, coded) in vectors {
            #expect(Base64.encode(Array(plain.utf8)) == coded)
            #expect(Base64.decode(coded) == Array(plain.utf8))
            #expect(Base64.decode(coded.filter { $0 != "=" }) == Array(plain.utf8))
        }
        #expect(Base64.decode("-_8=") == Base64.decode("+/8="))
        for wrong in ["Z", "Zg=", "Zg===", "Z===", "Zh==", "Zg==Zg==", "Zg ==", "=", "====", "Ä"] {
            #expect(Base64.decode(wrong) == nil, "\(wrong)")
        }
    }

    @Test func `damaged bytes are refused with the place`() {
        #expect(throws: SchemaJSON.Failure.self) {
            try SchemaJSON.json(of: "WorkTask", [0x1A, 9, 0x61])
        }
        let failure = #expect(throws: SchemaJSON.Failure.self) {
            try SchemaJSON.json(of: "WorkTask", [6 << 3, 99])
        }
        #expect(failure?.path == "subtype")
    }

    @Test func `every method and message is described`() throws {
        for method in Method.allCases {
            let text = try #require(SchemaJSON.description(of: method.name))
            #expect(throws: Never.self) { try JSONReader.value(of: text) }
        }
        for message in messageTypes {
            #expect(SchemaJSON.description(of: message.messageName) != nil)
        }
        let everything = try #require(SchemaJSON.description(of: "", isIndented: true))
        #expect(everything.contains("Tasks/CreateTask") && everything.contains("\"WorkTask\""))
        let task = try #require(SchemaJSON.description(of: "External"))
        #expect(task.contains(#""gid":"1: string, max_bytes=1024, text=line""#))
        #expect(SchemaJSON.description(of: "Bucket")?.contains("BUCKET_TODAY") == true)
        #expect(SchemaJSON.description(of: "Nothing") == nil)
    }
}
