//! What environments demand before a release: in words, and as a person changes it.

use crate::reading::Reading;
use crate::views::{FreezeDraft, PolicyDraft, PolicyView};
use crate::{Error, Workbench, words};
use domain::freeze::{
    Calendar, ClockTime, Freeze, LocalTime, WeekTime, Weekday, Window, transitions,
};
use domain::gate::Gate;
use domain::ledger::Body;
use domain::policy::{OfDependents, Policy, Releasers, RunsBy, SuiteGate, WithoutSuite};
use domain::{EnvironmentId, Millis, ProjectId, PromptId};

/// How far the clocks of a policy's zones are written down: a weekly freeze must be renewed then.
const CALENDAR_YEARS: i64 = 10;
const YEAR: i64 = 366 * 24 * 60 * 60 * 1000;

impl Workbench {
    /// The policies of all environments, in their order.
    ///
    /// # Errors
    /// The project is not on this computer.
    pub async fn policies(&self, project: ProjectId) -> Result<Vec<PolicyView>, Error> {
        let reading = self.reading(project)?;
        let environments = reading.ahead.environments().filter(|e| e.retired.is_none());
        Ok(environments.map(|e| reading.policy_view(e.id)).collect())
    }

    /// Sets what an environment demands. `replaces` is the digest of the policy that the person
    /// saw.
    ///
    /// # Errors
    /// Only an admin may; a time or zone can't be read; somebody changed it meanwhile.
    pub async fn set_policy(
        &self,
        project: ProjectId,
        environment: EnvironmentId,
        draft: PolicyDraft,
        replaces: Option<domain::Digest>,
    ) -> Result<PolicyView, Error> {
        let policy = policy_of(&draft, self.now())?;
        let mut act = self.act(project)?;
        act.command(Body::SetPolicy {
            environment,
            policy: Box::new(policy),
            replaces,
        })?;
        act.send().await?;
        Ok(self.reading(project)?.policy_view(environment))
    }
}

impl Reading {
    fn policy_view(&self, environment: EnvironmentId) -> PolicyView {
        let policy = self.ahead.policy(environment);
        let set = self.ahead.policy_set(environment);
        PolicyView {
            environment,
            name: words::environment(&self.ahead, environment),
            words: self.policy_words(policy),
            set_by: set.map(|set| self.person(set.by)).unwrap_or_default(),
            at: set.map(|set| set.at),
            draft: draft_of(policy),
            digest: set.map(|set| set.digest),
        }
    }

    /// What a policy demands, one line each.
    pub(crate) fn policy_words(&self, policy: &Policy) -> Vec<String> {
        let mut lines = Vec::new();
        match (policy.approvals, policy.independent) {
            (0, _) => {}
            (1, false) => lines.push("One approval".to_owned()),
            (1, true) => lines.push("One approval, by somebody who wrote nothing of it".to_owned()),
            (n, false) => lines.push(format!("{n} approvals")),
            (n, true) => lines.push(format!("{n} approvals, by people who wrote nothing of it")),
        }
        if !policy.path.is_empty() {
            let places: Vec<_> = policy
                .path
                .iter()
                .map(|id| words::environment(&self.ahead, *id))
                .collect();
            lines.push(format!("Served in {} before", words::list(&places)));
        }
        lines.extend(policy.gates.iter().map(|gate| self.gate_words(gate)));
        let gates = policy.suite_gates.iter();
        lines.extend(gates.map(|gate| self.suite_gate_words(gate)));
        lines.extend(policy.freezes.iter().map(freeze_words));
        match &policy.releasers {
            Releasers::Role(role) => {
                let who = role.and_above();
                let who = who.replacen('a', "A", 1);
                lines.push(format!("{who} releases and reverts"));
            }
            Releasers::Named(names) => {
                let mut names: Vec<_> = names.iter().map(|id| self.person(*id)).collect();
                names.push("admins".to_owned());
                lines.push(format!("Only {} release and revert", words::list(&names)));
            }
        }
        if policy.may_override {
            lines.push(
                "An admin may set this aside, with a reason that is shown for ever".to_owned(),
            );
        }
        lines
    }

    fn about_prompts(&self, prompts: &[PromptId]) -> String {
        let names: Vec<_> = prompts
            .iter()
            .map(|id| words::prompt(&self.ahead, *id))
            .collect();
        match names.is_empty() {
            true => String::new(),
            false => format!(", for {}", words::list(&names)),
        }
    }

