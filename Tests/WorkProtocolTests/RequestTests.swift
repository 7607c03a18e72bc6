import ByteCoding
import Testing
import WorkProtocol

@Suite struct RequestTests {
    @Test func `methods are found by number and by name`() {
        for method in Method.allCases {
            #expect(Method(id: method.id) == method)
            #expect(Method(named: method.name) == method)
            #expect(method.description.method == method)
            #expect(method.description.since >= 1)
        }
        #expect(Method(id: 0) == nil && Method(id: 0xFFFF) == nil)
        #expect(Method(named: "Tasks/Nothing") == nil && Method(named: "") == nil)
        #expect(Method.createTask.name == "Tasks/CreateTask")
        #expect(Method.descriptions.map(\.method.id) == Method.allCases.map(\.id).sorted())
    }

    @Test func `every method's messages are in the schema`() {
        let names = Set(messageTypes.map { $0.messageName })
        for description in Method.descriptions {
            #expect(names.contains(description.request), "\(description.name)")
            #expect(names.contains(description.response), "\(description.name)")
        }
    }

    @Test(arguments: Method.allCases)
    func `a payload becomes the request its method says, and no other`(method: Method) throws {
        let nothing = [UInt8]().span.bytes
        let isQuery = method.kind == .query || method.kind == .stream
        if method.kind == .command {
            let command = try Command(method: method, payload: nothing)
            #expect(command.method == method && command.encoded().isEmpty)
            #expect(type(of: command.message).messageName == method.description.request)
        } else {
            #expect(throws: MalformedRequest.method(method)) {
                try Command(method: method, payload: [UInt8]().span.bytes)
            }
        }
        if isQuery {
            let query = try Query(method: method, payload: nothing)
            #expect(query.method == method && query.encoded().isEmpty)
            #expect(type(of: query.message).messageName == method.description.request)
        } else {
            #expect(throws: MalformedRequest.method(method)) {
                try Query(method: method, payload: [UInt8]().span.bytes)
            }
        }
    }

    @Test func `a request comes back with its content`() throws {
        var create = CreateTask()
        create.name = "Order the cake"
        let command = Command.createTask(create)
        var writer = ByteWriter()
        command.encode(into: &writer)
        let bytes = writer.bytes
        #expect(try Command(method: .createTask, payload: bytes.span.bytes) == command)
    }

    @Test func `a request is refused for its bytes, or for a field`() {
        var create = CreateTask()
        create.name = "two\nlines"
        let bytes = create.encoded()
        #expect(
            throws: MalformedRequest.field(
                FieldViolation(path: "name", problem: "the control character U+000A"))
        ) { try Command(method: .createTask, payload: bytes.span.bytes) }
        let error = #expect(throws: MalformedRequest.self) {
            try Command(method: .createTask, payload: Array(bytes.dropLast()).span.bytes)
        }
        guard case .bytes = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }
}
