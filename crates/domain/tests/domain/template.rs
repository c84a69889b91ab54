//! The template language, held to the cases that every SDK runs, to MiniJinja, and to its bounds.

#![allow(clippy::unwrap_used)] // A test that can't go on stops there.

use domain::content::{Input, InputKind, Message, VersionContent};
use domain::template::{Code, Problem, RenderedMessage, Template, check, render, uses};
use domain::{Digest, limits};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Case {
    name: String,
    template: Option<String>,
    #[serde(default)]
    inputs: Vec<Input>,
    content: Option<VersionContent>,
    #[serde(default)]
    snippets: BTreeMap<String, SnippetText>,
    values: Map<String, Value>,
    output: Option<String>,
    messages: Option<Value>,
    error: Option<ExpectedError>,
}

#[derive(Deserialize)]
struct SnippetText {
    text: String,
    #[serde(default)]
    inputs: Vec<Input>,
}

#[derive(Deserialize)]
struct ExpectedError {
    code: Code,
    message: Option<u32>,
    line: Option<u32>,
    column: Option<u32>,
    snippet: Option<String>,
    input: Option<String>,
}

const FILES: &[(&str, &str)] = &[
    (
        "values",
        include_str!("../../../../sdks/conformance/template/values.json"),
    ),
    (
        "inputs",
        include_str!("../../../../sdks/conformance/template/inputs.json"),
    ),
    (
        "filters",
        include_str!("../../../../sdks/conformance/template/filters.json"),
    ),
    (
        "if",
        include_str!("../../../../sdks/conformance/template/if.json"),
    ),
    (
        "for",
        include_str!("../../../../sdks/conformance/template/for.json"),
    ),
    (
        "include",
        include_str!("../../../../sdks/conformance/template/include.json"),
    ),
    (
        "space",
        include_str!("../../../../sdks/conformance/template/space.json"),
    ),
    (
        "refused",
        include_str!("../../../../sdks/conformance/template/refused.json"),
    ),
    (
        "chat",
        include_str!("../../../../sdks/conformance/template/chat.json"),
    ),
    (
        "corners",
        include_str!("../../../../sdks/conformance/template/corners.json"),
    ),
];

fn cases() -> Vec<(String, Case)> {
    FILES
        .iter()
        .flat_map(|(file, json)| {
            let json: Value = serde_json::from_str(json).expect(file);
            let cases: Vec<Case> = serde_json::from_value(expanded(json)).expect(file);
            cases
                .into_iter()
                .map(move |case| (format!("{file}: {}", case.name), case))
        })
        .collect()
}

/// Large values are written short in the files: `{"$text": [count, text]}`, `{"$list": [count, item]}`.
fn expanded(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let only = fields.iter().next().filter(|_| fields.len() == 1);
            let short = only.and_then(|(key, given)| {
                let count = usize::try_from(given.get(0)?.as_u64()?).ok()?;
                let what = given.get(1)?;
                match key.as_str() {
                    "$text" => Some(Value::from(what.as_str()?.repeat(count))),
                    "$list" => Some(Value::from(vec![expanded(what.clone()); count])),
                    _ => None,
                }
            });
            short.unwrap_or_else(|| {
                let fields = fields.into_iter();
                Value::Object(fields.map(|(key, field)| (key, expanded(field))).collect())
            })
        }
        Value::Array(items) => items.into_iter().map(expanded).collect(),
        other => other,
    }
}

/// Snippets by digest, and by name for whoever includes them.
type Library = (BTreeMap<Digest, VersionContent>, BTreeMap<String, Digest>);

/// Pins the snippets as saving does: those that include nothing first.
fn pin(snippets: &BTreeMap<String, SnippetText>) -> Library {
    let (mut contents, mut names) = (BTreeMap::new(), BTreeMap::new());
    while names.len() < snippets.len() {
        let before = names.len();
        for (name, snippet) in snippets {
            let wanted = uses(&snippet.text).includes;
            if names.contains_key(name)
                || !wanted.iter().all(|wanted| names.contains_key(&wanted.name))
            {
                continue;
            }
            let mut content = VersionContent::text(&snippet.text);
            content.inputs = snippet.inputs.clone();
            content.includes = wanted
                .into_iter()
                .map(|wanted| (wanted.name.clone(), names[&wanted.name]))
                .collect();
            let digest = content.encode().unwrap().1;
            contents.insert(digest, content);
            names.insert(name.clone(), digest);
        }
        assert!(
            names.len() > before,
            "these snippets include each other in a circle"
        );
    }
    (contents, names)
}

fn content_of(case: &Case, names: &BTreeMap<String, Digest>) -> VersionContent {
    let mut content = case.content.clone().unwrap_or_else(|| {
        let mut content = VersionContent::text(case.template.clone().expect("template or content"));
        content.inputs = case.inputs.clone();
        content
    });
    content.includes = names.clone();
    content
}