    fn suite_gate_words(&self, gate: &SuiteGate) -> String {
        let whose = match gate.runs_by {
            RunsBy::Anyone => "Announced runs",
            RunsBy::Services => "Announced runs of services",
        };
        let often = match gate.repeats {
            1 => String::new(),
            n => format!(", each case asked {n} times"),
        };
        let least = match gate.least_rate {
            0 => String::new(),
            rate => format!(
                "; where nothing is served yet, at least {} % pass",
                words::percent(rate)
            ),
        };
        let without = match gate.without_suite {
            WithoutSuite::Nothing => "",
            WithoutSuite::Release => "; a prompt without a suite goes freely",
        };
        let others = match gate.dependents {
            OfDependents::Pass => "",
            OfDependents::BeNamed => "; what includes or reads a changed prompt is only named",
        };
        format!(
            "{whose} over the prompt's suite, at most {} old{often}, show a loss below {} against what is served{least}; such a verdict is wrong at most {} % of the time{without}{others}{}",
            words::count(
                usize::try_from(gate.oldest_days).unwrap_or(usize::MAX),
                "day",
                "days"
            ),
            domain::statistics::words::points(i32::try_from(gate.allowed_loss).unwrap_or(i32::MAX)),
            words::percent(gate.alpha),
            self.about_prompts(&gate.prompts)
        )
    }

    fn gate_words(&self, gate: &Gate) -> String {
        let dataset = self.ahead.dataset(gate.dataset);
        let dataset = dataset.map_or("a dataset", |found| found.name.as_str());
        let about = self.about_prompts(&gate.prompts);
        let loss = gate.largest_loss.map(|loss| {
            format!(
                " and at most {} % fewer than with what is served now",
                words::percent(loss)
            )
        });
        format!(
            "A run over {dataset} in which at least {} % of the cases pass{}{about}",
            words::percent(gate.least_passed),
            loss.unwrap_or_default()
        )
    }
}

fn freeze_words(freeze: &Freeze) -> String {
    let when = match freeze.window {
        Window::Once { from, until } => format!("from {from} until {until}"),
        Window::Weekly { from, until } => format!(
            "every week from {} until {}",
            week_words(from),
            week_words(until)
        ),
    };
    format!("Nothing in {}: {when}, {} time", freeze.name, freeze.zone)
}

const DAYS: [(Weekday, &str); 7] = [
    (Weekday::Monday, "Monday"),
    (Weekday::Tuesday, "Tuesday"),
    (Weekday::Wednesday, "Wednesday"),
    (Weekday::Thursday, "Thursday"),
    (Weekday::Friday, "Friday"),
    (Weekday::Saturday, "Saturday"),
    (Weekday::Sunday, "Sunday"),
];

fn week_words(time: WeekTime) -> String {
    let day = DAYS.iter().find(|(day, _)| *day == time.day);
    format!("{} {}", day.map_or("", |(_, name)| name), time.time)
}

/// A time in every week as people write it: `Friday 18:00`, or `fri 18:00`.
fn week_time(text: &str) -> Option<WeekTime> {
    let (day, time) = text.trim().split_once(char::is_whitespace)?;
    let wanted = day.to_lowercase();
    let found = DAYS
        .iter()
        .find(|(_, name)| wanted.len() >= 3 && name.to_lowercase().starts_with(&wanted))?;
    let time: ClockTime = time.trim().parse().ok()?;
    Some(WeekTime { day: found.0, time })
}

fn draft_of(policy: &Policy) -> PolicyDraft {
    let (release_role, releasers) = match &policy.releasers {
        Releasers::Role(role) => (Some(*role), Vec::new()),
        Releasers::Named(names) => (None, names.clone()),
    };
    let freezes = policy.freezes.iter().map(|freeze| {
        let (weekly, from, until) = match freeze.window {
            Window::Once { from, until } => (false, from.to_string(), until.to_string()),
            Window::Weekly { from, until } => (true, week_words(from), week_words(until)),
        };
        FreezeDraft {
            name: freeze.name.clone(),
            zone: freeze.zone.clone(),
            weekly,
            from,
            until,
        }
    });
    PolicyDraft {
        approvals: policy.approvals,
        independent: policy.independent,
        path: policy.path.clone(),
        gates: policy.gates.clone(),
        suite_gates: policy.suite_gates.clone(),
        freezes: freezes.collect(),
        release_role,
        releasers,
        may_override: policy.may_override,
    }
}

