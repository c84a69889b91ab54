//! Runs every case of the suite that all SDKs share. How many ran is told to whoever set `GALLEY_COUNT`.

use galley_sdk::inside::{Board, Served};
use galley_sdk::{Prompt, RenderError, Source};
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../conformance")
}

/// Every file, and its cases as they are written.
fn files() -> Vec<(PathBuf, Vec<Value>)> {
    let mut paths = Vec::new();
    for folder in [folder(), folder().join("template")] {
        let inside = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path());
        paths.extend(inside.filter(|path| path.extension().is_some_and(|ending| ending == "json")));
    }
    paths.sort();
    let read = |path: PathBuf| {
        let cases = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        (path, cases)
    };
    paths.into_iter().map(read).collect()
}

/// Large values are written short in the files.
fn expanded(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let only = fields.iter().next().filter(|_| fields.len() == 1);
            let short = only.and_then(|(key, given)| {
                let count = usize::try_from(given.get(0)?.as_u64()?).ok()?;
                let what = given.get(1)?;
                match key.as_str() {
                    "$text" => Some(json!(what.as_str()?.repeat(count))),
                    "$list" => Some(json!(vec![expanded(what.clone()); count])),
                    _ => None,
                }
            });
            let all = |fields: Map<String, Value>| {
                let fields = fields
                    .into_iter()
                    .map(|(key, field)| (key, expanded(field)));
                Value::Object(fields.collect())
            };
            short.unwrap_or_else(|| all(fields))
        }
        Value::Array(items) => items.into_iter().map(expanded).collect(),
        other => other,
    }
}

/// An environment that serves this content as the prompt `a`.
fn served(content: &Value, snippets: &Value) -> Arc<Prompt> {
    let version =
        json!({"id": "v", "number": 1, "digest": "", "content": content, "snippets": snippets});
    let prompt = json!({"name": "a", "salt": "", "release": "", "since": 0,
        "sides": [{"weight": 10_000, "version": version}], "slots": [{"from": 0, "to": 10_000, "version": "v"}]});
    let answer = json!({"environment": "production", "prompts": [prompt]});
    let board = Board::read(answer.to_string().as_bytes(), Source::Registry).expect("an answer");
    Arc::clone(&board.named("a").unwrap().main)
}

/// Fails with both sides.
fn equal(seen: &Value, wanted: &Value) -> Result<(), String> {
    if seen == wanted {
        Ok(())
    } else {
        Err(format!(
            "{:.300}\n    instead of {:.300}",
            seen.to_string(),
            wanted.to_string()
        ))
    }
}

fn seen(error: &RenderError) -> Value {
    let place = error.place.as_ref();
    let mut seen = json!({"code": error.code, "input": error.input,
        "line": place.map(|place| place.line), "column": place.map(|place| place.column),
        "snippet": place.and_then(|place| place.snippet.clone())});
    seen.as_object_mut()
        .unwrap()
        .retain(|_, field| !field.is_null());
    seen
}

fn template(case: &Value) -> Result<(), String> {
    let none = Map::new();
    let snippets = case["snippets"].as_object().unwrap_or(&none);
    // The digests of snippets are their names here.
    let includes: Map<String, Value> = snippets
        .keys()
        .map(|name| (name.clone(), json!(name)))
        .collect();
    let text = |template: &Value, inputs: &Value| {
        let inputs = if inputs.is_null() {
            json!([])
        } else {
            inputs.clone()
        };
        json!({"kind": "text", "messages": [{"type": "message", "role": "user", "text": template}],
            "inputs": inputs, "includes": includes})
    };
    let content = match case.get("content") {
        Some(content) => {
            let mut content = content.clone();
            content["includes"] = json!(includes);
            content
        }
        None => text(&case["template"], &case["inputs"]),
    };
    let texts = snippets
        .iter()
        .map(|(name, one)| (name.clone(), text(&one["text"], &one["inputs"])));
    let prompt = served(&content, &Value::Object(texts.collect()));
    match (prompt.rendered(&case["values"]), case.get("error")) {
        (Err(error), Some(wanted)) => {
            let mut wanted = wanted.clone();
            let message = wanted.as_object_mut().unwrap().remove("message");
            equal(&seen(&error), &wanted)?;
            let index = json!(error.place.map(|place| place.message));
            message.map_or(Ok(()), |message| equal(&index, &message))
        }
        (Err(error), None) => Err(format!("{}: {error}", error.code)),
        (Ok(parts), Some(_)) => Err(format!("it was rendered: {parts:?}")),
        (Ok(parts), None) => match case.get("messages") {
            Some(messages) => equal(&json!(parts), messages),
            None => equal(
                &json!(prompt.text(&case["values"]).unwrap()),
                &case["output"],
            ),
        },
    }
}

