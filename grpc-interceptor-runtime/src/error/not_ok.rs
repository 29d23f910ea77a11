//! Keeps an error from becoming a success: `OK` becomes `UNKNOWN`.

use std::{error::Error as _, sync::Arc};

use tonic::{Code, Status, codegen::Bytes};

/// Returns the status, with UNKNOWN in place of OK.
#[inline]
pub fn not_ok(mut status: Status) -> Status {
    make_not_ok(&mut status);
    status
}

/// Does the same in place.
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

/// Returns the same status with another code and message. If the original has a source, the
/// original becomes the source of the new one, since a source can't be taken out of a status.
pub(crate) fn with_code(mut status: Status, code: Code, message: String) -> Status {
    let details = Bytes::copy_from_slice(status.details());
    let metadata = std::mem::take(status.metadata_mut());
    let mut other = Status::with_details_and_metadata(code, message, details, metadata);
    if status.source().is_some() {
        other.set_source(Arc::new(status));
    }
    other
}
