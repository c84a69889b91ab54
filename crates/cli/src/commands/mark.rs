//! Marking answers in a terminal, one at a time.

use super::At;
use super::evals::short;
use crate::Failure;
use crate::run_arguments::Mark;
use crate::say::{answer, hint};
use domain::graders::Scale;
use domain::{Digest, RunId};
use std::io::BufRead as _;
use std::process::ExitCode;
use workbench::views::{MarkChoice, MarkGiven, MarkItem, MarkProgress, RunRow};

/// What a person typed.
#[derive(Debug, PartialEq, Eq)]
enum Typed {
    Give(MarkGiven),
    Skip,
    Undo,
    Stop,
}

pub async fn mark(at: &At<'_>, asked: &Mark) -> Result<ExitCode, Failure> {
    let all = at.bench.runs(at.project).await?;
    if asked.runs {
        answer(at.arguments, &all, || {
            let lines = all
                .iter()
                .map(|run| format!("{}  {}, by {}: {}", run.id, run.title, run.by, run.words));
            match all.is_empty() {
                true => "There is no run yet.".to_owned(),
                false => lines.collect::<Vec<_>>().join("\n"),
            }
        });
        return Ok(ExitCode::SUCCESS);
    }
    let run = which(&all, asked.run.as_deref())?;
    let choice = match (asked.sample, asked.apart, asked.not_by_me, asked.all) {
        (Some(many), ..) => MarkChoice::Sample {
            many,
            seed: asked.seed,
        },
        (None, true, ..) => MarkChoice::Apart,
        (None, _, true, _) => MarkChoice::NotByMe,
        (None, _, _, true) => MarkChoice::All,
        _ => MarkChoice::Unmarked,
    };
    let queue = at.bench.mark_queue(at.project, run, choice).await?;
    let mut listed = Vec::new();
    let progress = match asked.list {
        true => {
            for question in &queue.questions {
                let item = at.bench.mark_item(at.project, run, *question).await?;
                let inputs: Vec<&str> = item
                    .inputs
                    .iter()
                    .map(|(_, value)| value.as_str())
                    .collect();
                listed.push(format!(
                    "{} → {}",
                    short(&inputs.join(" · ")),
                    short(&item.answer)
                ));
            }
            queue.progress
        }
        false => through(at, run, &queue.questions, queue.progress).await?,
    };
    if asked.share {
        at.bench.share_run(at.project, run).await?;
        hint("The results are shared, with the marks.");
    }
    answer(at.arguments, &progress, || {
        listed.push(format!(
            "{} of {} answers are marked, {} by you.",
            progress.marked, progress.total, progress.mine
        ));
        listed.join("\n")
    });
    Ok(ExitCode::SUCCESS)
}

/// The run that is meant: by its id, by the beginning of it, or the last one.
fn which(all: &[RunRow], asked: Option<&str>) -> Result<RunId, Failure> {
    let Some(asked) = asked else {
        let last = all.first().map(|run| run.id);
        return last
            .ok_or_else(|| Failure::other("there is no run yet, so there are no answers to mark"));
    };
    let begins = |run: &&RunRow| run.id.to_string().starts_with(asked);
    let mut found = all.iter().filter(begins);
    match (found.next(), found.next()) {
        (Some(only), None) => Ok(only.id),
        (None, _) => Err(Failure::other(format!(
            "there is no run {asked} here; galley mark --runs says which there are"
        ))),
        (Some(_), Some(_)) => Err(Failure::other(format!(
            "more than one run begins with {asked}; write more of it"
        ))),
    }
}