fn split_of(case: &Value) -> Arc<Served> {
    let runs = case["slots"].as_array().unwrap();
    let mut ids = vec![case["main"].clone()];
    ids.extend(
        runs.iter()
            .map(|run| run["version"].clone())
            .filter(|id| *id != case["main"]),
    );
    let content = json!({"kind": "text", "messages": []});
    let sides = ids.iter().map(|id| json!({"weight": 0, "version": {"id": id, "number": 1, "digest": "", "content": content}}));
    let prompt = json!({"name": "a", "salt": case["salt"], "release": "", "since": 0,
        "sides": sides.collect::<Vec<_>>(), "slots": runs});
    let answer = json!({"environment": "production", "prompts": [prompt]});
    let board = Board::read(answer.to_string().as_bytes(), Source::Registry).expect("an answer");
    Arc::clone(board.named("a").unwrap())
}

fn splits(case: &Value) -> Result<(), String> {
    let served = split_of(case);
    match case["unit"].as_str() {
        None => equal(&json!(served.main.id), &case["version"]),
        Some(unit) => {
            equal(&json!(served.slot(unit)), &case["slot"])?;
            equal(&json!(served.choose(unit).id), &case["version"])
        }
    }
}

fn answers(case: &Value) -> Result<(), String> {
    let body = case["answer"]
        .as_str()
        .map_or_else(|| case["answer"].to_string(), str::to_owned);
    let Some(board) = Board::read(body.as_bytes(), Source::Registry) else {
        return equal(&json!("broken"), &case["error"]);
    };
    let Some(served) = board.named(case["ask"]["name"].as_str().unwrap()) else {
        return equal(&json!("not_served"), &case["error"]);
    };
    let prompt = case["ask"]["unit"]
        .as_str()
        .map_or(&served.main, |unit| served.choose(unit));
    let seen = json!({"name": prompt.name, "version": prompt.version, "environment": prompt.environment,
        "release": prompt.release, "since": prompt.since, "digest": prompt.digest});
    equal(&seen, &case["prompt"])
}

fn contract(case: &Value) -> Result<(), String> {
    match served(&case["content"], &json!({})).render(&case["values"]) {
        Ok(messages) => equal(&json!(messages), &case["messages"]),
        Err(error) => {
            let mut seen =
                json!({"code": error.code, "input": error.input, "words": error.message});
            seen.as_object_mut()
                .unwrap()
                .retain(|_, field| !field.is_null());
            equal(&seen, &case["error"])
        }
    }
}

fn requests(case: &Value) -> Result<(), String> {
    let prompt = served(&case["content"], &json!({}));
    let body = if case["for"] == "openai" {
        prompt.openai(&case["values"])
    } else {
        prompt.anthropic(&case["values"])
    };
    match body {
        Ok(body) => equal(&body, &case["body"]),
        Err(error) => equal(&json!(error.code), &case["error"]),
    }
}

#[test]
fn every_case_of_the_suite() {
    let (mut ran, mut wrong) = (0, Vec::new());
    for (path, cases) in files() {
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let run: fn(&Value) -> Result<(), String> = match stem {
            "splits" => splits,
            "answers" => answers,
            "contract" => contract,
            "requests" => requests,
            _ => template,
        };
        for case in cases {
            ran += 1;
            let case = expanded(case);
            if let Err(why) = run(&case) {
                wrong.push(format!("{stem}: {}\n    {why}", case["name"]));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    let held: usize = files().iter().map(|(_, cases)| cases.len()).sum();
    assert!(ran == held && ran > 200, "{ran} of {held}");
    println!("conformance: {ran} cases");
    if let Some(told) = std::env::var_os("GALLEY_COUNT") {
        std::fs::write(told, format!("{ran}\n")).unwrap();
    }
}
