//! CSV and JSON Lines as people's spreadsheets write them, and as they should not.

use domain::content::{Input, InputKind};
use domain::dataset::{Case, Dataset};
use evals::import::{Format, LineProblem, Mapping, Table, dataset, left_over, read, suggest};
use evals::{export, import};
use proptest::prelude::*;
use serde_json::{Value, json};

fn input(name: &str, kind: InputKind) -> Input {
    serde_json::from_value(json!({"name": name, "type": kind})).unwrap()
}

fn imported(text: &str, inputs: &[Input]) -> Dataset {
    let table = read(text.as_bytes(), None).unwrap();
    dataset(&table, &suggest(&table, inputs), inputs).unwrap()
}

fn cells(table: &Table) -> Vec<Vec<String>> {
    let text = |value: &Option<Value>| {
        value
            .as_ref()
            .and_then(Value::as_str)
            .unwrap_or("-")
            .to_owned()
    };
    table
        .rows
        .iter()
        .map(|row| row.values.iter().map(text).collect())
        .collect()
}

#[test]
fn banking77_as_it_is_published() {
    let text = "text,category\nHow do I locate my card?,card_arrival\n\"I still have not received my new card, I ordered over a week ago.\",card_arrival\n";
    let found = imported(text, &[input("message", InputKind::Text)]);
    assert_eq!(found.cases.len(), 2);
    assert_eq!(found.cases[1].id, "2");
    assert_eq!(
        found.cases[1].inputs.get("message"),
        Some(&json!(
            "I still have not received my new card, I ordered over a week ago."
        ))
    );
    assert_eq!(found.cases[1].expected, Some(json!("card_arrival")));
}

#[test]
fn what_spreadsheets_write() {
    let table: &[(&str, &str, &[&[&str]])] = &[
        ("a byte-order mark", "\u{feff}a,b\n1,2\n", &[&["1", "2"]]),
        (
            "Windows line breaks",
            "a,b\r\n1,2\r\n3,4\r\n",
            &[&["1", "2"], &["3", "4"]],
        ),
        ("no last line break", "a,b\n1,2", &[&["1", "2"]]),
        (
            "line breaks in quotes",
            "a,b\n\"one\ntwo\",\"x\r\ny\"\n",
            &[&["one\ntwo", "x\r\ny"]],
        ),
        (
            "quotes in quotes",
            "a,b\n\"say \"\"hi\"\"\",2\n",
            &[&["say \"hi\"", "2"]],
        ),
        ("semicolons", "a;b\n1,5;2\n", &[&["1,5", "2"]]),
        ("tabs", "a\tb\n1, 2\t3\n", &[&["1, 2", "3"]]),
        (
            "a comma in a quoted header",
            "\"a;x\",b\n1,2\n",
            &[&["1", "2"]],
        ),
        (
            "empty lines",
            "a,b\n\n1,2\n\n\n3,4\n",
            &[&["1", "2"], &["3", "4"]],
        ),
        ("empty cells", "a,b\n,\n", &[&["", ""]]),
        ("one column", "a\nhello\n", &[&["hello"]]),
        ("an inch", "a,b\n5\" disk,2\n", &[&["5\" disk", "2"]]),
        ("spaces in the header", " a , b \n1,2\n", &[&["1", "2"]]),
    ];
    for (name, text, rows) in table {
        let found = read(text.as_bytes(), Some(Format::Csv)).expect(name);
        assert_eq!(found.problems, [], "{name}");
        assert_eq!(cells(&found), *rows, "{name}");
    }
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    // Line 3 begins a row of two lines; the ragged one after it is in line 5.
    let text = "a,b\n1,2\n\"x\ny\",2\n1,2,3\n4\n5,6\n";
    let found = read(text.as_bytes(), None).unwrap();
    let lines: Vec<_> = found.problems.iter().map(|problem| problem.line).collect();
    assert_eq!(lines, [5, 6]);
    assert!(
        found.problems[0]
            .message
            .contains("3 values, but there are 2 columns")
    );
    assert_eq!(
        found.rows.iter().map(|row| row.line).collect::<Vec<_>>(),
        [2, 3, 7]
    );

    let found = read(b"a,b\n1,2\n3,\"never closed\n4,5\n6,7\n", None).unwrap();
    assert_eq!(found.problems.len(), 1);
    assert_eq!(found.problems[0].line, 3);
    assert!(
        found.problems[0].message.contains("never closed"),
        "{}",
        found.problems[0].message
    );

    let found = read(b"{\"a\": 1}\n\n{\"a\": \n[1]\n{\"a\" 2}\n", None).unwrap();
    let told: Vec<_> = found
        .problems
        .iter()
        .map(|problem| problem.to_string())
        .collect();
    assert_eq!(found.rows.len(), 1);
    assert_eq!(told.len(), 3);
    assert!(
        told[0].starts_with("line 3: ") && told[0].contains("stops in the middle"),
        "{}",
        told[0]
    );
    assert!(
        told[1].starts_with("line 4: ") && told[1].contains("one JSON object"),
        "{}",
        told[1]
    );
    assert!(
        told[2].starts_with("line 5: ") && told[2].contains("character 6"),
        "{}",
        told[2]
    );
}