fn policy_of(draft: &PolicyDraft, now: Millis) -> Result<Policy, Error> {
    let mut freezes = Vec::new();
    let mut calendars: Vec<Calendar> = Vec::new();
    for freeze in &draft.freezes {
        let window = window_of(freeze)?;
        let zone = freeze.zone.trim().to_owned();
        freezes.push(Freeze {
            name: domain::names::tidy(&freeze.name),
            zone: zone.clone(),
            window,
        });
        if calendars.iter().all(|calendar| calendar.zone != zone) {
            let calendar = transitions(&zone, now.plus(-YEAR), now.plus(CALENDAR_YEARS * YEAR));
            calendars.push(calendar.map_err(|error| Error::invalid(error.to_string()))?);
        }
    }
    Ok(Policy {
        approvals: draft.approvals,
        independent: draft.independent,
        path: draft.path.clone(),
        gates: draft.gates.clone(),
        suite_gates: draft.suite_gates.clone(),
        freezes,
        calendars,
        releasers: match draft.release_role {
            Some(role) => Releasers::Role(role),
            None => Releasers::Named(draft.releasers.clone()),
        },
        may_override: draft.may_override,
    })
}

fn window_of(freeze: &FreezeDraft) -> Result<Window, Error> {
    let unreadable = |text: &str, example: &str| {
        Error::invalid(format!(
            "the freeze {}: \"{text}\" is no time; write it like {example}",
            freeze.name
        ))
    };
    if freeze.weekly {
        let read = |text: &str| week_time(text).ok_or_else(|| unreadable(text, "Friday 18:00"));
        return Ok(Window::Weekly {
            from: read(&freeze.from)?,
            until: read(&freeze.until)?,
        });
    }
    let read = |text: &str| -> Result<LocalTime, Error> {
        let tidy = text.trim().replacen(' ', "T", 1);
        tidy.parse()
            .map_err(|_| unreadable(text, "2026-12-24T18:00"))
    };
    Ok(Window::Once {
        from: read(&freeze.from)?,
        until: read(&freeze.until)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn freeze(weekly: bool, from: &str, until: &str) -> FreezeDraft {
        FreezeDraft {
            name: "weekends".to_owned(),
            zone: "Europe/Berlin".to_owned(),
            weekly,
            from: from.to_owned(),
            until: until.to_owned(),
        }
    }

    #[test]
    fn a_policy_comes_back_as_it_was_written() {
        let draft = PolicyDraft {
            approvals: 2,
            independent: true,
            path: Vec::new(),
            gates: Vec::new(),
            suite_gates: vec![SuiteGate {
                prompts: Vec::new(),
                allowed_loss: 200,
                least_rate: 5_000,
                alpha: 500,
                repeats: 2,
                runs_by: RunsBy::Services,
                oldest_days: 14,
                without_suite: WithoutSuite::Release,
                dependents: domain::policy::OfDependents::Pass,
            }],
            freezes: vec![
                freeze(true, "Friday 18:00", "Monday 08:00"),
                freeze(false, "2026-12-24T18:00", "2026-12-27T08:00"),
            ],
            release_role: Some(domain::permissions::Role::Admin),
            releasers: Vec::new(),
            may_override: true,
        };
        // 2026-11-21, a Saturday.
        let now = Millis(1_795_219_200_000);
        let policy = policy_of(&draft, now).unwrap();
        assert_eq!(policy.problem(), None);
        assert_eq!(policy.calendars.len(), 1, "one clock for both freezes");
        assert_eq!(draft_of(&policy), draft);
        assert!(matches!(
            domain::freeze::judge(&policy.freezes, &policy.calendars, now),
            domain::freeze::Verdict::Frozen { .. }
        ));
    }

    #[test]
    fn times_are_read_as_people_write_them() {
        for (weekly, from, good) in [
            (true, "Friday 18:00", true),
            (true, "fri 18:00", true),
            (true, "fr 18:00", false),
            (true, "Freitag 18:00", false),
            (true, "18:00", false),
            (true, "Friday 25:00", false),
            (false, "2026-12-24T18:00", true),
            (false, "2026-12-24 18:00", true),
            (false, "24.12.2026", false),
        ] {
            let until = if weekly {
                "Monday 08:00"
            } else {
                "2027-01-02T08:00"
            };
            let read = window_of(&freeze(weekly, from, until));
            assert_eq!(read.is_ok(), good, "{from}");
            if let Err(error) = read {
                assert!(error.to_string().contains(from), "{error}");
            }
        }
    }
}
