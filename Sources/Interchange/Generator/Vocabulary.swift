/// The words a generated organization is made of.
enum Vocabulary {
    static let firstNames = [
        "Amara", "Ben", "Chiara", "Daniel", "Elif", "Farid", "Grace", "Hugo", "Ines", "Jonas",
        "Keiko", "Liam", "Maya", "Noah", "Olga", "Pedro", "Quinn", "Rosa", "Sven", "Tomás", "Uma",
        "Viktor", "Wanda", "Xiomara", "Yusuf", "Zoë", "Aisha", "Björn", "Carmen", "Dmitri",
        "Esther",
        "Felix", "Giulia", "Hannah", "Ivan", "Jing", "Kofi", "Leila", "Marek", "Nadia",
    ]
    static let lastNames = [
        "Abara", "Bianchi", "Chen", "Dvořák", "Eriksen", "Fontaine", "García", "Huber", "Ito",
        "Jansen", "Kowalski", "Lindqvist", "Müller", "Nguyen", "Okafor", "Petrov", "Quist", "Rossi",
        "Santos", "Tanaka", "Ueda", "Varga", "Weber", "Xu", "Yılmaz", "Zhang", "Adeyemi", "Brandt",
        "Costa", "Delgado", "Fischer", "Hansen", "Ivanova", "Kaya", "Larsen", "Moreau", "Novak",
        "Olsen", "Patel", "Schmidt",
    ]
    static let projects = [
        "Website relaunch", "Mobile app 3.0", "Office move", "Customer onboarding",
        "Support backlog",
        "Annual conference", "Security review", "Data warehouse", "Hiring", "Brand refresh",
        "Billing migration", "Quarterly planning",
    ]
    static let themes = [
        "Pricing", "Search", "Partner", "Newsletter", "Warehouse", "Training", "Compliance",
        "Analytics", "Payments", "Returns", "Translation", "Accessibility", "Field sales",
        "Research", "Reporting", "Intranet", "Packaging", "Payroll", "Travel", "Video",
    ]
    static let efforts = [
        "programme", "clean-up", "pilot", "roll-out", "redesign", "experiments", "launch", "audit",
        "migration", "roadmap",
    ]
    static let sections = [
        ["Backlog", "To do", "In progress", "Review", "Done"],
        ["Ideas", "Next", "Doing", "Waiting for others", "Finished"],
        ["Planning", "Design", "Content", "Development", "Testing", "Launch", "After launch"],
        ["This week", "Later", "Done"],
        ["Inbox", "Research", "Offers", "Decided"],
    ]
    static let labels = [
        "urgent", "design", "content", "bug", "legal", "customer", "finance", "quick win",
        "blocked outside", "research", "copy", "accessibility", "performance", "security", "print",
        "social media", "follow-up", "nice to have", "contract", "hardware", "training", "event",
        "translation", "data",
    ]
    static let verbs = [
        "Draft", "Review", "Fix", "Order", "Call", "Update", "Translate", "Test", "Prepare",
        "Compare", "Schedule", "Write", "Publish", "Collect", "Check", "Design", "Rework", "Send",
        "Migrate", "Clean up", "Approve", "Book", "Measure", "Document", "Discuss", "Plan",
    ]
    static let objects = [
        "the pricing page", "the home page", "the contact form", "product photos", "the FAQ",
        "the quarterly numbers", "the contract with the print shop", "the release notes",
        "the onboarding e-mails", "the search results", "the checkout", "the newsletter",
        "the meeting room", "interview questions", "the supplier list", "the style guide",
        "the cookie banner", "the sitemap", "old redirects", "the error messages",
        "the backup plan",
        "the welcome kit", "the floor plan", "customer quotes", "the budget", "the mobile menu",
        "the privacy statement", "the speaker list", "invoices from last month", "the test devices",
        "the login screen", "icons for the app", "the case study", "the team photo", "the cake",
    ]
    static let additions = [
        "for the new brand", "with legal", "for the Spanish site", "before the board meeting",
        "on small screens", "for the trade fair", "with the agency", "after the holidays",
        "for version 2", "in the warehouse", "with screenshots", "for all regions",
        "(second round)",
        "and share the results", "for accessibility", "for the Zürich office", "🎉",
    ]
    static let sentences = [
        "Please have a look before Thursday, the agency needs our answer by then.",
        "The current version is from last year and still shows the old logo.",
        "We agreed in the meeting to keep the structure and only change the wording.",
        "Numbers come from finance; ask them for the latest export if something looks odd.",
        "It is enough to cover the three biggest customer groups for now.",
        "Screenshots are in the shared folder, see the subfolder with today's date.",
        "Two people asked for this last week, so it seems to matter more than we thought.",
        "If this takes longer than half a day, let's talk again.",
        "The deadline is fixed because the printing slot is booked.",
        "Not urgent, but it should not be forgotten either.",
        "Works on desktop, fails on older phones when the keyboard is open.",
        "I have asked for two more offers; they should arrive early next week.",
        "Careful: the form is also used by the partner portal.",
        "Müller & Söhne confirmed the delivery, but only for the first half.",
        "The translation is done, it only has to be proofread.",
        "See https://example.com/briefs/4711 for the brief and the comments from the workshop.",
        "We should measure before and after, otherwise nobody will believe the result.",
        "Cost: about 1,200 including shipping; approved by Grace.",
    ]
    static let comments = [
        "Done, please check.", "I'll take this one.", "Can we move this to next week?",
        "Looks good to me 👍", "The supplier has not answered yet, I will call again tomorrow.",
        "I changed the second paragraph, the rest is as it was.", "Who decides this in the end?",
        "Uploaded the new version.", "Thanks!", "This depends on the contract, waiting for legal.",
        "Tested on three devices: fine on two, the third crops the picture on the right.",
        "Let's discuss it in the stand-up.",
    ]
}