#[test]
fn files_that_can_not_be_read_at_all() {
    let wide: String = (0..501).map(|n| format!("c{n},")).collect::<String>() + "end\n";
    let table: Vec<(&[u8], u32, &str)> = vec![
        (b"", 1, "empty"),
        (b"a,b\n", 1, "no cases"),
        (b"a,,c\n1,2,3\n", 1, "column 2 has no name"),
        (b"a,b,a\n1,2,3\n", 1, "two columns are named"),
        (b"a,b\n1,2\n3,\xff\n", 3, "not UTF-8"),
        (b"\xff\xfea\0,\0", 1, "UTF-16"),
        (b"a,b\n1,\0\n", 2, "no text file"),
        (wide.as_bytes(), 1, "more than 500 columns"),
    ];
    for (bytes, line, message) in table {
        let problem = read(bytes, Some(Format::Csv)).unwrap_err();
        assert!(
            problem.line == line && problem.message.contains(message),
            "{problem}"
        );
    }
}

#[test]
fn rows_up_to_the_limit_and_not_one_more() {
    let rows = |count: usize| format!("a\n{}", "x\n".repeat(count));
    assert_eq!(
        read(rows(50_000).as_bytes(), None).unwrap().rows.len(),
        50_000
    );
    let problem = read(rows(50_001).as_bytes(), None).unwrap_err();
    assert_eq!(
        (problem.line, problem.message.contains("50000 rows")),
        (50_002, true)
    );
    let lines = |count: usize| "{\"a\":1}\n".repeat(count);
    assert_eq!(
        read(lines(50_000).as_bytes(), None).unwrap().rows.len(),
        50_000
    );
    assert_eq!(
        read(lines(50_001).as_bytes(), None).unwrap_err().line,
        50_001
    );
}

