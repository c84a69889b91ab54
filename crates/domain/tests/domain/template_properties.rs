//! The template language under whatever can be typed: no panic, places that are there, and what
//! MiniJinja would have made of it.

#![allow(clippy::unwrap_used)] // A test that can't go on stops there.

use crate::template::{input, minijinja};
use domain::content::{InputKind, VersionContent};
use domain::template::{RenderedMessage, check, render, uses};
use proptest::prelude::*;
use serde_json::{Map, json};
use std::collections::BTreeMap;

/// Texts that are mostly template: pieces of the language in any order.
fn pieces() -> impl Strategy<Value = String> {
    const PIECES: &[&str] = &[
        "{{",
        "}}",
        "{%",
        "%}",
        "{#",
        "#}",
        "{{-",
        "-%}",
        " ",
        "\n",
        "a",
        "l",
        "o",
        "a.b",
        "if",
        "for",
        "in",
        "x",
        "else",
        "elif",
        "endif",
        "endfor",
        "include",
        "'s'",
        "\"",
        "\\",
        "|",
        "upper",
        "join",
        "default",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ".",
        ",",
        "1",
        "0x",
        "9e9",
        "-",
        "+",
        "~",
        "==",
        "<",
        "and",
        "not",
        "is",
        "defined",
        "raw",
        "endraw",
        "loop.index",
        "é",
        "🙂",
        "\u{0}",
        "{% if a %}",
        "{% for x in l %}",
        "{% endif %}",
        "{% endfor %}",
        "{{ a }}",
        "{{ x }}",
        "{% include 's' %}",
    ];
    proptest::collection::vec(proptest::sample::select(PIECES), 0..40)
        .prop_map(|list| list.concat())
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in prop_oneof![pieces(), any::<String>()]) {
        let mut content = VersionContent::text(text.as_str());
        content.inputs = vec![input("a", InputKind::Text), input("l", InputKind::List), input("o", InputKind::Object)];
        let snippet = VersionContent::text("[snippet]");
        content.includes = BTreeMap::from([("s".to_owned(), snippet.encode().unwrap().1)]);
        let problems = check(&content, &|_| Some(snippet.clone()));
        let units = u32::try_from(text.encode_utf16().count()).unwrap();
        for place in problems.iter().filter_map(|problem| problem.place.as_ref()) {
            prop_assert!(place.start <= place.end && place.end <= units, "{place:?}");
        }
        let values = json!({"a": "text", "l": ["one", {"b": 2}], "o": {"b": "c"}});
        let rendered = render(&content, values.as_object().unwrap(), &|_| Some(snippet.clone()));
        // What was found when checking is what rendering says, and never the other way round.
        prop_assert!(problems.is_empty() || rendered.is_err());
        for found in uses(&text).inputs {
            prop_assert!(text.contains(&found.name));
        }
    }

    #[test]
    fn what_a_text_without_tags_says_is_what_is_sent(text in "[^{]*") {
        let rendered = render(&VersionContent::text(text.as_str()), &Map::new(), &|_| None).unwrap();
        let [RenderedMessage::Message { text: sent, .. }] = rendered.messages.as_slice() else { panic!() };
        prop_assert_eq!(sent, &text);
    }

    /// Accepted and rendered by us means rendered alike by MiniJinja.
    #[test]
    fn whatever_we_render_minijinja_renders_alike(text in pieces()) {
        let mut content = VersionContent::text(text.as_str());
        content.inputs = vec![input("a", InputKind::Text), input("l", InputKind::List), input("o", InputKind::Object)];
        let values = json!({"a": "text", "l": ["one", "two"], "o": {"b": "c"}});
        if let Ok(rendered) = render(&content, values.as_object().unwrap(), &|_| None) {
            let environment = minijinja();
            let theirs = environment.render_str(&text, minijinja::value::Serde(&values));
            prop_assert_eq!(theirs.map_err(|error| error.to_string()), Ok(rendered.text()));
        }
    }
}