async fn through(
    at: &At<'_>,
    run: RunId,
    questions: &[Digest],
    mut progress: MarkProgress,
) -> Result<MarkProgress, Failure> {
    if questions.is_empty() {
        hint("Nothing is left to mark.");
        return Ok(progress);
    }
    let mut given: Vec<(usize, MarkGiven)> = Vec::new();
    let mut place = 0;
    while let Some(question) = questions.get(place) {
        let item = at.bench.mark_item(at.project, run, *question).await?;
        hint(&shown(&item, place, questions.len()));
        let Some(line) = line().await? else { break };
        match read(&line, item.asked.scale) {
            Err(words) => hint(&words),
            Ok(Typed::Skip) => place += 1,
            Ok(Typed::Stop) => break,
            Ok(Typed::Undo) => match given.pop() {
                None => hint("Nothing was marked yet."),
                Some((back, before)) => {
                    if let Some(question) = questions.get(back) {
                        let bench = &at.bench;
                        let done = bench.mark_answer(at.project, run, *question, before);
                        progress = done.await?.progress;
                    }
                    place = back;
                }
            },
            Ok(Typed::Give(mark)) => {
                let done = at.bench.mark_answer(at.project, run, *question, mark);
                let done = done.await?;
                progress = done.progress;
                given.push((place, done.before));
                place += 1;
            }
        }
    }
    Ok(progress)
}

fn shown(item: &MarkItem, place: usize, all: usize) -> String {
    let mut lines = vec![format!("\n{} of {all}", place + 1)];
    for (name, value) in &item.inputs {
        lines.push(format!("{name}: {value}"));
    }
    if let Some(expected) = &item.expected {
        lines.push(format!("expected: {expected}"));
    }
    lines.push(format!("answer: {}", item.answer));
    let ask = match item.asked.look_at.as_str() {
        "" => "Is it a good answer?",
        words => words,
    };
    let keys = match item.asked.scale {
        Scale::Thumb => "y or n",
        Scale::Five => "1 to 5",
    };
    lines.push(format!("{ask} ({keys}, Enter skips, u undoes, q stops)"));
    lines.join("\n")
}

// A terminal is waited for on a thread of its own: what syncs meanwhile goes on.
async fn line() -> Result<Option<String>, Failure> {
    let read = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        let read = std::io::stdin().lock().read_line(&mut line);
        read.map(|length| (length > 0).then_some(line))
    });
    match read.await {
        Ok(Ok(line)) => Ok(line),
        Ok(Err(error)) => Err(Failure::other(format!(
            "what you type can't be read: {error}"
        ))),
        Err(error) => Err(Failure::other(error.to_string())),
    }
}

fn read(line: &str, scale: Scale) -> Result<Typed, String> {
    let line = line.trim();
    let (word, note) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let value = match (scale, word) {
        (_, "") => return Ok(Typed::Skip),
        (_, "u") => return Ok(Typed::Undo),
        (_, "q") => return Ok(Typed::Stop),
        (Scale::Thumb, "y") => 1,
        (Scale::Thumb, "n") => 0,
        (Scale::Five, word) if word.parse().is_ok_and(|value| scale.holds(value)) => {
            word.parse().unwrap_or(0)
        }
        (Scale::Thumb, word) => return Err(format!("{word} is no mark here: type y or n")),
        (Scale::Five, word) => return Err(format!("{word} is no mark here: type 1, 2, 3, 4 or 5")),
    };
    Ok(Typed::Give(MarkGiven {
        value: Some(value),
        note: note.trim().to_owned(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_a_mark_of_its_scale_or_named() {
        let mark = |value, note: &str| {
            Ok(Typed::Give(MarkGiven {
                value: Some(value),
                note: note.to_owned(),
            }))
        };
        for (line, scale, wanted) in [
            ("y\n", Scale::Thumb, mark(1, "")),
            ("n  too  long \n", Scale::Thumb, mark(0, "too  long")),
            ("5 fine\r\n", Scale::Five, mark(5, "fine")),
            ("1", Scale::Five, mark(1, "")),
            ("\n", Scale::Five, Ok(Typed::Skip)),
            ("u", Scale::Thumb, Ok(Typed::Undo)),
            (" q ", Scale::Five, Ok(Typed::Stop)),
        ] {
            assert_eq!(read(line, scale), wanted, "{line}");
        }
        for (line, scale) in [
            ("5", Scale::Thumb),
            ("yes", Scale::Thumb),
            ("y", Scale::Five),
            ("0", Scale::Five),
            ("6", Scale::Five),
            ("4.5", Scale::Five),
        ] {
            assert!(read(line, scale).is_err(), "{line}");
        }
    }
}
