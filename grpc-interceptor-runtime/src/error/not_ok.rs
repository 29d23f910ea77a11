//! An error doesn't become a success: `OK` becomes `UNKNOWN`.

use std::{error::Error as _, sync::Arc};

use tonic::{Code, Status, codegen::Bytes};

/// The status, or UNKNOWN in place of OK.
#[inline]
pub fn not_ok(mut status: Status) -> Status {
    make_not_ok(&mut status);
    status
}

/// The same in place.
#[inline]
pub(crate) fn make_not_ok(status: &mut Status) {
    if status.code() == Code::Ok {
        let ok = std::mem::replace(status, Status::unknown(String::new()));
        *status = refuse_ok(ok);
    }
}

#[cold]
fn refuse_ok(status: Status) -> Status {
    let details = match status.message() {
        "" => "the status OK was returned as an error".to_owned(),
        message => format!("the status OK was returned as an error: {message}"),
    };
    with_code(status, Code::Unknown, details)
}

/// The same status except for its code and its text. If the original has a source, the original becomes
/// the source of the new one: a source can't be taken out of a status.
pub(crate) fn with_code(mut status: Status, code: Code, message: String) -> Status {
    let details = Bytes::copy_from_slice(status.details());
    let metadata = std::mem::take(status.metadata_mut());
    let mut other = Status::with_details_and_metadata(code, message, details, metadata);
    if status.source().is_some() {
        other.set_source(Arc::new(status));
    }
    other
}
