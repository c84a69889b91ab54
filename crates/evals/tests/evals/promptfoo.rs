//! promptfoo's configurations: what becomes of every shape, what is left out, and what is never read.

use domain::graders::{Answered, Grader, Panel};
use evals::promptfoo::{Folder, ImportError, Imported, read};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// Files in memory that remember what was asked of them.
#[derive(Default)]
struct Shelf {
    files: BTreeMap<String, Vec<u8>>,
    asked: RefCell<Vec<String>>,
}

impl Folder for Shelf {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        self.asked.borrow_mut().push(path.to_owned());
        let found = self.files.get(path).cloned();
        found.ok_or_else(|| "is not there".to_owned())
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, String> {
        let prefix = format!("{folder}/");
        let names = self
            .files
            .keys()
            .filter_map(|path| path.strip_prefix(&prefix));
        Ok(names.map(str::to_owned).collect())
    }
}

fn shelf(config: &str, files: &[(&str, &str)]) -> Shelf {
    let mut shelf = Shelf::default();
    shelf
        .files
        .insert("promptfooconfig.yaml".to_owned(), config.into());
    for (path, text) in files {
        shelf.files.insert((*path).to_owned(), (*text).into());
    }
    shelf
}

fn import(config: &str, files: &[(&str, &str)]) -> Imported {
    read("promptfooconfig.yaml", &shelf(config, files)).unwrap()
}

fn left_out(imported: &Imported) -> Vec<String> {
    imported.left_out.iter().map(ToString::to_string).collect()
}

/// One assertion as the grader that it becomes, or why it does not.
fn one(assertion: &str) -> Result<Value, String> {
    let config = format!(
        "tests:\n  - vars: {{city: Oslo, other: {{deep: 7}}}}\n    assert:\n      - {{type: is-refusal, weight: 2}}\n      - {assertion}\n"
    );
    let imported = import(
        &config,
        &[
            ("shape.json", "{\"type\": \"array\"}"),
            ("word.txt", "fjord"),
        ],
    );
    match imported.left_out.first() {
        Some(left) => Err(left.to_string()),
        None => Ok(json!(imported.dataset.graders[0])["parts"][1].clone()),
    }
}

#[test]
fn assertions_and_the_graders_that_they_become() {
    let contains = |all: &[&str], any: &[&str], none: &[&str], ignore: bool| {
        json!(Grader::Contains {
            all: all.iter().map(ToString::to_string).collect(),
            any: any.iter().map(ToString::to_string).collect(),
            none: none.iter().map(ToString::to_string).collect(),
            ignore_case: ignore,
        })
    };
    let table = [
        (
            "{type: contains-all, value: [a, 1]}",
            contains(&["a", "1"], &[], &[], false),
        ),
        (
            "{type: icontains-all, value: 'a, b'}",
            contains(&["a", "b"], &[], &[], true),
        ),
        (
            "{type: icontains-any, value: [a, b]}",
            contains(&[], &["a", "b"], &[], true),
        ),
        (
            "{type: not-contains, value: a}",
            contains(&[], &[], &["a"], false),
        ),
        (
            "{type: not-icontains, value: 'in {{city}}'}",
            contains(&[], &[], &["in Oslo"], true),
        ),
        (
            "{type: not-contains-any, value: [a, b]}",
            contains(&[], &[], &["a", "b"], false),
        ),
        (
            "{type: not-contains-any, value: 'file://word.txt'}",
            contains(&[], &[], &["fjord"], false),
        ),
        (
            "{type: not-contains-all, value: [a, b]}",
            json!({"type": "not", "grader": contains(&["a", "b"], &[], &[], false)}),
        ),
        (
            "{type: regex, value: '\\d{4}'}",
            json!({"type": "regex", "pattern": "\\d{4}", "ignore_case": false, "absent": false}),
        ),
        (
            "{type: not-regex, value: x}",
            json!({"type": "regex", "pattern": "x", "ignore_case": false, "absent": true}),
        ),
        (
            "{type: starts-with, value: 'a.b'}",
            json!({"type": "regex", "pattern": "\\Aa\\.b", "ignore_case": false, "absent": false}),
        ),
        (
            "{type: is-json}",
            json!({"type": "json_schema", "schema": {}}),
        ),
        (
            "{type: is-json, value: 'file://shape.json'}",
            json!({"type": "json_schema", "schema": {"type": "array"}}),
        ),
        (
            "{type: contains-json, value: {required: [a]}}",
            json!({"type": "json_schema", "schema": {"required": ["a"]}, "anywhere": true}),
        ),
        (
            "{type: levenshtein, value: abc}",
            json!({"type": "similar", "expected": "abc", "by": "edits", "most_edits": 5}),
        ),
        (
            "{type: not-levenshtein, value: abc, threshold: 2}",
            json!({"type": "not", "grader": {"type": "similar", "expected": "abc", "by": "edits", "most_edits": 2}}),
        ),
        (
            "{type: word-count, value: 5}",
            json!({"type": "length", "unit": "words", "least": 5, "most": 5}),
        ),
        (
            "{type: word-count, value: {max: 5}}",
            json!({"type": "length", "unit": "words", "most": 5}),
        ),
        (
            "{type: latency, threshold: 800}",
            json!({"type": "latency", "most_ms": 800}),
        ),
        (
            "{type: not-is-refusal}",
            json!({"type": "refusal", "absent": true}),
        ),
        (
            "{type: assert-set, threshold: 0.5, assert: [{type: contains, value: a, metric: A}, {type: is-json, weight: 3}]}",
            json!({"type": "together", "least": 0.5, "parts": [
                {"name": "A", "grader": contains(&["a"], &[], &[], false)},
                {"weight": 3.0, "grader": {"type": "json_schema", "schema": {}}}]}),
        ),
    ];
    for (assertion, grader) in table {
        assert_eq!(
            one(assertion).map(|part| part["grader"].clone()),
            Ok(grader),
            "{assertion}"
        );
    }
    let part = one("{type: equals, value: '{{ other.deep }}', weight: 0, metric: Depth}").unwrap();
    // The only `equals` says what the case expects.
    assert_eq!(
        part,
        json!({"name": "Depth", "weight": 0.0,
            "grader": {"type": "exact", "trim": false, "ignore_case": false}})
    );
}