#[test]
fn mappings_that_are_suggested() {
    let prompt = [
        input("message", InputKind::Text),
        input("tier", InputKind::Text),
    ];
    let table: &[(&str, &[Input], Value)] = &[
        (
            "message,tier,expected\nx,y,z\n",
            &prompt,
            json!({"inputs": {"message": "message", "tier": "tier"}, "expected": "expected"}),
        ),
        (
            "Message,TIER,Expected output\nx,y,z\n",
            &prompt,
            json!({"inputs": {"Message": "message", "TIER": "tier"}, "expected": "Expected output"}),
        ),
        (
            "text,tier,category\nx,y,z\n",
            &prompt,
            json!({"inputs": {"text": "message", "tier": "tier"}, "expected": "category"}),
        ),
        (
            "id,anything,tags,note,tier\n1,x,a,b,c\n",
            &prompt,
            json!({"inputs": {"anything": "message", "tier": "tier"}, "id": "id", "tags": "tags", "note": "note"}),
        ),
        ("a,b\nx,y\n", &prompt, json!({"inputs": {}})),
        // Of several inputs that are free, the one that is named like a text is meant.
        (
            "text,category\nx,y\n",
            &prompt,
            json!({"inputs": {"text": "message"}, "expected": "category"}),
        ),
        (
            "a b,2nd,label\nx,y,z\n",
            &[],
            json!({"inputs": {"a b": "a_b", "2nd": "_2nd"}, "expected": "label"}),
        ),
        // A prompt may have an input called “category”: then it is no expectation.
        (
            "category,answer\nx,y\n",
            &[input("category", InputKind::Text)],
            json!({"inputs": {"category": "category"}, "expected": "answer"}),
        ),
    ];
    for (text, inputs, expected) in table {
        let found = suggest(&read(text.as_bytes(), None).unwrap(), inputs);
        let expected: Mapping = serde_json::from_value(expected.clone()).unwrap();
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn values_become_what_the_inputs_are_declared_as() {
    let inputs = [
        input("n", InputKind::Number),
        input("b", InputKind::Boolean),
        input("l", InputKind::List),
        input("o", InputKind::Object),
        input("t", InputKind::Text),
    ];
    let found = imported(
        "n,b,l,o,t\n 12 ,Yes,\"[1,2]\",\"{\"\"a\"\":1}\",007\n,,,,\n0.5,0,[],{},\n",
        &inputs,
    );
    assert_eq!(
        json!(
            found
                .cases
                .iter()
                .map(|case| &case.inputs)
                .collect::<Vec<_>>()
        ),
        json!([
            {"n": 12, "b": true, "l": [1, 2], "o": {"a": 1}, "t": "007"},
            {"t": ""},
            {"n": 0.5, "b": false, "l": [], "o": {}, "t": ""}
        ])
    );

    let table = read(b"n,b,l\n1,true,[]\n1;5,maybe,a b\n", None).unwrap();
    let problems = dataset(&table, &suggest(&table, &inputs), &inputs).unwrap_err();
    let told: Vec<_> = problems
        .iter()
        .map(|p| (p.line, p.column.as_deref().unwrap_or("")))
        .collect();
    assert_eq!(told, [(3, "b"), (3, "l"), (3, "n")]);
    assert!(
        problems[0]
            .message
            .contains("“maybe” should be true or false")
    );

    let found = imported("{\"t\": 7, \"n\": 2}\n{\"t\": null}\n", &inputs);
    assert_eq!(json!(found.cases[0].inputs), json!({"t": "7", "n": 2}));
    assert_eq!(json!(found.cases[1].inputs), json!({}));
}

#[test]
fn a_mapping_that_does_not_fit_is_told() {
    let table = read(b"a,b,id\n1,2,x\n3,4,x\n5,6,\n", None).unwrap();
    let mapping: Mapping = serde_json::from_value(
        json!({"inputs": {"a": "q", "b": "q", "c": "r"}, "expected": "gone", "id": "id"}),
    )
    .unwrap();
    let problems = dataset(&table, &mapping, &[]).unwrap_err();
    let told: Vec<String> = problems.iter().map(LineProblem::to_string).collect();
    let expected = [
        "line 1: two columns fill the input q: choose one",
        "line 1: there is no such column",
        "line 1: there is no such column",
        "line 3: another case has the id “x” already",
        "line 4: this case has no id",
    ];
    assert_eq!(told, expected);
}

/// Any dataset, with whatever texts people and models write.
fn any_dataset() -> impl Strategy<Value = Dataset> {
    let text = prop_oneof![any::<String>(), "[ ,;\"\n\r\ta-c{\\[0-9]{0,12}"]
        .prop_map(|text| text.replace('\0', ""));
    let value = prop_oneof![
        text.clone().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        (-1000_i64..1000).prop_map(Value::from),
        Just(json!({"a": ["b", null]}))
    ];
    let case = (
        proptest::collection::btree_map("[a-z]{1,3}", value.clone(), 0..4),
        proptest::option::of(
            value.prop_filter("nothing expected", |value| value.as_str() != Some("")),
        ),
        proptest::collection::vec("[a-z]{1,5}", 0..3),
        text,
    );
    proptest::collection::vec(case, 1..8).prop_map(|cases| {
        let cases = cases
            .into_iter()
            .enumerate()
            .map(|(index, (inputs, expected, tags, note))| Case {
                graders: Vec::new(),
                id: format!("case {index}"),
                inputs: inputs.into_iter().collect(),
                expected,
                tags,
                note,
                other: [("weight".to_owned(), json!(index))].into(),
            });
        Dataset {
            cases: cases.collect(),
            ..Dataset::default()
        }
    })
}

/// Any texts in a table of two columns and their types declared.
fn any_texts() -> impl Strategy<Value = Dataset> {
    let text = prop_oneof![any::<String>(), "[ ,;\"\n\r\ta-c]{0,12}"]
        .prop_map(|text| text.replace('\0', ""));
    proptest::collection::vec((text.clone(), text), 1..8).prop_map(|rows| {
        let cases = rows.into_iter().enumerate().map(|(index, (q, note))| Case {
            id: index.to_string(),
            inputs: [
                ("q".to_owned(), Value::from(q)),
                ("n".to_owned(), Value::from(index)),
            ]
            .into_iter()
            .collect(),
            expected: Some(Value::from(format!("e{index}"))),
            tags: vec!["a".to_owned(), "b c".to_owned()],
            note,
            ..Case::default()
        });
        Dataset {
            cases: cases.collect(),
            ..Dataset::default()
        }
    })
}

proptest! {
    #[test]
    fn json_lines_come_back_as_they_were(written in any_dataset()) {
        let table = read(export::jsonl(&written).as_bytes(), Some(Format::Jsonl)).unwrap();
        prop_assert!(table.is_export);
        let back = dataset(&table, &suggest(&table, &[]), &[]).unwrap();
        prop_assert_eq!(back, written);
    }

    #[test]
    fn csv_comes_back_as_it_was(written in any_texts()) {
        let text = export::csv(&written).unwrap();
        let table = read(text.as_bytes(), Some(Format::Csv)).unwrap();
        prop_assert_eq!(&table.problems, &vec![]);
        let inputs = [input("q", InputKind::Text), input("n", InputKind::Number)];
        let back = dataset(&table, &suggest(&table, &inputs), &inputs).unwrap();
        prop_assert_eq!(back, written);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), text in "[\",;\n\r{}:\\[\\]a0 ]{0,80}") {
        for source in [bytes.as_slice(), text.as_bytes()] {
            for format in [None, Some(Format::Csv), Some(Format::Jsonl)] {
                if let Ok(table) = read(source, format) {
                    prop_assert!(table.rows.iter().all(|row| row.values.len() == table.columns.len()));
                    let _ = dataset(&table, &suggest(&table, &[]), &[]);
                }
            }
        }
    }
}

#[test]
fn datasets_of_langfuse_and_mlflow_become_cases() {
    let langfuse = r#"[
      {"id": "i1", "status": "ACTIVE", "datasetName": "d", "input": {"q": "Why?"}, "expectedOutput": "Because", "metadata": {"tier": 1}, "sourceTraceId": null},
      {"id": "i2", "input": "just text", "expectedOutput": null, "metadata": null}]"#;
    let page = format!("{{\"data\": {langfuse}, \"meta\": {{\"page\": 1}}}}");
    let langfuse_csv = "id,input,expectedOutput,metadata\ni1,\"{\"\"q\"\": \"\"Why?\"\"}\",Because,\"{\"\"tier\"\": 1}\"\ni2,just text,,\n";
    for text in [langfuse, page.as_str(), langfuse_csv] {
        let table = import::read(text.as_bytes(), None).unwrap();
        let made = import::dataset(&table, &import::suggest(&table, &[]), &[]).unwrap();
        let [first, second] = made.cases.as_slice() else {
            panic!("{text}")
        };
        assert_eq!(
            (first.id.as_str(), &first.inputs["q"]),
            ("i1", &json!("Why?"))
        );
        assert_eq!(first.expected, Some(json!("Because")));
        assert_eq!(first.other["metadata"], json!({"tier": 1}));
        assert_eq!(
            (second.id.as_str(), &second.inputs["input"]),
            ("i2", &json!("just text"))
        );
        assert_eq!(second.expected, None);
    }
    let mlflow = concat!(
        r#"{"inputs": {"q": "Why?"}, "expectations": {"expected_response": "Because"}, "tags": {"tier": "1", "new": ""}, "dataset_record_id": "dr-1", "source_type": "HUMAN"}"#,
        "\n",
        r#"{"inputs": {"q": "How?"}, "expectations": {"expected_facts": ["so"]}, "tags": {}, "dataset_record_id": "dr-2"}"#,
        "\n"
    );
    let list = format!("[{}]", mlflow.trim().replace('\n', ","));
    for text in [mlflow, list.as_str()] {
        let table = import::read(text.as_bytes(), None).unwrap();
        let made = import::dataset(&table, &import::suggest(&table, &[]), &[]).unwrap();
        let [first, second] = made.cases.as_slice() else {
            panic!("{text}")
        };
        assert_eq!(
            (first.id.as_str(), first.expected.as_ref()),
            ("dr-1", Some(&json!("Because")))
        );
        let mut tags = first.tags.clone();
        tags.sort();
        assert_eq!(tags, ["new", "tier=1"]);
        assert_eq!(first.other["source_type"], json!("HUMAN"));
        assert_eq!(second.expected, Some(json!({"expected_facts": ["so"]})));
    }
    let error = import::read(b"[1, {\"input\": 1}]", None).unwrap();
    assert_eq!(error.problems.len(), 1);
}

