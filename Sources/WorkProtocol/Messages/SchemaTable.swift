/// The schema at run time.
enum SchemaTable {}
