//! Releasing what a request asks: exactly the step that somebody looked at.

use crate::views::{Done, DoneState, NextStep};
use crate::{Error, Workbench, words};
use domain::ledger::{Body, ReleaseChange};
use domain::{ProjectId, ReleaseId, RequestId};

impl Workbench {
    /// Releases one step of some parts of a request, in one release: what `seen` names, and
    /// nothing that came in its place since.
    ///
    /// # Errors
    /// The request asks for something else by now, or another step comes next; something is missing
    /// that no override replaces. Nothing was changed then.
    pub async fn release_request(
        &self,
        project: ProjectId,
        request: RequestId,
        seen: NextStep,
        reason: String,
        override_reason: Option<String>,
    ) -> Result<Done, Error> {
        let mut act = self.act(project)?;
        let (title, own_reason, changes, all) = {
            let found = act.reading.find_request(request)?;
            if found.digest() != seen.digest {
                return Err(Error::invalid(
                    "this request asks for something else by now; look at it again before you release it",
                ));
            }
            let step = usize::try_from(seen.step).unwrap_or(usize::MAX);
            let standing = act.reading.standing(request, self.now())?;
            let wanted: Vec<_> = standing
                .parts
                .iter()
                .filter(|part| seen.environments.contains(&part.environment))
                .collect();
            if let Some(part) = wanted
                .iter()
                .find(|part| part.done < part.steps && part.done + 1 != step)
            {
                return Err(Error::invalid(format!(
                    "in {} another step comes next by now; look at the request again",
                    words::environment(&act.reading.ahead, part.environment)
                )));
            }
            let changes: Vec<ReleaseChange> =
                wanted.iter().flat_map(|part| part.next.clone()).collect();
            let why = act.reading.text(&found.asked().reason);
            let all = seen.environments.len() == standing.parts.len();
            let steps = wanted.iter().map(|part| part.steps).max().unwrap_or(1);
            let title = act.reading.request_title(found);
            let title = match steps {
                0 | 1 => title,
                steps => format!("step {step} of {steps} of {title}"),
            };
            (title, why, changes, all)
        };
        if changes.is_empty() {
            return Err(Error::invalid(
                "nothing of this request is left to release there",
            ));
        }
        let served: Vec<_> = seen
            .environments
            .iter()
            .map(|id| words::environment(&act.reading.ahead, *id))
            .collect();
        let reason = match reason.trim() {
            "" => act.text(&own_reason)?,
            typed => act.text(typed)?,
        };
        let override_reason = match override_reason.as_deref().map(str::trim) {
            None => None,
            Some("") => {
                return Err(Error::invalid(
                    "setting a policy aside needs a reason; it is shown for ever",
                ));
            }
            Some(words) => Some(act.text(words)?),
        };
        let id = act.command(Body::Release {
            changes,
            reason,
            promoted_from: None,
            request: Some(request),
            step: Some(seen.step),
            override_reason,
        })?;
        let accepted = act.send().await?;
        let (state, words) = match accepted {
            true => (
                DoneState::InRegistry,
                match all {
                    true => format!("Released: {title}"),
                    false => format!("Released in {}: {title}", words::list(&served)),
                },
            ),
            false => (
                DoneState::Outbox,
                format!("{title}: waits in the outbox. It is not live yet"),
            ),
        };
        Ok(Done {
            words,
            release: ReleaseId::from(id),
            state,
        })
    }
}