#[test]
fn what_galley_has_not_is_named_with_its_line() {
    let table = [
        (
            "{type: javascript, value: 'output.length'}",
            "javascript is a program",
        ),
        (
            "{type: python, value: 'file://x.py'}",
            "python is a program",
        ),
        (
            "{type: webhook, value: 'https://x.example'}",
            "webhook asks an address",
        ),
        (
            "{type: llm-rubric, value: is kind}",
            "llm-rubric is judged by a model",
        ),
        ("{type: similar, value: x}", "similar compares meanings"),
        (
            "{type: is-valid-openai-tools-call}",
            "is-valid-openai-tools-call holds calls against",
        ),
        ("{type: cost}", "cost has no threshold"),
        ("{type: made-up}", "made-up is no assertion that Galley has"),
        ("{type: contains}", "contains has no value"),
        ("{type: latency}", "latency has no threshold"),
        ("{type: regex, value: '(?=a)'}", "regex can't be used here"),
        (
            "{type: contains, value: ''}",
            "contains can't be used here: an empty text",
        ),
        (
            "{type: is-json, value: {$ref: 'https://x.example/s'}}",
            "is-json can't be used here",
        ),
        (
            "{type: contains, value: 'file://../secret.txt'}",
            "leads out of the configuration's own folder",
        ),
        (
            "{type: contains, value: 'file:///etc/passwd'}",
            "leads out of the configuration's own folder",
        ),
        (
            "{type: contains, value: 'file://word.js'}",
            "names a program",
        ),
        (
            "{type: contains, value: '{{env.KEY}}'}",
            "reads an environment variable",
        ),
        (
            "{type: contains, value: '{{unset}}'}",
            "names unset, which its test does not set",
        ),
        (
            "{type: contains, value: '{{ city | upper }}'}",
            "more than {{ names }}",
        ),
        (
            "{type: contains, value: x, transform: 'output.a'}",
            "what a program (transform) made",
        ),
        ("{type: contains, value: x, weight: -1}", "a weight below 0"),
        ("{value: x}", "names no type"),
        ("{$ref: '#/assertionTemplates/none'}", "names no type"),
    ];
    for (assertion, words) in table {
        let left = one(assertion).expect_err(assertion);
        assert!(left.contains(words), "{assertion}: {left}");
        assert!(
            left.starts_with("promptfooconfig.yaml, line 5: "),
            "{assertion}: {left}"
        );
    }
}

