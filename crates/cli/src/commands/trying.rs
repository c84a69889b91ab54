//! Trying a prompt, going on with what it answers, and who runs on this computer.

use super::At;
use crate::arguments::Arguments;
use crate::say::{answer, table};
use crate::try_arguments::Try;
use crate::{Failure, find};
use domain::names::folded;
use domain::{Digest, VersionContent};
use serde_json::{Map, Value};
use std::process::ExitCode;
use workbench::Workbench;
use workbench::views::{
    Case, Grader, PlayTurn, Ref, Speaker, TriedCell, TriedTogether, TryContent, TryPlan,
};

pub async fn try_it(at: &At<'_>, asked: &Try) -> Result<ExitCode, Failure> {
    let contents = contents(at, asked).await?;
    let first = contents.first().map(|one| one.content.clone());
    let values = values(&asked.values, first.as_ref())?;
    let models = super::evals::models(&asked.models)?;
    if !asked.follow_ups.is_empty() {
        let [one] = contents.as_slice() else {
            return Err(Failure::other("a conversation is with one version"));
        };
        let content = match models.as_slice() {
            [] => one.content.clone(),
            [model] => workbench::asked_of(one.content.clone(), model),
            _ => return Err(Failure::other("a conversation is with one model")),
        };
        return converse(at, asked, &content, &values).await;
    }
    let (cases, graders) = cases(at, asked, values).await?;
    let tried = at
        .bench
        .try_some(
            at.project,
            TryPlan {
                id: "terminal".to_owned(),
                contents,
                models,
                cases: cases.clone(),
                graders,
                refresh: asked.again,
            },
        )
        .await?;
    let failed = tried
        .cells
        .iter()
        .any(|cell| cell.tried.is_none() || cell.pass == Some(false));
    answer(at.arguments, &tried, || shown(&tried, &cases));
    if asked.sent && !at.arguments.json {
        for cell in &tried.cells {
            let question = cell.tried.as_ref().and_then(|tried| tried.question);
            sent(at.bench, at.arguments, question).await?;
        }
    }
    Ok(match failed {
        true => ExitCode::from(1),
        false => ExitCode::SUCCESS,
    })
}

/// The prompt, then each of what is said, with everything before it.
async fn converse(
    at: &At<'_>,
    asked: &Try,
    content: &VersionContent,
    values: &Map<String, Value>,
) -> Result<ExitCode, Failure> {
    let mut turns: Vec<PlayTurn> = Vec::new();
    let mut said = asked.follow_ups.iter();
    loop {
        let next = at
            .bench
            .answer_once(at.project, content, &turns, values)
            .await?;
        turns.push(next);
        let Some(text) = said.next() else { break };
        turns.push(PlayTurn {
            by: Speaker::Person,
            text: text.clone(),
            source: String::new(),
            question: None,
        });
    }
    answer(at.arguments, &turns, || {
        let lines = turns.iter().map(|turn| match turn.by {
            Speaker::Person => format!("> {}", turn.text),
            Speaker::Model => turn.text.clone(),
        });
        lines.collect::<Vec<_>>().join("\n\n")
    });
    Ok(ExitCode::SUCCESS)
}

async fn contents(at: &At<'_>, asked: &Try) -> Result<Vec<TryContent>, Failure> {
    let library = at.bench.library(at.project).await?;
    let new = library
        .new_drafts
        .iter()
        .find(|draft| folded(&draft.name) == folded(&asked.prompt));
    let references = match new {
        // A prompt that has no version yet is its draft.
        Some(draft) if asked.versions.is_empty() => vec![Ref::Draft {
            draft: draft.draft.clone(),
        }],
        _ => {
            let prompt = find::prompt(&library, &asked.prompt)?;
            let view = at.bench.prompt(at.project, prompt).await?;
            let usual = match view.draft {
                Some(_) => "draft",
                None => "latest",
            };
            let wanted: Vec<&str> = match asked.versions.as_slice() {
                [] => vec![usual],
                said => said.iter().map(String::as_str).collect(),
            };
            let found = wanted
                .into_iter()
                .map(|text| find::version(&library, &view, text));
            found.collect::<Result<_, _>>()?
        }
    };
    let mut contents = Vec::new();
    for reference in references {
        contents.push(at.bench.content_of(at.project, reference).await?);
    }
    Ok(contents)
}

fn values(
    typed: &[String],
    content: Option<&VersionContent>,
) -> Result<Map<String, Value>, Failure> {
    let mut values = Map::new();
    for text in typed {
        let (name, said) = text.split_once('=').ok_or_else(|| {
            Failure::other(format!(
                "{text} names no input: write it as name=text, as in message=\"Where is my card?\""
            ))
        })?;
        let inputs = content.map(|content| content.inputs.as_slice());
        let kind = inputs
            .unwrap_or_default()
            .iter()
            .find(|input| input.name == name);
        let text = Value::from(said);
        let plain = kind.is_none_or(|input| input.kind == domain::content::InputKind::Text);
        let value = if plain {
            text
        } else {
            serde_json::from_str(said).unwrap_or(text)
        };
        values.insert(name.to_owned(), value);
    }
    Ok(values)
}

