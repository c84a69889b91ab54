//! Asks a model every question of the sample project and writes its answers beside it:
//! `cargo run --release -p evals --example fill_sample -- http://127.0.0.1:8080/v1`.
//! Answers that are there are kept; `--fresh` asks all again.

#![allow(clippy::print_stdout)] // Its output is its purpose.
#![allow(clippy::unwrap_used, clippy::expect_used)] // A tool of ours: what fails stops it.
#![allow(missing_docs, dead_code)] // It shares a file with the tests.

#[path = "../tests/evals/sample_files.rs"]
mod sample_files;

use evals::{
    AnswerCache, Cell, Column, MemoryCache, Options, Progress, Provider, ProviderConfig, Run,
};
use sample_files::{AnswerLine, Sample};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let address = arguments
        .iter()
        .find(|argument| !argument.starts_with("--"))
        .expect("an address");
    let sample = Sample::load();
    let cache = MemoryCache::default();
    if !arguments.iter().any(|argument| argument == "--fresh") {
        let text = std::fs::read_to_string(sample.answers_path()).unwrap_or_default();
        for line in text.lines() {
            let line: AnswerLine = serde_json::from_str(line).expect("a line of answers.jsonl");
            cache.put(&line.question, &line.answer);
        }
    }
    let providers: BTreeMap<_, _> = sample
        .project
        .providers
        .iter()
        .map(|config| {
            let config = ProviderConfig {
                address: address.clone(),
                ..config.clone()
            };
            (
                config.name.clone(),
                Arc::new(Provider::new(config, None).expect("a provider")),
            )
        })
        .collect();
    // One at a time: a model asked several things at once answers less alike from run to run.
    let options = Options {
        concurrency: 1,
        timeout: Duration::from_secs(600),
        ..Options::default()
    };
    let mut lines = Vec::new();
    for wanted in &sample.project.answers {
        let suite = sample.suite(&wanted.prompt);
        let dataset = Arc::new(sample.datasets[&suite.dataset].clone());
        for version in &wanted.versions {
            let content = sample.versions[&(wanted.prompt.clone(), *version)].clone();
            let column = Column {
                label: format!("v{version}"),
                content,
                before: std::collections::BTreeMap::new(),
            };
            let includes = |digest: &domain::Digest| sample.by_digest.get(digest).cloned();
            let run = Run::prepare(
                vec![column],
                dataset.clone(),
                &suite.graders,
                &providers,
                &includes,
                1,
            )
            .expect("it can run");
            let on_cell = |progress: &Progress, _: usize, cell: &Cell| {
                if let Some(failure) = &cell.failure {
                    println!(
                        "  {}/{} {}: {}",
                        progress.done, progress.total, cell.case_id, failure.message
                    );
                }
            };
            let report = run
                .start(&cache, &options, &on_cell, &CancellationToken::new())
                .await;
            let column = &report.columns[0];
            println!(
                "{} v{version} on {}: {} of {} passed, {} from before, {} tokens sent",
                wanted.prompt,
                suite.dataset,
                column.passed,
                column.judged,
                report.progress.from_cache,
                column.tokens_in
            );
            lines.extend(column.cells.iter().filter_map(|cell| {
                Some(AnswerLine {
                    question: cell.question?,
                    prompt: wanted.prompt.clone(),
                    version: *version,
                    case: cell.case_id.clone(),
                    answer: cell.answer.clone()?,
                })
            }));
            let text: String = lines
                .iter()
                .map(|line| serde_json::to_string(line).expect("JSON") + "\n")
                .collect();
            std::fs::write(sample.answers_path(), text)
                .expect("sample/answers.jsonl can be written");
        }
    }
}
