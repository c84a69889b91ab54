//! Judging by people: what a person is asked about an answer, and what the marks of one or several
//! people come to.
//!
//! Like a judge's words, a mark belongs to the answer: it stands under the digest of all that the
//! person saw and was asked ([`MarkQuestion`]), so that the same answer to the same case keeps its
//! mark in every run, whichever version gave it. With the marks at hand the score is the same on
//! every computer. An answer that nobody has marked waits: it is neither good nor bad, and never
//! passes.

use super::{Answered, Grader, GraderError, Score, judge};
use crate::dataset::Case;
use crate::{Digest, Millis, PersonId, limits, to_canonical};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// From which mean a scale of five is good enough, where nothing else is said.
const LEAST: f64 = 4.0;
/// Characters of a note.
const NOTE: usize = 2_000;

/// What marks can be given.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    specta::Type,
)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// Good (1) or not (0).
    #[default]
    Thumb,
    /// 1, the worst, to 5.
    Five,
}

impl Scale {
    /// Whether this is a mark on it.
    #[must_use]
    pub fn holds(self, value: u8) -> bool {
        match self {
            Self::Thumb => value <= 1,
            Self::Five => (1..=5).contains(&value),
        }
    }

    fn words(self, value: u8) -> String {
        match (self, value) {
            (Self::Thumb, 0) => "not good".to_owned(),
            (Self::Thumb, _) => "good".to_owned(),
            (Self::Five, value) => format!("{value} of 5"),
        }
    }
}

/// What one person gave one answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct PersonMark {
    /// Who.
    pub person: PersonId,
    /// What they were called then.
    pub name: String,
    /// When, by the clock of their computer.
    pub at: Millis,
    /// The mark; none: they took it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<u8>,
    /// What they wrote to it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

impl PersonMark {
    /// Whether it can stand.
    ///
    /// # Errors
    /// No mark of this scale, or a note that is too long.
    pub fn check(&self, scale: Scale) -> Result<(), GraderError> {
        if !self.value.is_none_or(|value| scale.holds(value)) {
            return Err(GraderError::Human(match scale {
                Scale::Thumb => "a mark here is good or not good",
                Scale::Five => "a mark here is a whole number from 1 to 5",
            }));
        }
        if self.note.chars().count() > NOTE {
            return Err(GraderError::Human(
                "a note to a mark has at most 2,000 characters: shorten it",
            ));
        }
        Ok(())
    }
}

/// One mark for each person: their newest. What was taken back is none.
#[must_use]
pub fn newest(marks: impl IntoIterator<Item = PersonMark>) -> Vec<PersonMark> {
    let mut found: BTreeMap<PersonId, PersonMark> = BTreeMap::new();
    for mark in marks {
        match found.get(&mark.person) {
            Some(other) if other.at > mark.at => {}
            _ => {
                found.insert(mark.person, mark);
            }
        }
    }
    let standing = found.into_values().filter(|mark| mark.value.is_some());
    let mut standing: Vec<PersonMark> = standing.collect();
    standing.sort_by_key(|mark| (mark.at, mark.person));
    standing
}

/// What a person is asked about an answer, with all that they see. Its digest names the marks.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MarkQuestion {
    galley: &'static str,
    /// What to look at, in words; empty: whether it is a good answer.
    pub look_at: String,
    /// Which marks can be given.
    pub scale: Scale,
    /// What the case gives in.
    pub inputs: Map<String, Value>,
    /// What is expected, if something is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<Value>,
    /// The answer.
    pub answer: String,
}

impl MarkQuestion {
    /// The name of the marks that answer it; none where JSON can't hold a number in it.
    #[must_use]
    pub fn digest(&self) -> Option<Digest> {
        Some(Digest::of(&to_canonical(self).ok()?))
    }
}

fn asked(look_at: &str, scale: Scale, answer: &str, case: &Case) -> MarkQuestion {
    MarkQuestion {
        galley: "mark v1",
        look_at: look_at.trim().to_owned(),
        scale,
        inputs: case.inputs.clone(),
        expected: case.expected.clone(),
        answer: answer.to_owned(),
    }
}

/// What people are asked about an answer that these graders judge. Where none of them wants a mark
/// it can still be marked, as good or not: that is what a judge is measured against.
#[must_use]
pub fn mark_questions(graders: &[&Grader], answer: &str, case: &Case) -> Vec<MarkQuestion> {
    let mut found: Vec<MarkQuestion> = Vec::new();
    for_people(graders, &mut |look_at, scale, _| {
        let question = asked(look_at, scale, answer, case);
        if !found.contains(&question) {
            found.push(question);
        }
    });
    if found.is_empty() {
        found.push(asked("", Scale::Thumb, answer, case));
    }
    found
}

fn for_people(graders: &[&Grader], take: &mut dyn FnMut(&str, Scale, Option<f64>)) {
    for grader in graders {
        match grader {
            Grader::Human {
                look_at,
                scale,
                least,
            } => take(look_at, *scale, *least),
            Grader::Not { grader } => for_people(&[grader], take),
            Grader::Together { parts, .. } => {
                let parts: Vec<&Grader> = parts.iter().map(|part| &part.grader).collect();
                for_people(&parts, take);
            }
            _ => {}
        }
    }
}

fn for_judges<'a>(graders: &[&'a Grader], take: &mut dyn FnMut(&'a Grader)) {
    for grader in graders {
        match grader {
            Grader::Judge { .. } => take(grader),
            Grader::Not { grader } => for_judges(&[grader], take),
            Grader::Together { parts, .. } => {
                let parts: Vec<&Grader> = parts.iter().map(|part| &part.grader).collect();
                for_judges(&parts, take);
            }
            _ => {}
        }
    }
}

