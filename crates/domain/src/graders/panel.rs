//! All who judge the cases of one dataset: those of the run, those of the dataset, and each case's own.

use super::{Answered, Grader, GraderError, JudgeQuestion, Prepared, Score};
use crate::dataset::Dataset;
use std::collections::BTreeMap;

/// The graders of a run, ready for every case of its dataset.
///
/// A case is judged by the run's graders, then by the dataset's, then by its own; one score for
/// each, in that order. It passes if all pass.
#[derive(Debug)]
pub struct Panel {
    everywhere: Vec<Prepared>,
    own: BTreeMap<usize, Vec<Prepared>>,
}

impl Panel {
    /// Makes all of them ready.
    ///
    /// # Errors
    /// A grader can't be used; one of a case says of which.
    pub fn prepare(graders: &[Grader], dataset: &Dataset) -> Result<Self, GraderError> {
        let all = graders.iter().chain(&dataset.graders);
        let everywhere = all.map(Grader::prepare).collect::<Result<_, _>>()?;
        let mut own = BTreeMap::new();
        for (place, case) in dataset.cases.iter().enumerate() {
            if case.graders.is_empty() {
                continue;
            }
            let ready: Result<Vec<_>, _> = case.graders.iter().map(Grader::prepare).collect();
            let ready = ready.map_err(|error| GraderError::OfCase {
                case: case.id.clone(),
                error: Box::new(error),
            })?;
            own.insert(place, ready);
        }
        Ok(Self { everywhere, own })
    }

    /// What models must be asked before the answer to the case at `place` can be judged; most
    /// panels ask nobody.
    #[must_use]
    pub fn questions(&self, answer: &str, dataset: &Dataset, place: usize) -> Vec<JudgeQuestion> {
        let mut found = Vec::new();
        if let Some(case) = dataset.cases.get(place) {
            let own = self.own.get(&place).into_iter().flatten();
            for grader in self.everywhere.iter().chain(own) {
                grader.questions(answer, case, &mut found);
            }
        }
        found
    }

    /// Judges the answer to the case at `place` in the dataset.
    #[must_use]
    pub fn judge(&self, answer: &Answered<'_>, dataset: &Dataset, place: usize) -> Vec<Score> {
        let Some(case) = dataset.cases.get(place) else {
            return Vec::new();
        };
        let own = self.own.get(&place).into_iter().flatten();
        self.everywhere
            .iter()
            .chain(own)
            .map(|grader| grader.grade(answer, case))
            .collect()
    }
}
