//! Whether each connector's keys are accepted: one cheap call each.

use std::num::NonZeroU32;
use std::time::Duration;

use trunkline::{Call, Explanation, Reply, Trunkline};
use trunkline_connector::format::Class;
use trunkline_connector::{Connector, ConnectorName, Operation};

use crate::commands::doctor::findings::Findings;
use crate::failure::{Complaint, Failure};
use crate::head::status_line;

/// Nobody waits longer for a check.
const TIMEOUT: Duration = Duration::from_secs(15);

/// Makes each connector's verify call.
pub(super) async fn examine(
    trunkline: &Trunkline,
    ready: &[ConnectorName],
    findings: &mut Findings,
) {
    let catalog = trunkline.catalog();
    for name in ready {
        let Some(entry) = catalog.find(name.as_str()) else {
            continue;
        };
        let connector = &entry.connector;
        let Some(operation) = connector.operations.get(connector.verify.operation) else {
            continue;
        };
        let mut call = Call::operation(
            *name,
            operation.name.as_str(),
            connector.verify.inputs.clone(),
        );
        call.options.timeout = Some(TIMEOUT);
        call.options.attempts_max = Some(NonZeroU32::MIN);
        match trunkline.call(call).await {
            Ok(reply) => judge(connector, operation, &reply, findings),
            Err(err) => {
                for complaint in Failure::from(err).complaints {
                    findings.bad(name.as_str(), complaint);
                }
            }
        }
    }
}

fn judge(connector: &Connector, operation: &Operation, reply: &Reply, findings: &mut Findings) {
    let area = connector.name.as_str();
    let Operation {
        name,
        method,
        target,
        ..
    } = operation;
    let answered = format!(
        "`{name}` ({method} {target}) answered {}",
        status_line(reply.status)
    );
    if reply.class == Class::Ok {
        findings.good(area, format!("{answered}: the key is accepted"));
        return;
    }
    let complaint = match reply.explanation.as_deref() {
        Some(Explanation {
            what, what_to_do, ..
        }) => Complaint::new(format!("{answered}: {what}")).note("hint", what_to_do),
        None => Complaint::new(answered),
    };
    findings.bad(area, complaint);
}