#[test]
fn prompts_of_every_form() {
    let config = r#"
prompts:
  - "Say hello to {{name}} in {{language}}"
  - file://texts/two.txt
  - {id: file://chat.json, label: As a chat}
  - {label: Raw, raw: "{{ name | dump }}"}
  - [{"not": "a prompt"}]
  - file://made.py
  - exec:./prompt.sh
  - https://example.com/prompt
  - chat.yaml
  - "{% set x = 1 %}{{ x }}"
  - file://not/there.txt
providers: [{id: "anthropic:messages:claude-x", config: {temperature: 0.5, apiKey: sk-secret-1, max_tokens: 9}}]
tests: [{vars: {name: Ana, language: [de, fr], extra: 4}}]
"#;
    let chat =
        r#"[{"role": "system", "content": "Be kind."}, {"role": "user", "content": "{{name}}"}]"#;
    let yaml = "- role: user\n  content: |\n    Hello {{ name }}\n";
    let files = [
        ("texts/two.txt", "One {{name}}\n---\nTwo\n"),
        ("chat.json", chat),
        ("chat.yaml", yaml),
    ];
    let imported = import(config, &files);
    let names: Vec<_> = imported
        .prompts
        .iter()
        .map(|one| one.name.as_deref())
        .collect();
    let expected = [
        None,
        Some("two 1"),
        Some("two 2"),
        Some("As a chat"),
        Some("Raw"),
        Some("chat"),
        None,
    ];
    assert_eq!(names, expected);
    let texts = |at: usize| -> Vec<(String, String)> {
        let content = json!(imported.prompts[at].content);
        let list = content["messages"].as_array().unwrap().iter();
        list.map(|one| {
            (
                one["role"].as_str().unwrap().to_owned(),
                one["text"].as_str().unwrap().to_owned(),
            )
        })
        .collect()
    };
    let said = |role: &str, text: &str| (role.to_owned(), text.to_owned());
    assert_eq!(texts(1), [said("user", "One {{name}}")]);
    assert_eq!(
        texts(3),
        [said("system", "Be kind."), said("user", "{{name}}")]
    );
    assert_eq!(texts(4), [said("user", "{{ name | tojson }}")]);
    assert_eq!(texts(5), [said("user", "Hello {{ name }}\n")]);
    let inputs = json!(imported.prompts[0].content.inputs);
    let (name, language) = (&inputs[0], &inputs[1]);
    assert_eq!(
        (&name["name"], &name["type"], &name["required"]),
        (&json!("name"), &json!("text"), &json!(true))
    );
    assert_eq!(language["name"], json!("language"));
    assert!(imported.prompts[5].problems.is_empty() && !imported.prompts[6].problems.is_empty());
    let model = json!(imported.prompts[0].content.model);
    assert_eq!(
        model,
        json!({"provider": "anthropic", "model": "claude-x", "parameters": {"temperature": 0.5, "max_tokens": 9}})
    );
    let left = left_out(&imported);
    for (line, words) in [
        (7, "a prompt holds neither"),
        (8, "the prompt made.py is made by a program"),
        (9, "a prompt is made by a program"),
        (10, "a prompt is kept at an address"),
        (13, "the prompt not/there.txt is not there"),
        (14, "apiKey in a provider's config"),
    ] {
        let start = format!("promptfooconfig.yaml, line {line}: {words}");
        assert!(
            left.iter().any(|one| one.starts_with(&start)),
            "{start} in {left:#?}"
        );
    }
    assert!(!format!("{imported:?}").contains("sk-secret-1"));
    // A list stands for a case with each of its values.
    let languages: Vec<_> = imported
        .dataset
        .cases
        .iter()
        .map(|case| case.inputs["language"].clone())
        .collect();
    assert_eq!(languages, [json!("de"), json!("fr")]);
}

#[test]
fn models_are_named_and_everything_else_of_a_provider_stays_here() {
    let table = [
        ("openai:gpt-4o", Some("openai/gpt-4o")),
        ("openai:chat:gpt-4o", Some("openai/gpt-4o")),
        ("openai:responses:gpt-5", Some("openai/gpt-5")),
        ("ollama:chat:llama3:8b", Some("ollama/llama3:8b")),
        ("openrouter:meta/llama", Some("openrouter/meta/llama")),
        ("google:gemini-2.5-flash", Some("google/gemini-2.5-flash")),
        ("openai:embedding:x", None),
        ("anthropic:claude-agent-sdk", None),
        ("azure:chat:x", None),
        ("bedrock:x", None),
        ("exec:./run.sh --key=sk-secret-2", None),
        ("https://sk-secret-2.example/run", None),
        ("file://own.py", None),
        ("echo", None),
        ("openai", None),
    ];
    for (id, model) in table {
        let imported = import(&format!("prompts: [hi]\nproviders: ['{id}']\n"), &[]);
        let found = imported
            .models
            .first()
            .map(|model| format!("{}/{}", model.provider, model.model));
        assert_eq!(found.as_deref(), model, "{id}");
        assert_eq!(
            imported.left_out.is_empty(),
            model.is_some(),
            "{id}: {:?}",
            left_out(&imported)
        );
        assert!(!format!("{imported:?}").contains("sk-secret"), "{id}");
    }
}

#[test]
fn tests_in_files_of_every_kind() {
    let csv = "question,__expected,__expected2,__description,__metric,__wrong\n\
               \"2, or 3?\",contains: 2,fn: output.length,Two,Maths,x\n\
               Why?,Because,,,,\n\
               How?,levenshtein(3): So,,,,\n";
    let jsonl = "{\"vars\": {\"question\": \"A\"}, \"assert\": [{\"type\": \"equals\", \"value\": \"a\"}]}\n\n{\"vars\": {\"question\": \"B\"}}\n";
    let config = "
prompts: ['{{question}}']
defaultTest: {vars: {tone: kind}, assert: [{type: not-contains, value: AI}, {type: llm-rubric, value: kind}]}
tests:
  - file://all/*.csv
  - all/b.jsonl
  - file://c.yaml
  - file://d.js
  - https://docs.google.com/x
  - file://../outside.csv
  - vars: file://vars.yaml
";
    let imported = import(
        config,
        &[
            ("all/a.csv", csv),
            ("all/b.jsonl", jsonl),
            (
                "c.yaml",
                "- vars: {question: 'file://q.txt', 'a b': 1}\n  metadata: {tier: smoke}\n",
            ),
            ("q.txt", "From a file"),
            ("vars.yaml", "question: V\ntone: dry\n"),
        ],
    );
    let cases = &imported.dataset.cases;
    let questions: Vec<_> = cases
        .iter()
        .map(|case| case.inputs["question"].as_str().unwrap())
        .collect();
    assert_eq!(
        questions,
        ["2, or 3?", "Why?", "How?", "A", "B", "From a file", "V"]
    );
    assert_eq!(cases[0].note, "Two");
    assert_eq!(cases[0].expected, Some(json!("2")));
    assert_eq!(cases[1].expected, Some(json!("Because")));
    assert_eq!(cases[5].inputs["a_b"], json!(1));
    assert_eq!(cases[5].other["metadata"], json!({"tier": "smoke"}));
    assert_eq!(
        (&cases[0].inputs["tone"], &cases[6].inputs["tone"]),
        (&json!("kind"), &json!("dry"))
    );
    assert_eq!(
        json!(imported.dataset.graders),
        json!([{"type": "contains", "none": ["AI"], "ignore_case": false}])
    );
    let ids: Vec<_> = cases.iter().map(|case| case.id.as_str()).collect();
    assert_eq!(ids, ["1", "2", "3", "4", "5", "6", "7"]);
    let left = left_out(&imported);
    for expected in [
        "all/a.csv, line 2: javascript is a program",
        "all/a.csv, line 2: __wrong of a test is nothing that Galley has",
        "promptfooconfig.yaml, line 3: llm-rubric is judged by a model",
        "c.yaml, line 1: the variable a b is called a_b here",
        "promptfooconfig.yaml, line 8: file://d.js is a program",
        "promptfooconfig.yaml, line 9: https://docs.google.com/x is an address",
        "promptfooconfig.yaml, line 10: file://../outside.csv leads out",
    ] {
        assert!(
            left.iter().any(|one| one.starts_with(expected)),
            "{expected} in {left:#?}"
        );
    }
    assert_eq!(left.len(), 7, "{left:#?}");
}

#[test]
fn verdicts_are_those_that_promptfoo_gives() {
    let config = "
defaultTest: {assert: [{type: icontains, value: '{{word}}'}]}
assertionTemplates: {polite: {type: icontains, value: please, weight: 2}}
tests:
  - {vars: {word: one}, threshold: 0.5, assert: [{$ref: '#/assertionTemplates/polite'}]}
  - {vars: {word: two}, assert: [{$ref: '#/assertionTemplates/polite', weight: 0}]}
  - {vars: {word: three}, options: {disableDefaultAsserts: true}, assert: [{type: equals, value: THREE}]}
scenarios:
  - config: [{vars: {word: four}}, {vars: {word: five}}]
    tests: [{description: each, assert: [{type: starts-with, value: '{{word}}'}]}]
";
    let dataset = import(config, &[]).dataset;
    let panel = Panel::prepare(&[], &dataset).unwrap();
    let passes = |place: usize, answer: &str| {
        let scores = panel.judge(&Answered::text(answer), &dataset, place);
        assert!(!scores.is_empty());
        scores.iter().all(|score| score.pass)
    };
    let table = [
        (0, "please", true),
        (0, "one", false),
        (0, "one please", true),
        (1, "TWO", true),
        (1, "please", false),
        (2, "THREE", true),
        (2, "three", false),
        (3, "four", true),
        (3, "say four", false),
        (4, "five", true),
        (4, "four", false),
    ];
    for (place, answer, pass) in table {
        assert_eq!(passes(place, answer), pass, "case {place}: {answer}");
    }
    assert_eq!(dataset.cases.len(), 5);
    assert_eq!(dataset.cases[4].note, "each");
}

#[test]
fn only_files_below_are_asked_for() {
    let config = "
prompts: [file://../a.txt, file:///b.txt, 'file://x/../../c.txt', 'file://~/d.txt', 'file://C:/e.txt', 'file://f\\g.txt', file://ok/./h.txt]
tests: file://../../i.csv
defaultTest: file://../j.yaml
providers: [file://../k.yaml]
";
    let shelf = shelf(config, &[]);
    read("promptfooconfig.yaml", &shelf).unwrap();
    assert_eq!(*shelf.asked.borrow(), ["promptfooconfig.yaml", "ok/h.txt"]);
}

#[test]
fn files_that_are_no_configuration_say_so() {
    let fails = |config: &str| read("promptfooconfig.yaml", &shelf(config, &[])).unwrap_err();
    let error = fails("prompts:\n  - 'open\n  - b: [\n");
    assert!(matches!(error, ImportError::Line { .. }), "{error}");
    assert!(matches!(fails("a: 1"), ImportError::Nothing(_)));
    assert!(matches!(fails(""), ImportError::Nothing(_)));
    // Deeper than anybody writes, in two bytes a step.
    let deep = format!("prompts: {}", "- ".repeat(5_000));
    assert!(matches!(fails(&deep), ImportError::Line { .. }));
    let flow = format!("prompts: {}", "[".repeat(5_000));
    assert!(matches!(fails(&flow), ImportError::Line { .. }));
    // Each line doubles the one before: a thousand million values in a few lines.
    let mut bomb = "a0: &a0 [x, x]\n".to_owned();
    for n in 1..31 {
        bomb.push_str(&format!("a{n}: &a{n} [*a{}, *a{}]\n", n - 1, n - 1));
    }
    let error = fails(&bomb);
    assert!(error.to_string().contains("more values than"), "{error}");
    let aliases = import(
        "x: &v {city: Oslo}\ntests: [{vars: *v}, {vars: {<<: *v, more: 1}}]",
        &[],
    );
    assert_eq!(aliases.dataset.cases[1].inputs["city"], json!("Oslo"));
}

proptest! {
    #[test]
    fn no_text_stops_the_reader(text in "(prompts|tests|- |  |\\{|\\}|\\[|\\]|: |\n|'|\"|&a|\\*a|vars|assert|type|equals|[a-z]){0,60}") {
        let _ = read("promptfooconfig.yaml", &shelf(&text, &[]));
        let _ = read("promptfooconfig.yaml", &shelf(&format!("tests:\n- vars: {{q: 1}}\n  assert:\n  - {text}"), &[]));
    }
}
