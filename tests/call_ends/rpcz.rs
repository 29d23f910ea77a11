//! The page of all cases, as JSON. Each case has its own page.

use grpc_interceptor::interceptors::Rpcz;
use serde_json::Value;

use crate::{
    case::Case,
    names::{code_name, method_name},
    right::right,
    support::page::json,
};

/// Returns the differences between the page and the expected one.
pub(crate) async fn judge_page(case: &Case, rpcz: &Rpcz) -> Vec<String> {
    let right = right(case);
    let mut differences = Vec::new();
    let page = json(rpcz, "").await;
    let [row] = &page["methods"].as_array().expect("it is a list")[..] else {
        return vec![format!("the page has not one method: {page}")];
    };
    let mut expect = |what: &str, shown: &Value, expected: Value| {
        if *shown != expected {
            differences.push(format!("the page has {what}: {shown}, expected: {expected}"));
        }
    };
    let code = code_name(right.code);
    let is_ok = u64::from(code == "OK");
    expect("the method", &row["id"], id(case).into());
    expect("starts", &row["started"], 1.into());
    expect("in flight", &row["in_flight"], 0.into());
    expect("the list", &page["in_flight"], Value::Array(Vec::new()));
    expect("the unlisted", &page["in_flight_unlisted"], 0.into());
    expect("the OK ones", &row["ok"], is_ok.into());
    expect("the errors", &row["errors"], (1 - is_ok).into());
    expect("responses", &row["response_messages"], right.responses.into());
    if is_ok == 0 {
        expect("the codes", &row["errors_by_code"], serde_json::json!({ code: 1 }));
    }

    let of_method = json(rpcz, &format!("method={}", id(case))).await;
    let classes = ["buckets", "codes"].map(|name| of_method["method"][name].as_array());
    let samples: Vec<&Value> = classes
        .into_iter()
        .flatten()
        .flatten()
        .flat_map(|class| class["samples"].as_array().expect("it is a list"))
        .collect();
    let [sample] = samples[..] else {
        differences.push(format!("the page has not one sample: {samples:?}"));
        return differences;
    };
    let mut expect = |what: &str, shown: &Value, expected: Value| {
        if *shown != expected {
            differences.push(format!("the sample has {what}: {shown}, expected: {expected}"));
        }
    };
    expect("the code", &sample["code"], code.into());
    expect("the cause", &sample["cause"], crate::logged::cause(right.cause).into());
    expect("responses", &sample["response_messages"], right.responses.into());
    let message = crate::logged::error(case, &right).map_or(Value::Null, Into::into);
    expect("the message", &sample["message"], message);
    let metadata = sample["metadata"].as_array().cloned().unwrap_or_default();
    if !metadata.contains(&serde_json::json!(["mark", "yes"])) {
        differences.push(format!("the sample has not its metadata: {sample}"));
    }
    let is_local = sample["peer"].as_str().is_some_and(|peer| peer.starts_with("127.0.0.1:"));
    if is_local == case.form.is_client() {
        differences.push(format!("the sample's peer: {sample}"));
    }
    let requests = sample["request_messages"].as_u64();
    if !requests.is_some_and(|requests| right.requests.contains(&requests)) {
        differences.push(format!("the sample has {requests:?} requests: {:?}", right.requests));
    }
    differences
}

fn id(case: &Case) -> String {
    let side = if case.form.is_client() { "client" } else { "server" };
    match case.form.is_layer() && !case.form.is_client() {
        // An RPC that a layer doesn't know.
        true => format!("{side}/other"),
        false => format!("{side}/{}", method_name(case)),
    }
}