#[test]
fn every_case_gives_what_it_says() {
    let cases = cases();
    assert!(cases.len() >= 60, "{} cases", cases.len());
    let mut wrong = Vec::new();
    for (name, case) in &cases {
        let (contents, names) = pin(&case.snippets);
        let content = content_of(case, &names);
        let result = render(&content, &case.values, &|digest| {
            contents.get(digest).cloned()
        });
        let fine = match (&result, &case.error) {
            (Ok(rendered), None) => match (&case.output, &case.messages) {
                (Some(output), _) => rendered.text() == *output,
                (None, Some(messages)) => json!(rendered.messages) == *messages,
                (None, None) => false,
            },
            (Err(problem), Some(expected)) => matches_error(problem, expected),
            _ => false,
        };
        if !fine {
            wrong.push(format!("{name}\n    {result:?}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {} cases:\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );
}

fn matches_error(problem: &Problem, expected: &ExpectedError) -> bool {
    let place = problem.place.as_ref();
    problem.code == expected.code
        && problem.input == expected.input
        && place.map(|place| place.line) == expected.line
        && place.map(|place| place.column) == expected.column
        && place.and_then(|place| place.snippet.clone()) == expected.snippet
        && expected
            .message
            .is_none_or(|message| place.is_some_and(|place| place.message == message))
}

/// What we accept is Jinja: MiniJinja renders it to the same text. Numbers and JSON are left out,
/// which we write as RFC 8785 does, and snippets, whose names we keep apart.
#[test]
fn what_is_accepted_is_jinja() {
    let mut compared = 0;
    for (name, case) in cases() {
        let (Some(template), Some(output)) = (&case.template, &case.output) else {
            continue;
        };
        let ours_only = template.contains("tojson")
            || template.contains("include")
            || [
                "values: a whole fraction is written without its zero",
                "values: a large number as JavaScript writes it",
                // `null` is nothing to us, and a value to Jinja.
                "filters: default for a field that is null",
                "if: a field that is null is not defined",
                // MiniJinja's own numbers, truths and characters.
                "corners: small fractions",
                "corners: large fractions",
                "corners: nothing below zero",
                "corners: numbers in other writings",
                "corners: true is not one",
                "corners: a truth in a list of numbers",
                "corners: a field that every object has in some languages",
                // Jinja's undefined is none of these.
                "inputs: a left-out text equals an empty one",
                "inputs: a left-out list has length 0",
            ]
            .contains(&name.as_str());
        if ours_only {
            continue;
        }
        let environment = minijinja();
        let mut values = case.values.clone();
        for input in &case.inputs {
            if let Some(default) = &input.default {
                values
                    .entry(input.name.clone())
                    .or_insert_with(|| default.clone());
            }
        }
        let theirs = environment
            .render_str(template, minijinja::value::Serde(values))
            .expect(&name);
        assert_eq!(&theirs, output, "{name}");
        compared += 1;
    }
    assert!(compared > 50, "only {compared} cases were compared");
}

pub fn minijinja() -> minijinja::Environment<'static> {
    let mut environment = minijinja::Environment::new();
    let syntax = minijinja::syntax::SyntaxConfig::builder()
        .keep_trailing_newline(true)
        .build();
    environment.set_syntax(syntax.unwrap());
    environment.set_undefined_behavior(minijinja::UndefinedBehavior::Chainable);
    environment
}

#[test]
fn all_problems_of_a_text_are_told_in_order() {
    let mut content =
        VersionContent::text("{{ a }}\n{% set x = 1 %}\n{{ b|title }}{% if %}{% endif %}{{ c }}");
    content.inputs = vec![input("a", InputKind::List)];
    let problems = check(&content, &|_| None);
    let codes: Vec<_> = problems
        .iter()
        .map(|p| (p.place.as_ref().map_or(0, |place| place.line), p.code))
        .collect();
    assert_eq!(
        codes,
        [
            (1, Code::WrongKind),
            (2, Code::NotAllowed),
            (3, Code::NotAllowed),
            (3, Code::Syntax),
            (3, Code::UnknownName)
        ]
    );
    let place = problems[0].place.as_ref().unwrap();
    assert_eq!((place.start, place.end), (0, 7));
}

#[test]
fn a_near_miss_is_named() {
    let mut content = VersionContent::text("{{ custmer_name }}");
    content.inputs = vec![input("customer_name", InputKind::Text)];
    let problems = check(&content, &|_| None);
    assert_eq!(
        problems[0].message,
        "there is no input “custmer_name”; did you mean “customer_name”?"
    );
}

#[test]
fn uses_are_found_with_their_places_in_half_written_texts_too() {
    let text = "🙂 {{ name|default(nick) }} {% for x in list %}{{ x.a }}{{ loop.index }}{% endfor %}\n{% include \"snippets/tone\" %} {{ oops + 1 }} {% if open %}";
    let found = uses(text);
    let names: Vec<_> = found
        .inputs
        .iter()
        .map(|found| found.name.as_str())
        .collect();
    assert_eq!(names, ["name", "nick", "list", "open"]);
    // The face is two code units, and a space and "{{ " stand before the name.
    assert_eq!(
        (found.inputs[0].place.start, found.inputs[0].place.end),
        (6, 10)
    );
    assert_eq!(found.includes.len(), 1);
    assert_eq!(found.includes[0].name, "snippets/tone");
    assert_eq!(
        (found.includes[0].place.line, found.includes[0].place.column),
        (2, 1)
    );
}

#[test]
fn output_is_cut_off_at_its_limit() {
    let list: Vec<Value> = (0..1000).map(Value::from).collect();
    let block = "x".repeat(2_000);
    let mut content = VersionContent::text(format!("{{% for i in list %}}{block}{{% endfor %}}"));
    content.inputs = vec![input("list", InputKind::List)];
    let values = |list: &[Value]| Map::from_iter([("list".to_owned(), Value::from(list))]);
    let problem = render(&content, &values(&list), &|_| None).unwrap_err();
    assert_eq!(problem.code, Code::TooLarge);
    assert!(render(&content, &values(&list[..500]), &|_| None).is_ok());

    // Exactly at the limit, and one byte beyond, over two messages.
    let mut content = VersionContent::empty_chat();
    content.inputs = vec![input("a", InputKind::Text), input("b", InputKind::Text)];
    for (message, name) in content.messages.iter_mut().zip(["a", "b"]) {
        let Message::Message { text, .. } = message else {
            unreachable!()
        };
        *text = format!("{{{{ {name} }}}}");
    }
    let render_both = |a: usize, b: usize| {
        let values = json!({"a": "x".repeat(a), "b": "x".repeat(b)});
        render(&content, values.as_object().unwrap(), &|_| None)
    };
    let half = limits::RENDERED_BYTES / 2;
    assert!(render_both(half, half).is_ok());
    assert_eq!(
        render_both(half, half + 1).unwrap_err().code,
        Code::TooLarge
    );
}

#[test]
fn a_separator_can_not_multiply_beyond_the_limit() {
    let mut content = VersionContent::text("{{ list|join(sep) }}");
    content.inputs = vec![
        input("list", InputKind::List),
        input("sep", InputKind::Text),
    ];
    let values = json!({"list": vec![""; 10_000], "sep": "x".repeat(100_000)});
    let problem = render(&content, values.as_object().unwrap(), &|_| None).unwrap_err();
    assert_eq!(problem.code, Code::TooLarge);
}

#[test]
fn work_without_output_ends_too() {
    let mut content = VersionContent::text(
        "{% for a in l %}{% for b in l %}{% if a == b %}{% endif %}{% endfor %}{% endfor %}",
    );
    content.inputs = vec![input("l", InputKind::List)];
    let values = json!({"l": (0..5_000).collect::<Vec<_>>()});
    let problem = render(&content, values.as_object().unwrap(), &|_| None).unwrap_err();
    assert_eq!(problem.code, Code::TooLong);
}

#[test]
fn snippets_that_include_each_other_many_times_over_end() {
    // Each level includes the one below 60 times: 60⁷ paths, eight texts.
    let mut contents = BTreeMap::new();
    let mut below = VersionContent::text("");
    for _ in 0..7 {
        let digest = below.encode().unwrap().1;
        contents.insert(digest, below);
        below = VersionContent::text("{% include 'x' %}".repeat(60));
        below.includes = BTreeMap::from([("x".to_owned(), digest)]);
    }
    assert_eq!(check(&below, &|digest| contents.get(digest).cloned()), []);
    let problem = render(&below, &Map::new(), &|digest| contents.get(digest).cloned()).unwrap_err();
    assert_eq!(problem.code, Code::TooLong);
}

#[test]
fn includes_reach_eight_deep_and_no_deeper() {
    let chain = |levels: usize| {
        let mut contents = BTreeMap::new();
        let mut top = VersionContent::text("end");
        for _ in 0..levels {
            let digest = top.encode().unwrap().1;
            contents.insert(digest, top);
            top = VersionContent::text("{% include 'x' %}");
            top.includes = BTreeMap::from([("x".to_owned(), digest)]);
        }
        render(&top, &Map::new(), &|digest| contents.get(digest).cloned())
    };
    let text = |rendered: domain::template::Rendered| rendered.text();
    assert_eq!(chain(limits::INCLUDE_DEPTH).map(text), Ok("end".to_owned()));
    assert_eq!(
        chain(limits::INCLUDE_DEPTH + 1).unwrap_err().code,
        Code::TooDeep
    );
}

#[test]
fn deep_nesting_is_refused_and_not_followed() {
    let deep = [
        "{% if a %}".repeat(100_000),
        format!("{{% if {}a %}}{{% endif %}}", "not ".repeat(100_000)),
        format!(
            "{{% if {}a{} %}}{{% endif %}}",
            "(".repeat(100_000),
            ")".repeat(100_000)
        ),
        format!("{{% if a {} %}}{{% endif %}}", "and a ".repeat(100_000)),
        format!("{{{{ a{} }}}}", ".b".repeat(100_000)),
        format!("{{{{ a{} }}}}", "|trim".repeat(100_000)),
        format!("{{{{ {}1 }}}}", "-".repeat(100_000)),
        format!(
            "{{% if a %}}{}{{% endif %}}",
            "{% elif a %}".repeat(100_000)
        ),
    ];
    for text in deep {
        let mut content = VersionContent::text(text.as_str());
        content.inputs = vec![input("a", InputKind::Text)];
        let problems = check(&content, &|_| None);
        // The elifs lie side by side: they are no nesting.
        assert_eq!(
            problems.is_empty(),
            text.contains("elif"),
            "{}",
            &text[..40]
        );
    }
}

pub fn input(name: &str, kind: InputKind) -> Input {
    serde_json::from_value(json!({"name": name, "type": kind})).unwrap()
}

/// What a reader does who knows `{{name}}` and nothing else.
fn put_in(text: &str, values: &Map<String, Value>) -> String {
    values.iter().fold(text.to_owned(), |text, (name, value)| {
        let value = value.as_str().unwrap_or_default();
        text.replace(&format!("{{{{{name}}}}}"), value)
    })
}

#[test]
fn written_out_it_gives_plain_readers_what_rendering_gives() {
    let (mut same, mut refused) = (0, 0);
    for (name, case) in cases().iter().filter(|(_, case)| case.error.is_none()) {
        let (contents, names) = pin(&case.snippets);
        let content = content_of(case, &names);
        let find = |digest: &Digest| contents.get(digest).cloned();
        let template = Template::prepare(&content, &find).expect(name);
        // Values that are texts, all of them given: others have a form of their own at each reader.
        let given = content
            .inputs
            .iter()
            .map(|input| case.values.get(&input.name));
        let texts = given
            .into_iter()
            .all(|value| matches!(value, Some(Value::String(_))));
        let Ok(flat) = template.flat() else {
            refused += 1;
            continue;
        };
        if !texts {
            continue;
        }
        let rendered = template.render(&case.values).expect(name);
        for (flat, rendered) in flat.iter().zip(&rendered.messages) {
            let (
                RenderedMessage::Message { text, .. },
                RenderedMessage::Message { text: wanted, .. },
            ) = (flat, rendered)
            else {
                continue;
            };
            assert_eq!(put_in(text, &case.values), *wanted, "{name}");
            same += 1;
        }
    }
    assert!(
        same >= 10 && refused >= 20,
        "{same} alike, {refused} refused"
    );
}

#[test]
fn what_plain_readers_would_misread_is_refused_with_its_place() {
    let find = |_: &Digest| None;
    for (text, what, line, column) in [
        ("Hello {{ name }}", None, 0, 0),
        ("{{- name -}}  !", None, 0, 0),
        ("a\n{% if name %}b{% endif %}", Some("a condition"), 2, 7),
        (
            "{% for one in list %}{{ one }}{% endfor %}",
            Some("a loop"),
            1,
            1,
        ),
        ("{{ name|upper }}", Some("a filter"), 1, 1),
        (
            "{{ who.name }}",
            Some("a path into an input (who.name)"),
            1,
            1,
        ),
        ("{{ \"{{x}}\" }}", Some("a value written in braces"), 1, 1),
        (
            "{% raw %}{{ name }}{% endraw %}",
            Some("double braces"),
            1,
            1,
        ),
    ] {
        let mut content = VersionContent::text(text);
        let kinds = [
            ("name", InputKind::Text),
            ("list", InputKind::List),
            ("who", InputKind::Object),
        ];
        content.inputs = kinds.map(|(name, kind)| input(name, kind)).to_vec();
        let flat = Template::prepare(&content, &find).expect(text).flat();
        match (flat, what) {
            (Ok(_), None) => {}
            (Err(problem), Some(what)) => {
                assert!(problem.message.contains(what), "{text}: {problem}");
                let place = problem.place.expect("it has a place");
                assert_eq!((place.line, place.column), (line, column), "{text}");
            }
            (flat, _) => panic!("{text}: {flat:?}"),
        }
    }
}