/// A judge and people on the same answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opinion {
    /// Who judged: the model.
    pub judge: String,
    /// What the judge was asked, by digest: the same answer counts once.
    pub question: Digest,
    /// Whether the judge is content.
    pub judge_good: bool,
    /// Whether people are.
    pub people_good: bool,
}

/// What judges and people say of an answer, where both have a verdict. People have one if every
/// mark that is wanted was given, and they are not evenly split.
#[must_use]
pub fn opinions(graders: &[&Grader], answer: &Answered<'_>, case: &Case) -> Vec<Opinion> {
    let mut people = Some(true);
    let mut wanted = 0_u32;
    let mut ask = |look_at: &str, scale, least| {
        wanted += 1;
        let said = verdict(&marks_of(look_at, scale, answer, case), scale, least);
        people = match (people, said) {
            (Some(all), Some(one)) => Some(all && one),
            _ => None,
        };
    };
    for_people(graders, &mut ask);
    if wanted == 0 {
        people = verdict(
            &marks_of("", Scale::Thumb, answer, case),
            Scale::Thumb,
            None,
        );
    }
    let Some(people_good) = people else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for_judges(graders, &mut |grader| {
        let Grader::Judge { model, .. } = grader else {
            return;
        };
        if let Some((question, judge_good)) = judge::verdict(grader, answer, case) {
            found.push(Opinion {
                judge: model.clone(),
                question,
                judge_good,
                people_good,
            });
        }
    });
    found
}

fn marks_of(look_at: &str, scale: Scale, answer: &Answered<'_>, case: &Case) -> Vec<PersonMark> {
    let Some(marks) = answer.marks.filter(|marks| !marks.is_empty()) else {
        return Vec::new();
    };
    let digest = asked(look_at, scale, answer.text, case).digest();
    let found = digest.and_then(|digest| marks.get(&digest));
    let fitting = found.into_iter().flatten().cloned();
    newest(fitting.filter(|mark| mark.value.is_some_and(|value| scale.holds(value))))
}

/// Whether people find it good; none: nobody marked it, or as many say yes as say no.
fn verdict(marks: &[PersonMark], scale: Scale, least: Option<f64>) -> Option<bool> {
    if marks.is_empty() {
        return None;
    }
    let mean = mean(marks);
    match scale {
        Scale::Thumb if (mean - 0.5).abs() < 1e-9 => None,
        Scale::Thumb => Some(mean > 0.5),
        Scale::Five => Some(mean + 1e-9 >= least.unwrap_or(LEAST)),
    }
}

#[allow(clippy::cast_precision_loss)] // As many as people marked one answer.
fn mean(marks: &[PersonMark]) -> f64 {
    let values = marks.iter().filter_map(|mark| mark.value);
    values.map(f64::from).sum::<f64>() / marks.len().max(1) as f64
}

pub(super) fn check(look_at: &str, scale: Scale, least: Option<f64>) -> Result<(), GraderError> {
    if look_at.len() > limits::TEXT_BYTES {
        return Err(GraderError::Human(
            "what to look at is too long: a sentence or two will do",
        ));
    }
    match (scale, least) {
        (Scale::Thumb, Some(_)) => Err(GraderError::Human(
            "good or not good has no least mark: choose the scale from 1 to 5 for one",
        )),
        (Scale::Five, Some(least)) if !(1.0..=5.0).contains(&least) => Err(GraderError::Human(
            "the least mark that passes lies between 1 and 5",
        )),
        _ => Ok(()),
    }
}

/// The score, from the marks that came with the answer.
pub(super) fn grade(
    look_at: &str,
    scale: Scale,
    least: Option<f64>,
    answer: &Answered<'_>,
    case: &Case,
) -> Score {
    let marks = marks_of(look_at, scale, answer, case);
    if marks.is_empty() {
        return Score {
            waiting: true,
            ..Score::of(false, "not marked yet")
        };
    }
    let mean = mean(&marks);
    let each: Vec<String> = marks.iter().map(|mark| said(mark, scale)).collect();
    let good = |mark: &PersonMark| verdict(std::slice::from_ref(mark), scale, least);
    let apart = marks
        .windows(2)
        .any(|two| two.first().map(good) != two.last().map(good));
    let mut reason = each.join("; ");
    if apart {
        reason = format!("people disagree: {reason}");
    }
    if scale == Scale::Five {
        let asked = least.unwrap_or(LEAST);
        if mean + 1e-9 < asked {
            reason = format!("{reason}; {asked} is asked for");
        }
    }
    Score {
        value: match scale {
            Scale::Thumb => mean,
            Scale::Five => (mean - 1.0) / 4.0,
        },
        pass: verdict(&marks, scale, least) == Some(true),
        reason,
        waiting: false,
    }
}

fn said(mark: &PersonMark, scale: Scale) -> String {
    let value = scale.words(mark.value.unwrap_or(0));
    match mark.note.trim() {
        "" => format!("{} says {value}", mark.name),
        note => format!("{} says {value}: {note}", mark.name),
    }
}

pub(super) fn title(look_at: &str, scale: Scale, least: Option<f64>) -> String {
    let from = match scale {
        Scale::Thumb => "is good, say people".to_owned(),
        Scale::Five => format!("is marked {} or better by people", least.unwrap_or(LEAST)),
    };
    match look_at.trim() {
        "" => from,
        look_at => format!("{from}: {look_at}"),
    }
}