#[test]
fn what_is_written_for_others_comes_back() {
    let dataset: Dataset = serde_json::from_value(json!({
        "graders": [{"type": "refusal", "absent": true}, {"type": "json_path", "path": "$.a", "exists": true}],
        "cases": [
            {"id": "a", "inputs": {"q": "Why?", "list": [1, 2]}, "expected": "Because", "tags": ["tier=1", "new"], "note": "N"},
            {"id": "b", "inputs": {"q": "How?"}, "expected": {"x": 1},
             "graders": [{"type": "contains", "none": ["AI"], "ignore_case": true}]}]
    }))
    .unwrap();
    let read = |text: &str| {
        let table = import::read(text.as_bytes(), None).unwrap();
        import::dataset(&table, &import::suggest(&table, &[]), &[]).unwrap()
    };
    let langfuse = export::langfuse(&dataset, "d");
    assert_eq!(langfuse.left_out.len(), 1);
    let back = read(&langfuse.text);
    for (case, was) in back.cases.iter().zip(&dataset.cases) {
        assert_eq!(
            (&case.id, &case.inputs, &case.expected),
            (&was.id, &was.inputs, &was.expected)
        );
    }
    let mlflow = export::mlflow(&dataset);
    assert_eq!(mlflow.left_out.len(), 2);
    let back = read(&mlflow.text);
    for (case, was) in back.cases.iter().zip(&dataset.cases) {
        assert_eq!((&case.inputs, &case.expected), (&was.inputs, &was.expected));
        assert_eq!(case.tags.len(), was.tags.len());
    }
    let promptfoo = export::promptfoo(&dataset);
    assert_eq!(
        promptfoo.left_out,
        [
            "a grader that promptfoo has not: there is a $.a",
            "the tags of cases"
        ]
    );
    let tests: Value = serde_json::from_str(&promptfoo.text).unwrap();
    assert_eq!(
        tests[1]["assert"],
        json!([{"type": "not-is-refusal"}, {"type": "not-icontains", "value": "AI"}])
    );
    assert_eq!(tests[0]["description"], json!("N"));
    // Our own form loses nothing of a case.
    assert_eq!(read(&export::jsonl(&dataset)).cases, dataset.cases);
}

#[test]
fn what_a_suggestion_leaves_over_is_named_as_an_input() {
    let inputs = [input("n", InputKind::Text)];
    let table = read(
        b"question,context,answer\nWhere is it?,the post,gone\n",
        None,
    )
    .unwrap();
    let suggested = suggest(&table, &inputs);
    let left = left_over(&table, &suggested);
    assert_eq!(left, [("context".to_owned(), "context".to_owned())].into());
    // Names that would meet are told apart, and what is no name becomes one.
    let table = read(b"n,a b,a-b,expected\n1,2,3,4\n", None).unwrap();
    let suggested = suggest(&table, &inputs);
    let mut left = left_over(&table, &suggested);
    left.extend(suggested.inputs);
    let mut names: Vec<&str> = left.values().map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 3, "{left:?}");
}
