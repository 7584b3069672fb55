//! What editors are given, and what people are told of it.

use super::{connector, example, operations};

#[test]
fn editors_get_three_schemas_of_draft_7() {
    for (schema, title) in [
        (connector(), "ConnectorFile"),
        (operations(), "OperationsFile"),
        (example(), "ExampleFile"),
    ] {
        assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
        assert_eq!(schema["title"], title);
        assert_eq!(schema["additionalProperties"], false);
        let properties = schema["properties"].as_object().unwrap();
        assert!(
            properties
                .values()
                .all(|property| property["description"].is_string())
        );
    }
}
