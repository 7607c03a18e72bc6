import Testing
import WorkProtocol

@testable import WorkGraph

@Suite struct StoriesRichTextTests {
    @Test(arguments: [
        ("plain", "plain"),
        ("<body>a &lt;b&gt; &amp; &quot;c&quot; &#39;d&#x27;</body>", "a <b> & \"c\" 'd'"),
        (
            "<body><h1>Plan</h1>first<ol><li>one</li><li>two</li></ol>last</body>",
            "Plan\nfirst\n- one\n- two\nlast"
        ),
        ("a<br>b<br/>c", "a\nb\nc"),
        ("<a href='https://x.org/?a>b'>link</a>", "link"),
    ])
    func `formatting is taken off`(html: String, text: String) throws {
        #expect(try RichText(html: html, "html_notes").text == text)
    }

    @Test func `mentions are those of links and of the text`() throws {
        let html = "<a data-asana-gid=\"17\" href=\"https://x.org\">Ann</a> and @18, <b>@19</b>"
        let writing = try Writing(text: "", html: html, "text")
        #expect(writing.mentions == [17, 18, 19])
        #expect(RichText.mentions(in: "a@5 @@6 @ 7 @08 @99999999999999999999 mail@x") == [5, 6])
    }

    @Test(arguments: [
        "<script>x</script>", "<b>", "</b>", "<b></i>", "<b", "&#0;", "&#x85;", "&unknown;",
        "a & b",
        "<a href=\"javascript:x\">y</a>", "<a href=\" JavaScript:x\">y</a>",
        "<a href=\"&#106;avascript:x\">y</a>", "<img src=data:text/html,x>",
        "<b onclick=\"x\"></b>",
        "<b/onmouseover=x></b>",
        // Two elements to a browser, with a script in between.
        "<a x=y\"> <script>alert(1)</script> <a z=\"></a>", "<a \"x\"></a>", "<a x=`y`></a>",
        "<a <b></a>", "<a style=\"background:url(x)\">y</a>", "<iframe>",
    ])
    func `what a browser might run, or not understand, is refused`(html: String) {
        #expect(throws: Rejection.self) { try RichText(html: html, "html_notes") }
    }

    @Test func `attributes are read one by one`() {
        let text = Substring(" a=1 b = \"two words\" C='3' d / e=")
        #expect(
            HTMLAttribute.all(in: text).map { [$0.name, $0.value] } == [
                ["a", "1"], ["b", "two words"], ["c", "3"], ["d", ""], ["e", ""],
            ])
        #expect(HTMLAttribute(name: "title", value: "come on: javascript:").isHarmless)
    }

    @Test func `who comments is not refused because so many follow`() throws {
        let world = try World()
        let task = try world.task("t")
        var many: [UInt64] = []
        for index in 0..<GraphLimits.collaboratorsPerTask {
            many.append(try world.person("P\(index)").account.rawValue)
        }
        func add(_ accounts: [UInt64]) -> Command {
            .changeCollaborators(
                .with {
                    $0.task = task
                    $0.add = accounts
                })
        }
        try world.change(add(Array(many.dropLast())), as: world.ann)
        #expect(reason(world.refused(add([many[many.count - 1]]), as: world.ann)) == .limitReached)
        try world.change(
            .addComment(
                .with {
                    $0.task = task
                    $0.text = "@2"
                }), as: world.ann)
        #expect(try world.get(task).collaborators.count == GraphLimits.collaboratorsPerTask)
    }

    @Test func `a short list is an array`() {
        var head = ShortList<UInt32>.Head()
        var rest: [UInt32]?
        var array: [UInt32] = []
        for number in UInt32(1)...6 {
            let list = ShortList(head, rest: rest)
            #expect(Array(list) == array && list.count == array.count)
            if !head.append(number) { rest = (rest ?? []) + [number] }
            array.append(number)
            #expect(list != ShortList(head, rest: rest))
        }
        #expect(Array(ShortList(head, rest: rest)) == array)
    }

    @Test func `a change of access is noticed at once`() throws {
        let world = try World()
        let (project, _) = try world.project()
        let task = try world.task("t", in: project)
        let query = Query.getTask(.with { $0.task = task })
        #expect(world.refusedQuery(query, as: world.bob) == nil)
        try world.change(
            .updateProject(
                .with {
                    $0.project = project
                    $0.privacy = .private
                }), as: world.ann)
        #expect(world.refusedQuery(query, as: world.bob) == .notFound)
        try world.change(
            .setProjectMember(
                .with {
                    $0.project = project
                    $0.member = 2
                    $0.access = .viewer
                }), as: world.ann)
        #expect(world.refusedQuery(query, as: world.bob) == nil)
    }
}