async fn cases(
    at: &At<'_>,
    asked: &Try,
    values: Map<String, Value>,
) -> Result<(Vec<Case>, Vec<Grader>), Failure> {
    let Some(name) = &asked.dataset else {
        let typed = Case {
            id: "1".to_owned(),
            inputs: values,
            ..Case::default()
        };
        return Ok((vec![typed], Vec::new()));
    };
    let datasets = at.bench.datasets(at.project).await?;
    let found = datasets
        .iter()
        .find(|row| folded(&row.name) == folded(name));
    let found = found.ok_or_else(|| Failure::other(format!("there is no dataset named {name}")))?;
    let view = at.bench.dataset(at.project, found.id).await?;
    let wanted = match asked.cases.as_slice() {
        [] => &[1],
        some => some,
    };
    let mut cases = Vec::new();
    for number in wanted {
        let case = number
            .checked_sub(1)
            .and_then(|place| view.cases.get(place));
        let mut case = case.cloned().ok_or_else(|| {
            Failure::other(format!(
                "{name} has cases 1 to {}, no {number}",
                view.cases.len()
            ))
        })?;
        for (input, value) in &values {
            case.inputs.entry(input).or_insert_with(|| value.clone());
        }
        cases.push(case);
    }
    Ok((cases, view.graders))
}

fn shown(tried: &TriedTogether, cases: &[Case]) -> String {
    let several = tried.cells.len() > 1;
    let each = tried.cells.iter().map(|cell| {
        let text = said(cell);
        if !several {
            return text;
        }
        let place = usize::try_from(cell.case).unwrap_or(usize::MAX);
        let column = usize::try_from(cell.column).unwrap_or(usize::MAX);
        let of = match cases.len() {
            1 => String::new(),
            _ => cases
                .get(place)
                .map(|case| format!(", case {}", case.id))
                .unwrap_or_default(),
        };
        let label = tried.columns.get(column).map_or("", String::as_str);
        let mark = match cell.pass {
            Some(true) => " ✓",
            Some(false) => " ✗",
            None => "",
        };
        format!("{label}{of}{mark}\n{text}")
    });
    let mut parts: Vec<String> = each.collect();
    if !tried.words.is_empty() {
        parts.push(tried.words.clone());
    }
    parts.join("\n\n")
}

fn said(cell: &TriedCell) -> String {
    match (&cell.tried, &cell.error) {
        (Some(tried), _) => {
            let wrong = cell.graders.iter().filter(|one| !one.pass);
            let wrong = wrong.map(|one| format!("\n  ✗ {}: {}", one.name, one.reason));
            format!("{}{}", tried.answer, wrong.collect::<String>())
        }
        (None, Some(error)) => error.clone(),
        (None, None) => "stopped".to_owned(),
    }
}

/// What was sent for an answer, and what came back.
pub async fn sent(
    bench: &Workbench,
    arguments: &Arguments,
    question: Option<Digest>,
) -> Result<ExitCode, Failure> {
    let found = match question {
        Some(question) => bench.sent_and_received(question).await?,
        None => None,
    };
    let found = found.ok_or_else(|| {
        Failure::other(
            "what was sent for it is not here: it was answered on another computer, or by an older Galley, or it made room for answers",
        )
    })?;
    answer(arguments, &found, || {
        format!(
            "Sent to {}\n{}\n\nReceived\n{}\n{}",
            found.address, found.sent, found.received, found.note
        )
    });
    Ok(ExitCode::SUCCESS)
}

/// Ollama on this computer.
pub async fn find(
    bench: &Workbench,
    arguments: &Arguments,
    wanted: Option<&str>,
) -> Result<ExitCode, Failure> {
    let found = bench.find_ollama().await?.ok_or_else(|| {
        Failure::other(
            "Ollama is not running on this computer, as far as it answers; start it, or say where with OLLAMA_HOST",
        )
    })?;
    if let Some(wanted) = wanted {
        let named = |name: &str| name == wanted || name.strip_suffix(":latest") == Some(wanted);
        let model = found.models.iter().find(|model| named(&model.name));
        let model = model.ok_or_else(|| {
            Failure::other(format!(
                "Ollama has no model {wanted} here; galley provider find lists them"
            ))
        })?;
        let card = bench
            .use_ollama(found.address.clone(), model.name.clone())
            .await?;
        answer(arguments, &card, || {
            format!("{} answers now, with {}", card.name, card.model)
        });
        return Ok(ExitCode::SUCCESS);
    }
    answer(arguments, &found, || {
        let rows: Vec<Vec<String>> = found
            .models
            .iter()
            .map(|model| vec![model.name.clone(), model.size.clone()])
            .collect();
        let mut words = found.words.clone();
        if !rows.is_empty() {
            words = format!("{words}\n\n{}", table(&["MODEL", "SIZE"], &rows));
        }
        if let (None, Some(first)) = (&found.provider, found.models.first()) {
            words = format!("{words}\n\ngalley provider find --use {}", first.name);
        }
        words
    });
    Ok(ExitCode::SUCCESS)
}
