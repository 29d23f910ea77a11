//! One case: a call that contains a panic, alongside unrelated calls.

use std::{fmt, time::Duration};

use tokio::task::JoinSet;
use tonic::Status;

use crate::{
    beside::Beside,
    caller::{self, Outcome, outcome_of},
    place::{FORMS, Form, KINDS, Kind, Place},
    plan::Plan,
    right::right,
    server,
    support::{Client, hello},
};

#[derive(Clone, Copy)]
pub(crate) struct Case {
    pub(crate) place: Place,
    /// Whether the panic's payload panics when it is dropped.
    pub(crate) armed: bool,
    pub(crate) kind: Kind,
    pub(crate) form: Form,
    /// Whether there is a `CatchPanic`.
    pub(crate) catching: bool,
}

/// Returns all cases with these places.
pub(crate) fn cases(places: impl IntoIterator<Item = Place>, armed: bool) -> Vec<Case> {
    let mut cases = Vec::new();
    for place in places {
        for (kind, form) in KINDS.into_iter().flat_map(|kind| FORMS.map(|form| (kind, form))) {
            for catching in [true, false] {
                if place.fits(kind, form) && place.fits_catching(catching) {
                    cases.push(Case { place, armed, kind, form, catching });
                }
            }
        }
    }
    cases
}

impl fmt::Display for Case {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Case { place, armed, kind, form, catching } = self;
        let payload = if *armed { ", a payload that panics when dropped" } else { "" };
        let with = if *catching { "with" } else { "without" };
        write!(formatter, "{place:?}{payload}, {kind:?}, {form:?}, {with} CatchPanic")
    }
}

/// How long any step of a case can take before it counts as hanging.
const AT_ONCE: Duration = Duration::from_secs(5);

async fn in_time<T>(future: impl Future<Output = Result<T, Status>>) -> Result<T, Status> {
    let hung = |_| Err(Status::deadline_exceeded("it hangs"));
    tokio::time::timeout(AT_ONCE, future).await.unwrap_or_else(hung)
}

impl Case {
    /// Runs the case, and returns the differences from the expected result.
    pub(crate) async fn run(self) -> Vec<String> {
        let differences = self.differences().await;
        let differences = differences.unwrap_or_else(|status| vec![format!("before: {status}")]);
        differences.into_iter().map(|difference| format!("{self}: {difference}")).collect()
    }

    async fn differences(self) -> Result<Vec<String>, Status> {
        let plan = Plan::new(self);
        let client = server::start(&plan).await;
        let connection = in_time(connection(&client)).await?;
        let beside = in_time(Beside::start(&client)).await?;

        let right = right(&self);
        let outcome = self.outcome(&client, &plan).await;
        let raised = tokio::time::timeout(AT_ONCE, plan.raised.has(right.raised)).await.is_ok();
        let told = plan.told.entries();
        let mut differences = Vec::from_iter(right.difference(&outcome, &told));
        let panics = plan.raised.entries();
        if !raised || panics.len() != right.raised {
            differences.push(format!("there were the panics {panics:?}, not {}", right.raised));
        }

        match in_time(self::connection(&client)).await {
            Ok(after) if after == connection => {}
            Ok(_) => differences.push("the connection is another one".to_owned()),
            Err(status) => differences.push(format!("the call after it: {status}")),
        }
        if let Err(status) = in_time(beside.finish()).await {
            differences.push(format!("the calls beside it: {status}"));
        }
        if plan.told.entries() != told {
            differences.push(format!("later on_panic got {:?}", plan.told.entries()));
        }
        Ok(differences)
    }

    async fn outcome(&self, client: &Client, plan: &Plan) -> Outcome {
        let mut call = caller::start(client, plan);
        match tokio::time::timeout(AT_ONCE, &mut call).await {
            Ok(joined) => outcome_of(joined),
            Err(_) => {
                call.abort();
                Outcome::Hung
            }
        }
    }
}

/// Makes a plain call that reports which connection it used: a channel reconnects automatically.
async fn connection(client: &Client) -> Result<String, Status> {
    let mut greeter = (*client).clone();
    Ok(greeter.say_hello(hello("you")).await?.into_inner().message)
}

/// Runs cases concurrently, because some may wait in vain. Fails with all differences.
pub(crate) async fn run(cases: Vec<Case>) {
    let mut differences = Vec::new();
    for cases in cases.chunks(16) {
        let running: JoinSet<_> = cases.iter().map(|case| case.run()).collect();
        differences.extend(running.join_all().await.into_iter().flatten());
    }
    report(differences, cases.len());
}

pub(crate) fn report(mut differences: Vec<String>, count: usize) {
    differences.sort();
    let different = differences.len();
    assert!(
        differences.is_empty(),
        "{different} differences in {count} cases:\n{}",
        differences.join("\n")
    );
}
